"""Gathers what the evidence holds for a question: the places it is about, and the figure of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from outlast.offline.roles.ask import Ask
from outlast.offline.roles.boundaries import Borders, borders, recorded
from outlast.offline.roles.facts import Fact, fact
from outlast.offline.roles.task import Seen


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the evidence holds for a question."""

    places: tuple[str, ...]
    """Those whose figures are needed, in the order of the question or of the list of neighbours."""
    facts: tuple[Fact, ...]
    missing: tuple[str, ...]
    bound: Fact | None = None
    """The figure of the place that the others are compared with."""
    borders: Borders | None = None


def gather(ask: Ask, seen: Sequence[Seen], instructions: str) -> Gathered:
    """The figures of every place that the question is about."""
    assert ask.field is not None  # noqa: S101 - questions without a field are for `answer_borders`
    listed = None
    places = ask.places
    if ask.neighbours_of:
        listed = borders(ask.neighbours_of, seen) or recorded(ask.neighbours_of, instructions)
        places = listed.names if listed else ()
    read = {place: fact(place, ask.field, seen, ask.qualifiers) for place in places}
    if ask.computes:
        # Words such as `NA` stand where a figure should: nothing can be computed with them.
        read = {place: found if found and found.quantity else None for place, found in read.items()}
    bound = None
    if ask.threshold is not None and ask.threshold.place:
        bound = fact(ask.threshold.place, ask.field, seen, ask.qualifiers)
    return Gathered(
        places=places,
        facts=tuple(found for found in read.values() if found is not None),
        missing=tuple(place for place, found in read.items() if found is None),
        bound=bound,
        borders=listed,
    )
