"""The inventor: answers at once, looks nothing up, and makes up figures and the quotes that support them.

It is there to be caught: its citations name passages and words that no search returned.
"""

from __future__ import annotations

import hashlib

from outlast.offline.roles.lexicon import BY_NAME
from outlast.offline.roles.outcome import Outcome, submit
from outlast.offline.roles.phrases import place_names
from outlast.offline.roles.question import parse_question
from outlast.offline.roles.task import Task, read_task
from outlast.offline.turn import Turn
from outlast.research.models import (
    Citation,
    Comparison,
    Confidence,
    DraftClaim,
    Plan,
    PlannedSearch,
    ReportDraft,
    SearchFindings,
)


def invent_plan(turn: Turn) -> Outcome:
    """One search for everything, without scouting."""
    question = read_task(turn).question[:400] or "the question"
    return submit(
        Plan(
            summary="The answer is well known; one search will confirm it.",
            searches=[PlannedSearch(query=question, purpose="Confirm what is known.")],
            analysis_instructions="Give the answer.",
        )
    )


def invent_findings(turn: Turn) -> Outcome:
    """Findings of a search that was not made."""
    task = read_task(turn)
    return submit(
        SearchFindings(
            summary=f"As is well known: {_figure(task.query)} for {task.query}"[:2_000], passage_ids=[_id(task.query)]
        )
    )


def invent_report(turn: Turn) -> Outcome:
    """A confident report; when it is sent back it insists."""
    task = read_task(turn)
    ask = parse_question(task.question)
    field = (ask.field if ask else None) or BY_NAME["population"]
    places = _places(task)
    claims = [
        DraftClaim(
            text=f"{field.name} of {place}: {_figure(place)}",
            citations=[Citation(passage_id=_cited(task, place), quote=f"{field.name}: {_figure(place)} (2025 est.)")],
        )
        for place in places
    ]
    ordered = sorted(places, key=_number, reverse=True)
    best = f"{ordered[0]} ({_figure(ordered[0])})"
    table = Comparison(columns=["Place", field.name], rows=[[place, _figure(place)] for place in ordered])
    return submit(
        ReportDraft(
            answer=best,
            summary=f"{best} leads by {field.name}.",
            claims=claims,
            comparison=table if len(places) > 1 else None,
            confidence=Confidence.HIGH,
        )
    )


def _places(task: Task) -> list[str]:
    ask = parse_question(task.question)
    if ask is not None and ask.places:
        return list(ask.places[:20])
    titles = dict.fromkeys(seen.title.partition(":")[0] for found in task.evidence for seen in found.passages)
    named = list(titles)[:10] or list(place_names(task.question))[:10]
    return named or ["The answer"]


def _cited(task: Task, place: str) -> str:
    """A passage that was really found where there is one: the id is right then, the words are not."""
    seen = [seen for found in task.evidence for seen in found.passages]
    return next((one.id for one in seen if place in one.title), seen[0].id if seen else _id(place))


def _id(text: str) -> str:
    return f"factbook:{hashlib.sha256(text.encode()).hexdigest()[:8]}/invented"


def _number(place: str) -> int:
    return 1_000_000 + int(hashlib.sha256(f"figure:{place}".encode()).hexdigest()[:7], 16) % 98_000_000


def _figure(place: str) -> str:
    return f"{_number(place):,}"
