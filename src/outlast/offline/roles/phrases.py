"""The words that questions are made of: names of places, ways to say neighbour, words that carry no content."""

from __future__ import annotations

import re
from collections.abc import Iterator

from outlast.offline.roles.lexicon import HARMLESS, NO_PLACE
from outlast.offline.roles.names import COMPOUND

MAX_CHARACTERS = 1_000
"""Names are looked for in this much of a text: what makes a question stands in its beginning."""

SCOPE = "\u00a7"
"""Stands in the rest of a question for the neighbours that were cut out of it."""

_WORD = r"(?:[^\W\d_a-z\u00df-\u00ff](?:[^\W\d_]|[.-](?=\w|\.))*\.?(?:['’](?!s\b)[^\W\d_]+)*|d['’][A-Z][^\W\d_]+)"
_COMPOUND = "|".join(re.escape(name).replace("Sao", "S[aã]o").replace("Saint", r"(?:Saint|St\.?)") for name in COMPOUND)
_JOIN = rf"\s+(?:(?:of|of\s+the|da|de|du|des|el|al)\s+)?(?!{_COMPOUND})"
NAME = rf"(?<!\w)(?:{_COMPOUND}|{_WORD}(?:{_JOIN}{_WORD})*(?:\s*\([A-Z][^)]*\))?)"
"""A name as it is written: capitals, with `of the` and such between them."""

_LAND = r"(?:countr(?:ies|y)|nations?|states?|places?|territor(?:ies|y)|lands?)"
_NEIGHBOURS = (
    rf"(?:(?:land|immediate|direct|closest|nearest)\s+)*"
    rf"(?:neighbou?rs?\b|(?:neighbou?ring|bordering|adjacent|adjoining|surrounding|border)\s+{_LAND}\b)"
)
_SHARING = (
    r"(?:border(?:s|ing|ed\s+by)?(?:\s+on)?|neighbou?r(?:s|ing)?"
    r"|(?:shar(?:e|es|ing)|having|have|has|with)\s+(?:an?\s+|its\s+|their\s+)?(?:common\s+)?(?:land\s+)?"
    r"(?:borders?|boundar(?:y|ies)|frontiers?)\s+(?:with|to))"
)
_BESIDE = r"(?:surround(?:s|ing)?|abut(?:s|ting)?|touch(?:es|ing)?|adjoin(?:s|ing)?|next\s+to|adjacent\s+to|around)"
_THAT = r"\s+(?:(?:that|which|who)\s+)?(?:are\s+|is\s+|lie\s+|lies\s+)?(?:directly\s+|immediately\s+)?"
_THOSE = rf"(?:(?:{_LAND}|those|ones|neighbou?rs)\b{_THAT})"


def _scopes(name: str, last: str) -> tuple[re.Pattern[str], ...]:
    """The ways to say neighbours of a place.

    Args:
        name: how a place is written, before the words that follow it.
        last: how it is written where it stands last.
    """
    own = rf"(?P<place>{name})(?:['’]s|['’])\s+(?P<between>(?:[\w-]+\s+){{0,4}}?)(?i:{_NEIGHBOURS})"
    end = rf"(?:the\s+)?(?P<place>{last})(?!['’]s?\s)"
    forms = (
        rf"(?:[Tt]he\s+)?{own}",
        rf"(?i:{_NEIGHBOURS})\s+(?:of|to|around|for)\s+{end}",
        rf"(?i:{_NEIGHBOURS})\s+(?:does|do|is|are|has)\s+{end}",
        rf"(?i:{_LAND})\s+(?:(?:that|which|does|do|is)\s+)*(?:the\s+)?(?P<place>{name})\s+(?:is\s+)?(?i:{_SHARING}|border)(?!\s+{NAME})",
        rf"(?i:{_THOSE}?{_SHARING}|{_THOSE}{_BESIDE})\s+{end}",
        rf"(?P<place>{name})\s+(?:is\s+bordered\s+by|borders|shares\s+a\s+(?:land\s+)?border\s+with)\s*(?:which|what)\b",
    )
    return tuple(map(re.compile, forms))


_CASED = _scopes(NAME, NAME)
_LOWER = _scopes(r"[^\W\d_]+(?:[ -][^\W\d_]+){0,2}", r"[^\W\d_]+(?:[ -][^\W\d_]+){0,3}")


def scope(text: str) -> tuple[str, str] | None:
    """The place whose neighbours a question is about, and the question without them; None when there is none."""
    cased = any(place_names(text))
    for pattern in _CASED if cased else _LOWER:
        for found in pattern.finditer(text):
            place = place_name(found["place"]) if cased else _lower_name(found["place"])
            if not place or re.search(rf"\bboth\s+{re.escape(found['place'])}", text):
                continue
            between = found.groupdict().get("between") or ""
            lead, _, tail = found["place"].rpartition(place)
            return place, f"{text[: found.start()]} {lead} {between}{SCOPE} {tail} {text[found.end() :]}"
    return None


def lowered(text: str) -> str:
    """The text in lower case, letter for letter: places in it stay the same."""
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def masked(text: str) -> str:
    """The text with a mark in place of each letter of a name."""
    return re.sub(NAME, lambda found: _hidden(found[0]), text)


def _hidden(found: str) -> str:
    name = place_name(found)
    if not name or name not in found or name.casefold() in NO_PLACE:
        return found
    lead, _, tail = found.rpartition(name)
    return f"{lead}{'|' * len(name)}{tail}"


def place_names(text: str) -> Iterator[str]:
    """Every name in a text that may be one of a place, once each, in order."""
    seen: set[str] = set()
    for found in re.finditer(NAME, text[:MAX_CHARACTERS]):
        name = place_name(found[0])
        if name and name.casefold() not in NO_PLACE and name not in seen:
            seen.add(name)
            yield name


def place_name(text: str) -> str:
    """A name without the words of the question that stand before it."""
    words = text.replace("’", "'").split()
    while words and words[0].casefold() in HARMLESS:
        del words[0]
    name = " ".join(words).removesuffix("'s")
    return name if re.search(r"(?:^|\.)\w\.$", name) else name.rstrip(".,")


def _lower_name(text: str) -> str:
    """A name without capitals: what stands after the last word that is part of no name."""
    words: list[str] = []
    for word in text.split():
        if word.casefold() not in HARMLESS:
            words.append(word)
        elif words and word.casefold() not in {"of", "the", "and"}:
            break
        else:
            words.clear()
    return " ".join(words)
