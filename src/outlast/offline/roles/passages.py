"""The shape of a passage: whose it is by its title, which lines it has. Passages of any shape are let through."""

from __future__ import annotations

import re
from dataclasses import dataclass

from outlast.offline.roles.task import Seen

_LABEL = re.compile(r"^(?P<label>[^:;.]{1,80}?)\s*: +(?P<text>\S.*)$")


@dataclass(frozen=True, slots=True)
class Title:
    """A title such as `Germany: Geography: Land boundaries`."""

    place: str
    field: str
    """In lower case."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a passage."""

    label: str
    """Of the subfield, in lower case; empty when the line has none."""
    text: str
    whole: str
    """The line as it stands in the passage."""


def titled(seen: Seen) -> Title | None:
    """The parts of a title, None when it is not made of parts."""
    place, _, rest = seen.title.partition(": ")
    _, _, field = rest.partition(": ")
    return Title(place.strip(), field.strip().casefold()) if field else None


def lines(text: str) -> list[Line]:
    """The lines of a passage; a line without label stands for the whole field."""
    found: list[Line] = []
    for whole in filter(None, (line.strip() for line in text.splitlines())):
        labelled = _LABEL.match(whole)
        if labelled:
            found.append(Line(labelled["label"].casefold().strip(), labelled["text"], whole))
        else:
            found.append(Line("", whole, whole))
    return found
