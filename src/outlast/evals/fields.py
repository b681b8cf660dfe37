"""The fields that questions ask for, each with the one form of text that counts as well-formed.

The forms are strict on purpose: what does not match (a range, a note, two figures in one line) is not asked about, so
that an answer is never right or wrong by interpretation.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

_SCALE = {"": 1.0, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_EST = r"(?: \(\d{4}(?: est\.)?\))?"
_NUMBER = r"(?P<number>-?\d{1,3}(?:,\d{3})*(?:\.\d+)?|-?\d+(?:\.\d+)?)"


@dataclass(frozen=True, slots=True)
class GoldField:
    """One field of the data, and how questions call it."""

    key: str
    path: tuple[str, ...]
    """Section, field and subfield."""
    form: str
    """The whole text of a well-formed value, as a regular expression; `number` and `scale` are its groups."""
    noun: str
    """In a question: `the population of Chad`."""
    plural: str = ""
    """In a list of places: `the populations`; empty for words that have none."""
    most: tuple[str, ...] = ()
    """Ways to ask for the highest: `has the largest population`."""
    least: tuple[str, ...] = ()
    higher: str = "higher"
    """How two are compared: `the larger population`."""
    additive: bool = False
    """Whether a sum over places means something."""
    bound: str = ""
    """How a threshold is worded, with `{more}` and `{bound}`: `{more} than {bound} people`."""
    unit: str = ""
    """What stands behind a threshold, or before it for `$`."""

    def read(self, sections: Mapping[str, Any]) -> float | str | None:
        """The value of a place: a number, or words where the form has no number; None when it is not well-formed."""
        found = re.fullmatch(self.form, raw_text(self, sections))
        if found is None:
            return None
        groups = found.groupdict()
        if groups.get("number") is None:
            return str(groups.get("words") or found[0]).strip() or None
        return float(groups["number"].replace(",", "")) * _SCALE[groups.get("scale") or ""]

    def number(self, sections: Mapping[str, Any]) -> float | None:
        """The figure of a place, None when it has none that is well-formed."""
        value = self.read(sections)
        return value if isinstance(value, float) else None

    def node(self, sections: Mapping[str, Any]) -> MutableMapping[str, Any]:
        """Where the text stands in the data of a place."""
        node: Any = sections
        for step in self.path:
            node = node[step]
        assert isinstance(node, MutableMapping)  # noqa: S101 - a leaf of the package's data is an object with a text
        return node


def raw_text(field: GoldField, sections: Mapping[str, Any]) -> str:
    """The text of a field without markup, empty when there is none."""
    node: Any = sections
    for step in field.path:
        node = node.get(step) if isinstance(node, Mapping) else None
    text = node.get("text") if isinstance(node, Mapping) else None
    return html.unescape(re.sub(r"<[^>]+>", "", text)).strip() if isinstance(text, str) else ""


_PEOPLE = "People and Society"
_PERCENT = rf"{_NUMBER}%{_EST}"

FIELDS: tuple[GoldField, ...] = (
    GoldField(
        "population",
        (_PEOPLE, "Population", "total"),
        rf"{_NUMBER}{_EST}",
        "population",
        "populations",
        ("has the largest population", "has the most people", "is the most populous"),
        ("has the smallest population", "has the fewest people", "is the least populous"),
        higher="larger",
        additive=True,
        bound="{more} than {bound} people",
    ),
    GoldField(
        "area",
        ("Geography", "Area", "total "),
        rf"{_NUMBER} sq km",
        "area",
        "areas",
        ("has the largest area", "is the largest by area", "covers the largest area"),
        ("has the smallest area", "is the smallest by area"),
        higher="larger",
        additive=True,
        bound="an area of {more} than {bound} sq km",
    ),
    GoldField(
        "gdp",
        ("Economy", "GDP (official exchange rate)"),
        rf"\${_NUMBER}(?: (?P<scale>million|billion|trillion))?{_EST}",
        "GDP (official exchange rate)",
        "GDPs",
        ("has the highest GDP at the official exchange rate", "has the largest GDP", "has the largest economy"),
        ("has the lowest GDP at the official exchange rate", "has the smallest GDP", "has the smallest economy"),
        additive=True,
        bound="a GDP of {more} than {bound}",
        unit="$",
    ),
    GoldField(
        "gdp-per-capita",
        ("Economy", "Real GDP per capita", "Real GDP per capita 2024"),
        rf"\${_NUMBER}{_EST}",
        "real GDP per capita",
        "",
        ("has the highest real GDP per capita", "has the highest GDP per capita", "is the richest by GDP per capita"),
        ("has the lowest real GDP per capita", "has the lowest GDP per capita"),
        bound="a GDP per capita of {more} than {bound}",
        unit="$",
    ),
    GoldField(
        "median-age",
        (_PEOPLE, "Median age", "total"),
        rf"{_NUMBER} years{_EST}",
        "median age",
        "median ages",
        ("has the highest median age", "has the oldest population"),
        ("has the lowest median age", "has the youngest population"),
        bound="a median age of {more} than {bound} years",
    ),
    GoldField(
        "life-expectancy",
        (_PEOPLE, "Life expectancy at birth", "total population"),
        rf"{_NUMBER} years{_EST}",
        "life expectancy at birth",
        "life expectancies",
        ("has the highest life expectancy", "has the highest life expectancy at birth"),
        ("has the lowest life expectancy", "has the lowest life expectancy at birth"),
        bound="a life expectancy of {more} than {bound} years",
    ),
    GoldField(
        "coastline",
        ("Geography", "Coastline"),
        rf"{_NUMBER} km(?: \(landlocked\))?",
        "coastline",
        "coastlines",
        ("has the longest coastline", "has the longest coast"),
        ("has the shortest coastline",),
        higher="longer",
        additive=True,
        bound="a coastline of {more} than {bound} km",
    ),
    GoldField(
        "fertility",
        (_PEOPLE, "Total fertility rate"),
        rf"{_NUMBER} children born/woman{_EST}",
        "total fertility rate",
        "total fertility rates",
        ("has the highest fertility rate", "has the highest total fertility rate"),
        ("has the lowest fertility rate",),
        bound="a fertility rate above {bound}",
    ),
    GoldField(
        "infant-mortality",
        (_PEOPLE, "Infant mortality rate", "total"),
        rf"{_NUMBER} deaths/1,000 live births{_EST}",
        "infant mortality rate",
        "infant mortality rates",
        ("has the highest infant mortality rate", "has the highest infant mortality"),
        ("has the lowest infant mortality rate",),
    ),
    GoldField(
        "birth-rate",
        (_PEOPLE, "Birth rate"),
        rf"{_NUMBER} births/1,000 population{_EST}",
        "birth rate",
        "birth rates",
        ("has the highest birth rate",),
        ("has the lowest birth rate",),
    ),
    GoldField(
        "population-growth",
        (_PEOPLE, "Population growth rate"),
        _PERCENT,
        "population growth rate",
        "population growth rates",
        ("has the highest population growth rate",),
        ("has the lowest population growth rate",),
    ),
    GoldField(
        "unemployment",
        ("Economy", "Unemployment rate", "Unemployment rate 2024"),
        _PERCENT,
        "unemployment rate",
        "unemployment rates",
        ("has the highest unemployment rate", "has the highest unemployment"),
        ("has the lowest unemployment rate",),
        bound="an unemployment rate of {more} than {bound}",
        unit="%",
    ),
    GoldField(
        "internet",
        ("Communications", "Internet users", "percent of population"),
        _PERCENT,
        "share of internet users",
        "",
        ("has the highest share of internet users",),
        ("has the lowest share of internet users",),
        bound="{more} than {bound} internet users",
        unit="%",
    ),
    GoldField(
        "airports",
        ("Transportation", "Airports"),
        rf"{_NUMBER}{_EST}",
        "number of airports",
        "",
        ("has the most airports", "has the highest number of airports"),
        ("has the fewest airports",),
        higher="larger",
        additive=True,
        bound="{more} than {bound} airports",
    ),
    GoldField(
        "obesity",
        (_PEOPLE, "Obesity - adult prevalence rate"),
        _PERCENT,
        "adult obesity rate",
        "adult obesity rates",
        ("has the highest adult obesity rate", "has the highest obesity rate"),
        ("has the lowest obesity rate",),
    ),
    GoldField("capital", ("Government", "Capital", "name"), r"[^\W\d_][\w .'’-]*[^\W\d_]", "capital", "capitals"),
    GoldField(
        "government",
        ("Government", "Government type"),
        r"[^\W\d_][a-z ,-]*[a-z]",
        "government type",
        "government types",
    ),
    GoldField("internet-code", ("Communications", "Internet country code"), r"\.[a-z]{2}", "internet country code", ""),
    GoldField(
        "anthem",
        ("Government", "National anthem(s)", "title"),
        r"\"(?P<words>[^\"()]+)\"(?: \([^()]+\))?",
        "national anthem",
        "",
    ),
)

BY_KEY = {field.key: field for field in FIELDS}
