"""The places that questions are about: their plain names, and who borders whom."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from outlast.evals.corpus import Corpus

_PLAIN = re.compile(r"[^\W\d_][^\W\d_]*(?:[ '-](?:[^\W\d_]+'?)+)*")
_ENTRY = re.compile(r"(?P<name>[^;,\d]+?) (?P<length>\d[\d,]*(?:\.\d+)?) km(?P<aside> \([^)]*\))?")
_OTHER_NAMES = {
    "US": "United States",
    "UK": "United Kingdom",
    "UAE": "United Arab Emirates",
    "Czech Republic": "Czechia",
    "Macedonia": "North Macedonia",
}
"""Names in lists of borders that are no place's own."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """One place and its data."""

    code: str
    name: str
    sections: Mapping[str, Any]
    borders: Mapping[str, float]
    """Length of the border in km by code of the neighbour; empty where the list is not well-formed."""
    landless: bool = False
    """Whether it is said to have no land boundary at all."""


def plain_places(corpus: Corpus) -> dict[str, Place]:
    """Every place with a name of words only, by code."""
    data = {
        code: sections for places in corpus.values() for code, sections in places.items() if code not in {"ee", "xx"}
    }
    names = {code: name for code, sections in data.items() if (name := _name(sections))}
    codes = {folded(name): code for code, name in names.items()}
    codes |= {
        folded(long): code for code, sections in data.items() if code in names and (long := _form(sections, "long"))
    }
    return {
        code: Place(
            code,
            name,
            data[code],
            _borders(data[code], codes),
            _text(data[code], "Geography", "Land boundaries", "total") == "0 km",
        )
        for code, name in names.items()
    }


def folded(name: str) -> str:
    """A name without case and accents."""
    plain = unicodedata.normalize("NFKD", name)
    return "".join(char for char in plain if not unicodedata.combining(char)).casefold()


def _name(sections: Mapping[str, Any]) -> str:
    short, long = _form(sections, "short"), _form(sections, "long")
    if long.endswith("of the Congo") or short == "The Dominican":
        return long  # their short forms are no names that people use
    name = long if short in {"", "none"} else short
    return name.removeprefix("The ") if name != "none" and _PLAIN.fullmatch(name) else ""


def _form(sections: Mapping[str, Any], form: str) -> str:
    return _text(sections, "Government", "Country name", f"conventional {form} form")


def _borders(sections: Mapping[str, Any], codes: Mapping[str, str]) -> dict[str, float]:
    """The list of borders, read whole or not at all."""
    text = _text(sections, "Geography", "Land boundaries", "border countries")
    found: dict[str, float] = {}
    for entry in filter(None, re.split(r"; |, (?=[A-Z])", text)):
        match = _ENTRY.fullmatch(entry.strip())
        if match is None:
            return {}
        name = re.sub(r" \(Kaliningrad[^)]*\)$", "", match["name"]).removeprefix("The ")
        code = codes.get(folded(_OTHER_NAMES.get(name, name)))
        if code is None or code in found:
            return {}
        found[code] = float(match["length"].replace(",", ""))
    return found


def _text(sections: Mapping[str, Any], *path: str) -> str:
    node: Any = sections
    for step in path:
        node = node.get(step) if isinstance(node, Mapping) else None
    text = node.get("text") if isinstance(node, Mapping) else None
    return html.unescape(text).strip() if isinstance(text, str) else ""
