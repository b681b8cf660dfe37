"""The report on a question for several fields at once, such as `the capital and the area of each neighbour`."""

from __future__ import annotations

from collections.abc import Sequence

from outlast.offline.roles.ask import Ask
from outlast.offline.roles.drafts import abstention, borders_claim, claim_of
from outlast.offline.roles.gathering import Gathered
from outlast.research.models import Comparison, Confidence, ReportDraft


def draft_of_several(asks: Sequence[Ask], gathered: Sequence[Gathered]) -> ReportDraft:
    """A table with a row for each place and a column for each field.

    Args:
        asks: the question for each field alone.
        gathered: what was found for each, in the same order.
    """
    names = [ask.field.name for ask in asks if ask.field is not None]
    places = gathered[0].places
    told = {
        place: [next((fact.text for fact in one.facts if fact.place == place), "") for one in gathered]
        for place in places
    }
    rows = [[place, *cells] for place, cells in told.items() if any(cells)]
    if not rows:
        return abstention("", f"The evidence does not tell the {' and the '.join(names)}.")
    answer = "; ".join(
        f"{place}: {', '.join(f'{name} {cell}' for name, cell in zip(names, cells, strict=True) if cell)}"
        for place, *cells in rows
    )
    borders = gathered[0].borders
    claims = [borders_claim(borders)] if borders is not None else []
    claims += [claim_of(fact, name) for name, one in zip(names, gathered, strict=True) for fact in one.facts]
    missing = [
        f"The evidence holds no {name} of {place}."
        for name, one in zip(names, gathered, strict=True)
        for place in one.missing
    ]
    return ReportDraft(
        answer=answer[:8_000],
        summary=f"The {' and the '.join(names)} of {len(rows)} of {len(places)} places: {answer}."[:8_000],
        claims=claims[:200],
        comparison=Comparison(columns=["Place", *names][:10], rows=[row[:10] for row in rows][:100]),
        open_questions=missing[:20],
        confidence=Confidence.LOW if missing else Confidence.HIGH,
    )
