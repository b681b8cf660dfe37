"""What people call the fields of the Factbook, and the words of questions that mean no field.

Both are data files beside this one. They hold names only: no figure and no place. A field that is missing there still
works where a question uses the field's own name; the file adds the words that differ, such as `people` for population.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class Field:
    """One field, as questions and as passages name it."""

    name: str
    """As an answer names it."""
    titles: tuple[str, ...] = ()
    """Names of the field in titles of passages, in lower case; empty for what no passage can answer."""
    lines: tuple[str, ...] = ()
    """The lines of the field that hold the figure, best first; empty means the total, or all there is."""
    phrases: tuple[str, ...] = ()
    """What questions call it beside its name."""
    most: tuple[str, ...] = ()
    """Words that ask for the place with the highest figure without naming the field."""
    least: tuple[str, ...] = ()
    """The same for the lowest."""
    text: bool = False
    """Whether its value is words, so that nothing can be computed from it."""
    known: bool = True
    """False for a field that is only known by the words of a question."""

    @property
    def search(self) -> str:
        """The words to search it with."""
        if not self.titles:
            return self.name
        line = self.lines[0].casefold() if self.lines else ""
        return self.titles[0] if not line or line in self.titles[0] else f"{self.titles[0]} {line}"


def _data(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _field(row: dict[str, Any]) -> Field:
    lists = ((str(word) for word in row.get(key, ())) for key in ("titles", "lines", "phrases", "most", "least"))
    titles, lines, phrases, most, least = map(tuple, lists)
    return Field(row["name"], titles, lines, phrases, most, least, text=row.get("text", False))


FIELDS: tuple[Field, ...] = tuple(map(_field, yaml.safe_load(_data("lexicon.yaml"))))
"""Every field that questions may call by other names."""

BY_NAME = {field.name: field for field in FIELDS}

_WORDS = yaml.safe_load(_data("words.yaml"))

HARMLESS = frozenset(_WORDS["harmless"].split())
"""Words of questions that say nothing about which field is meant."""

ASKING = frozenset(_WORDS["asking"].split())
"""Words that say what to do with an answer, and that no answer has to hold."""

NO_PLACE = frozenset(_WORDS["no_place"].split()) | frozenset(_WORDS["no_place_names"])
"""Names that are those of no place, in lower case."""
