"""Parses a question into what is asked: of which places, which field, and what to do with the figures.

The grammar covers fields of named places or of the neighbours of one place. Anything else is None: keywords then.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from outlast.offline.roles.ask import Ask, Op
from outlast.offline.roles.bounds import ITSELF
from outlast.offline.roles.fields import Mention, mention
from outlast.offline.roles.lexicon import BY_NAME, HARMLESS
from outlast.offline.roles.operations import how_many, operation
from outlast.offline.roles.phrases import NAME, place_name, place_names, scope

MAX_CHARACTERS = 600
"""Longer texts are no question of these forms, and matching them would take long."""

_SHARE = (
    r"(?:shares?\s+a\s+(?:common\s+)?(?:land\s+)?border(?:\s+with)?|borders?(?:ing)?|neighbou?rs?(?:ing)?"
    r"|next\s+to|adjacent\s+to|a\s+neighbou?r\s+of)"
)
_PAIR = re.compile(
    rf"^(?:does|do|is|are)\s+(?:the\s+)?(?P<a>{NAME})\s+(?:and\s+(?:the\s+)?(?P<c>{NAME})\s+)?{_SHARE}"
    rf"(?:\s+each\s+other)?\s*(?:the\s+)?(?P<b>{NAME})?$"
)
_BETWEEN = re.compile(
    rf"\bborder\w*\s+(?:length\s+)?(?:between|of|that)\s+(?:the\s+)?(?P<a>{NAME})"
    rf"\s+(?:and|with|shares\s+with|to)\s+(?:the\s+)?(?P<b>{NAME})"
)
_ITS_BORDER = re.compile(rf"(?P<a>{NAME})['’]s?\s+(?:land\s+)?border\s+(?:with|to)\s+(?:the\s+)?(?P<b>{NAME})")
_OF_BOTH = re.compile(r"\bborder\w*\s+both\b|\bboth\b.*\bborder")
_SIZE = re.compile(r"\b(?:larg|bigg|small)(?:er|est)\b|\bhow (?:big|large)\b", re.IGNORECASE)
_POLITE = re.compile(r"^(?:please|kindly)[, ]+|^(?:can|could|would) you (?:please )?", re.IGNORECASE)
_BY_WHOM = re.compile(r",?\s*according to (?:the )?(?:cia )?(?:world )?factbook,?", re.IGNORECASE)


@lru_cache(maxsize=256)
def parse_question(question: str) -> Ask | None:
    """What a question asks, None when it is not of the forms that are known here."""
    if len(question) > MAX_CHARACTERS:
        return None
    text = _tidy(question)
    pair = _border_pair(text)
    if pair is not None or _OF_BOTH.search(text):
        return pair  # the neighbours of two places at once are not read here
    place, rest = scope(text) or ("", text)
    told = mention(rest) or _size(rest)
    if told is None:
        return _neighbours_alone(place, rest) if place else None
    if place and place.islower() and not told.field.known:
        return None  # neither word is known to be what it seems
    # Where the field stood a mark is left: the words on its two sides must not run together.
    around = f"{rest[: told.start]} # {rest[told.end :]}"
    names = tuple(place_names(around)) or (_names_in_lower_case(around) if told.field.known and not place else ())
    ask = operation(told, around, of_neighbours=bool(place), named=len(names))
    if place:
        bound = ask.threshold
        if bound is not None and bound.place == ITSELF:
            bound = replace(bound, place=place)
        return replace(ask, neighbours_of=place, threshold=bound)
    return replace(ask, places=names) if names else None


def _tidy(question: str) -> str:
    text = re.sub(r"\s+", " ", question.replace("’", "'").replace("‘", "'")).strip().rstrip("?!. ")
    return _BY_WHOM.sub("", _POLITE.sub("", text)).strip()


def _border_pair(text: str) -> Ask | None:
    """Questions on the border of two places: whether there is one, how long it is."""
    found = _PAIR.search(text[:1].lower() + text[1:])
    if found and (second := found["b"] or found["c"]):
        return Ask(Op.BORDERS, None, (place_name(found["a"]), place_name(second)))
    found = _BETWEEN.search(text) or _ITS_BORDER.search(text)
    return Ask(Op.BORDER_LENGTH, None, (place_name(found["a"]), place_name(found["b"]))) if found else None


def _neighbours_alone(place: str, rest: str) -> Ask | None:
    """Questions for the neighbours themselves."""
    if set(re.findall(r"[^\W\d_]+", rest.casefold())) - HARMLESS:
        return None
    return Ask(Op.COUNT if how_many(rest) else Op.LIST, None, neighbours_of=place)


def _size(rest: str) -> Mention | None:
    """A place that is just said to be large is large by area."""
    return Mention(BY_NAME["area"], len(rest), len(rest)) if _SIZE.search(rest) else None


def _names_in_lower_case(text: str) -> tuple[str, ...]:
    """The places in a question that is written without capitals."""
    tail = re.split(r"\b(?:of|in|for|does|do|is|by|between|compare)\b", text.replace("#", " ").casefold())[-1]
    parts = re.split(r",|\b(?:and|or|vs|versus|than|with)\b", tail)
    names = (" ".join(word for word in re.findall(r"[\w'-]+", part) if word not in HARMLESS) for part in parts)
    return tuple(name for name in names if name)
