"""Reads numbers and names out of an answer, whoever wrote it; shared with nobody whose answers are judged."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, overload

from outlast.evals.places import folded

_NUMBER = re.compile(
    r"(?<![\w.,])(?P<sign>[-\u2212])?(?:US)?[$\u20ac]?(?P<digits>\d{1,3}(?:[,\u202f\u00a0]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?:\s*(?P<scale>thousand|million|billion|trillion|bn|m|k)\b)?",
    re.IGNORECASE,
)
_SCALE = {"thousand": 1e3, "k": 1e3, "million": 1e6, "m": 1e6, "billion": 1e9, "bn": 1e9, "trillion": 1e12}
_WORDS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven"),
    *("eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen"),
)
_OTHER_NAMES = {
    "United States": ("US", "USA", "U.S.", "America"),
    "United Kingdom": ("UK", "U.K.", "Britain"),
    "United Arab Emirates": ("UAE",),
    "Czechia": ("Czech Republic",),
    "North Macedonia": ("Macedonia",),
    "Democratic Republic of the Congo": ("Democratic Republic of Congo", "DRC", "DR Congo", "Congo-Kinshasa"),
    "Republic of the Congo": ("Congo-Brazzaville", "Congo (Brazzaville)", "Republic of Congo"),
    "Burma": ("Myanmar",),
    "Côte d'Ivoire": ("Ivory Coast",),
    "Turkey": ("Türkiye",),
    "Eswatini": ("Swaziland",),
    "Timor-Leste": ("East Timor",),
    "Cabo Verde": ("Cape Verde",),
}


def numbers(text: str) -> list[float]:
    """The numbers of a text in order, with their magnitudes."""
    found = []
    for match in _NUMBER.finditer(text):
        value = float(re.sub(r"[,\u202f\u00a0]", "", match["digits"])) * _SCALE.get(
            (match["scale"] or "").casefold(), 1.0
        )
        found.append(-value if match["sign"] else value)
    return found


def integers(text: str) -> list[int]:
    """The whole numbers of a text, in digits or in words, and `none` and `no` for zero."""
    found = []
    for match in re.finditer(rf"\d[\d,]*(?:\.\d+)?|\b(?:{'|'.join(_WORDS)}|none|no)\b", text.casefold()):
        word = match[0].rstrip(",")
        if word in {"none", "no"}:
            found.append(0)
        elif word in _WORDS:
            found.append(_WORDS.index(word))
        elif "." not in word:
            found.append(int(word.replace(",", "")))
    return found


def close(number: float, wanted: float, tolerance: float) -> bool:
    """Whether a number is the one wanted."""
    return abs(number - wanted) <= tolerance * max(abs(wanted), 1e-9) + 1e-9


def tells_text(text: str, wording: str) -> bool:
    """Whether a text holds a wording, whatever its case, accents and punctuation."""
    return f" {_plain(wording)} " in f" {_plain(text)} "


@overload
def first_mentions(text: str, places: Sequence[str], *, starts: Literal[False] = False) -> list[str]: ...


@overload
def first_mentions(text: str, places: Sequence[str], *, starts: Literal[True]) -> list[tuple[str, int]]: ...


def first_mentions(text: str, places: Sequence[str], *, starts: bool = False) -> list[str] | list[tuple[str, int]]:
    """The places that a text names, in the order of their first mention; with `starts`, where each begins.

    Longer names are looked for first and taken out, so that `South Sudan` is no mention of Sudan.
    """
    lowered = folded(text) if len(folded(text)) == len(text) else text.casefold()
    spellings = [(folded(name), place) for place in places for name in (place, *_OTHER_NAMES.get(place, ()))]
    found: dict[str, int] = {}
    for spelling, place in sorted(spellings, key=lambda pair: len(pair[0]), reverse=True):
        for match in re.finditer(rf"(?<!\w){re.escape(spelling)}(?!\w)", lowered):
            found[place] = min(match.start(), found.get(place, match.start()))
            lowered = lowered[: match.start()] + "\0" * len(spelling) + lowered[match.end() :]
    ordered = sorted(found.items(), key=lambda pair: pair[1])
    return ordered if starts else [place for place, _ in ordered]


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[\w.]+", folded(text))).replace(". ", " ").rstrip(".")
