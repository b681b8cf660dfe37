"""Reads the neighbours of a place off a passage on its land boundaries."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from outlast.offline.roles.names import canonical, same_place
from outlast.offline.roles.passages import lines, titled
from outlast.offline.roles.task import Seen

_FIELD = "land boundaries"
_ASIDE = re.compile(r"\([^()]*\bkm\b[^()]*\)")
_SEGMENT = re.compile(r"(?P<name>[^\W\d_][^;,\d]{0,80}?)\s+(?P<length>\d[\d,]*(?:\.\d+)?)\s*km")
_RECORD = re.compile(r"^Neighbours of (?P<place>.+?) \((?P<id>\S+)\): (?P<line>.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Borders:
    """The neighbours of a place, with the line that lists them."""

    place: str
    passage_id: str
    line: str
    """The line as the passage has it; the total where there are no neighbours."""
    lengths: dict[str, Decimal]
    """Length of the border with each neighbour in km, in the order of the passage."""

    @property
    def names(self) -> tuple[str, ...]:
        """The neighbours."""
        return tuple(self.lengths)

    def record(self) -> str:
        """One line that hands this on in a plan; `recorded` reads it."""
        return f"Neighbours of {self.place} ({self.passage_id}): {self.line}"


def borders(place: str, passages: Iterable[Seen]) -> Borders | None:
    """The borders of a place, None when no passage tells them."""
    about = [(told, seen) for seen in passages if (told := titled(seen)) is not None and told.field == _FIELD]
    fitting = [pair for pair in about if same_place(pair[0].place, place)]
    for told, seen in fitting:
        listed = lines(seen.text)
        segments = next((line for line in listed if line.label == "border countries"), None)
        total = next((line for line in listed if line.label == "total"), None)
        chosen = segments or total
        if chosen is not None:
            return Borders(told.place, seen.id, chosen.whole, segments_of(chosen.text) if segments else {})
    return None


def recorded(place: str, text: str) -> Borders | None:
    """The borders that a plan handed on."""
    for found in _RECORD.finditer(text):
        if canonical(found["place"]) == canonical(place):
            line = found["line"]
            _, _, told = line.partition(": ")
            names = segments_of(told) if line.startswith("border countries") else {}
            return Borders(found["place"], found["id"], line, names)
    return None


def segments_of(text: str) -> dict[str, Decimal]:
    """Neighbours and lengths in a list such as `Austria 801 km; Russia (Kaliningrad Oblast) 209 km`."""
    lengths: dict[str, Decimal] = {}
    for found in _SEGMENT.finditer(_ASIDE.sub("", text)):
        name = re.sub(r"^(?:and|the)\s+", "", re.sub(r"\s*\([^)]*\)", "", found["name"])).strip()
        length = Decimal(found["length"].replace(",", ""))
        lengths[name] = lengths.get(name, Decimal(0)) + length
    return lengths
