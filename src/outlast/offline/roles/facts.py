"""Finds the figure of a field for a place among passages, with the line to quote for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from outlast.offline.roles.lexicon import Field
from outlast.offline.roles.names import same_place
from outlast.offline.roles.numbers import Quantity, quantity
from outlast.offline.roles.passages import Line, lines, titled
from outlast.offline.roles.task import Seen

MAX_QUOTE = 1_500
"""Characters of a quote at the most; longer lines are cut at a word."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What a passage says on a field of a place."""

    place: str
    text: str
    """The value as the passage puts it."""
    quantity: Quantity | None
    passage_id: str
    quote: str


def fact(place: str, field: Field, passages: Iterable[Seen], qualifiers: Sequence[str] = ()) -> Fact | None:
    """The first passage that is about the place and the field, read; None when there is none."""
    for seen in passages:
        told = titled(seen)
        if told is None or not same_place(told.place, place) or not is_field(field, told.field):
            continue
        line = _line(field, told.field, lines(seen.text), qualifiers)
        if line is None:
            continue
        figure = None if field.text else quantity(line.text)
        if figure is None and not field.text and field.lines:
            continue  # the line says that nothing is known, such as `NA`
        return Fact(place, _value(line.text), figure, seen.id, cut(line.whole))
    return None


def is_field(field: Field, title: str) -> bool:
    """Whether a title names the field: by one of its names, or by holding the words of a name that is not known."""
    if title in field.titles:
        return True
    if field.lines or field.phrases or not field.titles:
        return False
    return bool(words := _words(field.name)) and words <= _words(title)


def cut(text: str) -> str:
    """A piece of a line that is short enough to quote."""
    return text if len(text) <= MAX_QUOTE else text[:MAX_QUOTE].rsplit(" ", 1)[0]


def _line(field: Field, title: str, listed: Sequence[Line], qualifiers: Sequence[str]) -> Line | None:
    told = [line for line in listed if not line.label.startswith("note")]
    if qualifiers:
        wanted = _words(" ".join(qualifiers))
        told = [line for line in told if wanted <= _words(f"{title} {line.whole}")]
        return told[0] if told else None
    if not told:
        return None
    for label in field.lines:
        fitting = [line for line in told if line.label == label] or [
            line for line in told if line.label.startswith(f"{label} ")
        ]
        if fitting:
            return fitting[0]
    if field.lines and told[0].label and field.lines[0] not in title:
        return None
    return next((line for line in told if line.label in {"total", "total population"}), told[0])


def _value(text: str) -> str:
    plain = text.strip()
    return plain if len(plain) <= 300 else plain[:300].rsplit(" ", 1)[0] + " ..."


def _words(text: str) -> set[str]:
    return {word.removesuffix("s") for word in re.findall(r"\w+", text.casefold())} - {
        "of",
        "the",
        "in",
        "a",
        "per",
        "and",
    }
