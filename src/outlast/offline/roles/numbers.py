"""Reads figures out of text and writes them: signs, thousands, magnitudes, units, ranges, years. Knows no facts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

_MAGNITUDE = {
    "thousand": 3,
    "million": 6,
    "billion": 9,
    "trillion": 12,
    "k": 3,
    "mn": 6,
    "m": 6,
    "bn": 9,
    "tn": 12,
}
_WORDS = {
    word: number
    for number, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty",
        ]
    )
} | {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100}

_DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
_FIGURE = re.compile(
    rf"""
    (?P<sign>(?<![\w.)])[-\u2212])?            # a hyphen between digits is a range, not a sign
    (?P<currency>(?:US)?[$\u20ac\u00a3])?\s?(?P<negative>[-\u2212])?
    (?<![\d.,])(?P<digits>{_DIGITS})
    (?:\s?(?:-|\u2013|to)\s?(?P<top>{_DIGITS})(?![\d/]))?
    (?:\s?(?P<magnitude>thousand|million|billion|trillion|mn|bn|tn)\b)?
    (?P<unit>%|\s?[^\W\d_](?:[^;,()\n]|\(\w\)|,(?=\d))*)?
    """,
    re.VERBOSE,
)
_YEAR = re.compile(r"\((?:FY\s?)?(\d{4})(?:[-/]\d{2,4})?(?:\s*est\.?)?\)")
_ASKED = re.compile(
    rf"(?P<currency>[$\u20ac\u00a3])?(?P<digits>{_DIGITS})"
    r"\s?(?P<magnitude>thousand|million|billion|trillion|k|mn?|bn|tn)?(?![\w.])"
    r"\s*(?P<unit>%|percent|per cent|sq(?:uare)? k(?:m|ilomet(?:er|re)s)|km2?|kilomet(?:er|re)s|years|met(?:er|re)s)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A figure."""

    value: Decimal
    unit: str = ""
    """As the text has it, such as `sq km`, `$` or `%`."""
    year: int | None = None
    exact: bool = True
    """False for a range, whose middle is the value."""


def quantity(text: str) -> Quantity | None:
    """The first figure of a text, None when there is none."""
    for found in _FIGURE.finditer(text):
        if _is_year(found, text):
            continue
        return _quantity(found, text)
    return None


def asked_number(text: str) -> Quantity | None:
    """The first number of a question, which may be written out: `10 million`, `ten million`, `$500 billion`."""
    spelled = re.sub(r"[A-Za-z]+", lambda m: str(_WORDS.get(m[0].casefold(), m[0])), text)
    found = _ASKED.search(spelled)
    if found is None:
        return None
    value = _decimal(found["digits"]).scaleb(_MAGNITUDE.get((found["magnitude"] or "").casefold(), 0))
    return Quantity(value=value, unit=_unit(found["currency"] or found["unit"] or ""))


def written(value: Decimal, unit: str = "") -> str:
    """A figure as people write it: `84,012,284`, `$5.301 trillion`, `46.9 years`."""
    sign, magnitude = ("-", abs(value)) if value < 0 else ("", value)
    if unit in {"$", "\u20ac", "\u00a3"}:
        for name in ("trillion", "billion", "million"):
            if magnitude >= Decimal(10) ** _MAGNITUDE[name]:
                return f"{sign}{unit}{_plain(magnitude.scaleb(-_MAGNITUDE[name]))} {name}"
        return f"{sign}{unit}{_plain(magnitude)}"
    return f"{sign}{_plain(magnitude)}{unit if unit == '%' or not unit else f' {unit}'}"


def comparable(first: str, second: str) -> bool:
    """Whether figures of these units can be set side by side; a unit that is not given is taken as the other."""
    return not first or not second or _unit(first) == _unit(second)


def _quantity(found: re.Match[str], text: str) -> Quantity:
    value, exact = _decimal(found["digits"]), True
    if found["top"]:
        value, exact = (value + _decimal(found["top"])) / 2, False
    if found["magnitude"]:
        value = value.scaleb(_MAGNITUDE[found["magnitude"]])
    if found["sign"] or found["negative"]:
        value = -value
    year = _YEAR.search(text, found.end("digits"))
    unit = (found["currency"] or found["unit"] or "").strip()
    return Quantity(value=value, unit=_unit(unit), year=int(year[1]) if year else None, exact=exact)


def _is_year(found: re.Match[str], text: str) -> bool:
    return any(year.start() < found.start("digits") < year.end() for year in _YEAR.finditer(text))


def _decimal(digits: str) -> Decimal:
    return Decimal(digits.replace(",", ""))


def _unit(unit: str) -> str:
    plain = re.sub(r"\s+", " ", unit).strip().casefold().removeprefix("us")
    if plain in {"percent", "per cent"}:
        return "%"
    plain = re.sub(r"kilomet(?:er|re)s", "km", plain)
    plain = plain.replace("square", "sq").replace("km2", "sq km")
    return re.split(r"\s+(?:and|or|as|in|for|with)\s|\s-\s|:", plain)[0].strip()


def _plain(value: Decimal) -> str:
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
