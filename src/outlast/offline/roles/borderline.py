"""Answers questions about borders themselves: which places border one, how many, how long a border is."""

from __future__ import annotations

from collections.abc import Sequence

from outlast.offline.roles.ask import Ask, Op
from outlast.offline.roles.boundaries import Borders, borders
from outlast.offline.roles.drafts import abstention, borders_claim
from outlast.offline.roles.names import same_place
from outlast.offline.roles.numbers import written
from outlast.offline.roles.task import Seen, Task
from outlast.research.models import Comparison, Confidence, ReportDraft


def answer_borders(ask: Ask, seen: Sequence[Seen], task: Task) -> ReportDraft:
    """The report on a question about borders."""
    if ask.neighbours_of:
        found = borders(ask.neighbours_of, seen)
        if found is None:
            return abstention(task.question, f"The evidence does not say which places border {ask.neighbours_of}.")
        return _neighbours(ask, found)
    first, second = ask.places[:2]
    for one, other in ((first, second), (second, first)):
        found = borders(one, seen)
        length = next((name for name in found.names if same_place(name, other)), None) if found else None
        if found and length:
            said = written(found.lengths[length], "km")
            answer = said if ask.op is Op.BORDER_LENGTH else f"Yes: they share a border of {said}."
            return _report(answer, f"{first} and {second} share a border of {said}.", [found])
    both = [found for place in (first, second) if (found := borders(place, seen)) is not None]
    if len(both) < 2 or ask.op is Op.BORDER_LENGTH:
        return abstention(task.question, f"The evidence lists no border between {first} and {second}.")
    return _report("No.", f"Neither {first} nor {second} lists the other among its neighbours.", both)


def _neighbours(ask: Ask, found: Borders) -> ReportDraft:
    names = ", ".join(found.names) or "none"
    answer = f"{len(found.names)}: {names}" if ask.op is Op.COUNT else names
    report = _report(answer, f"{found.place} has {len(found.names)} land neighbours: {names}.", [found])
    if len(found.names) > 1:
        rows = [[name, written(length, "km")] for name, length in found.lengths.items()]
        report.comparison = Comparison(columns=["Neighbour", "Length of the border"], rows=rows)
    return report


def _report(answer: str, summary: str, found: Sequence[Borders]) -> ReportDraft:
    return ReportDraft(
        answer=answer,
        summary=summary,
        claims=[borders_claim(one) for one in found],
        confidence=Confidence.HIGH,
    )
