"""Tells whether two names name the same place. Names only: nothing here says anything about a place."""

from __future__ import annotations

import re
import unicodedata

COMPOUND = (
    "Antigua and Barbuda",
    "Bosnia and Herzegovina",
    "Saint Kitts and Nevis",
    "Saint Pierre and Miquelon",
    "Saint Vincent and the Grenadines",
    "Sao Tome and Principe",
    "Trinidad and Tobago",
    "Turks and Caicos Islands",
    "Wallis and Futuna",
)
"""Names with an `and` that joins no two places."""

_SAME = (
    ("united states", "us", "usa", "united states of america", "america"),
    ("united kingdom", "uk", "britain", "great britain"),
    ("united arab emirates", "uae", "emirates"),
    ("czechia", "czech republic"),
    ("north macedonia", "macedonia"),
    ("holy see", "vatican", "vatican city", "holy see vatican city"),
    ("democratic republic of congo", "dr congo", "drc", "congo kinshasa", "congo democratic republic of"),
    ("republic of congo", "congo brazzaville", "congo republic of"),
    ("cote d ivoire", "ivory coast"),
    ("burma", "myanmar"),
    ("eswatini", "swaziland"),
    ("cabo verde", "cape verde"),
    ("timor leste", "east timor"),
    ("netherlands", "holland"),
    ("turkey", "turkiye"),
    ("gaza strip", "gaza", "gaza gaza strip"),
    ("russia", "russian federation"),
    ("slovakia", "slovak republic"),
    ("kyrgyzstan", "kyrgyz republic"),
    ("brunei", "brunei darussalam"),
    ("bosnia and herzegovina", "bosnia"),
    ("falkland islands", "falkland islands islas malvinas", "falklands"),
    ("vietnam", "viet nam"),
    ("micronesia", "federated states of micronesia"),
    ("south korea", "republic of korea"),
    ("north korea", "dprk"),
)
_CANONICAL = {name: names[0] for names in _SAME for name in names}


def canonical(name: str) -> str:
    """One spelling for all the names of a place: no case, accents, articles or points."""
    folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
    words = re.findall(r"\w+", re.sub(r"(?<=\b\w)\.", "", folded))
    plain = " ".join(word for word in words if word != "the")
    plain = re.sub(r"\bst\b", "saint", plain)
    return _CANONICAL.get(plain, plain)


def same_place(first: str, second: str) -> bool:
    """Whether two names name the same place; what stands in brackets may be missing from one of them."""
    if canonical(first) == canonical(second):
        return True
    return any(_has_brackets(a) and not _has_brackets(b) and _bare(a) == canonical(b) for a, b in _both(first, second))


def names_place(text: str, name: str) -> bool:
    """Whether a text, such as a query, holds the name of a place."""
    words = f" {canonical(text)} "
    if any(f" {known} " in words and _CANONICAL[known] == canonical(name) for known in _CANONICAL):
        return True
    return f" {canonical(name)} " in words


def _both(first: str, second: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return (first, second), (second, first)


def _has_brackets(name: str) -> bool:
    return "(" in name


def _bare(name: str) -> str:
    return canonical(re.sub(r"\s*\([^)]*\)", "", name))
