"""Finds the field that a question is about, by the names in the lexicon or else by the words that are left over."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from outlast.offline.roles.lexicon import FIELDS, HARMLESS, Field
from outlast.offline.roles.phrases import SCOPE, lowered, masked


@dataclass(frozen=True, slots=True)
class Mention:
    """Where a text names a field."""

    field: Field
    start: int
    end: int
    qualifiers: tuple[str, ...] = ()
    direction: int = 0
    """1 or -1 where the words ask for the highest or the lowest."""
    also: tuple[Field, ...] = ()
    """Fields that are listed along with it: `the capital and the area`."""


_JOINED = re.compile(r"\s*(?:,|&|/|and|as well as|along with|plus)\s*(?:and\s+)?(?:(?:the|their|its)\s+)?")


def mention(text: str) -> Mention | None:
    """The field that a question names, None when it names none."""
    plain = lowered(text)
    spans = [(found.start(), found.end(), *_phrases()[found[1]]) for found in _pattern().finditer(plain)]
    if not spans:
        return _left_over(text)
    best = max(spans, key=lambda span: span[1] - span[0])
    listed = _list_around(plain, spans, best)
    first, last = listed[0], listed[-1]
    field, direction = listed[0][2] if len(listed) > 1 else best[2], best[3]
    hidden = masked(text)
    qualifiers = _qualifiers(hidden[: first[0]].casefold(), hidden[last[1] :].casefold())
    also = tuple(span[2] for span in listed[1:] if span[2] is not field)
    return Mention(field, first[0], last[1], (*qualifiers, *_years(plain[last[1] :])), direction, also)


_Span = tuple[int, int, Field, int]


def _list_around(text: str, spans: Sequence[_Span], best: _Span) -> list[_Span]:
    """The fields of one enumeration, such as `capital, area and population`."""
    listed = [best]
    at = spans.index(best)
    for span in spans[at + 1 :]:
        if not _JOINED.fullmatch(text[listed[-1][1] : span[0]]):
            break
        listed.append(span)
    for span in reversed(spans[:at]):
        if not _JOINED.fullmatch(text[span[1] : listed[0][0]]):
            break
        listed.insert(0, span)
    return listed


@cache
def _phrases() -> dict[str, tuple[Field, int]]:
    known: dict[str, tuple[Field, int]] = {}
    for field in FIELDS:
        for phrase in (field.name.casefold(), *field.phrases, *field.titles):
            known.setdefault(phrase, (field, 0))
        for direction, phrases in ((1, field.most), (-1, field.least)):
            known.update(dict.fromkeys(phrases, (field, direction)))
    return known


@cache
def _pattern() -> re.Pattern[str]:
    longest_first = sorted(_phrases(), key=len, reverse=True)
    return re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, longest_first))})(?:es|s)?(?![\w-])")


def _qualifiers(before: str, after: str) -> tuple[str, ...]:
    """The words right before and after the field's name that change what is meant, as in `male population`."""
    words: list[str] = []
    for word in reversed(re.findall(r"[^\W\d_][\w'-]*|\S", re.sub(r"\|['’]s?\b", "| ", before))):
        if not word[0].isalpha() or word in HARMLESS or word in _phrases() or word.endswith(("'s", "'")):
            break
        words.insert(0, word)
    following = re.match(r"\s+([^\W\d_][\w-]*)", after)
    if following and following[1] not in HARMLESS and not following[1].endswith(("ed", "ing")):
        words.append(following[1])
    return tuple(words[-2:])


def _years(after: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\b(?:in|for|as of|during|of)\s+((?:19|20)\d\d)\b", after))


def _left_over(text: str) -> Mention | None:
    """What is asked for in words of its own: all that is neither a name nor said in every question."""
    words = [
        found
        for found in re.finditer(r"[^\W\d_][\w'/-]*", masked(text))
        if found[0].casefold() not in HARMLESS and found[0] != SCOPE
    ]
    if not words:
        return None
    name = " ".join(found[0].casefold() for found in words)
    return Mention(Field(name, titles=(name,), known=False), words[0].start(), words[0].end())
