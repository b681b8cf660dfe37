"""Outcomes of campaigns that never ran, for the tests of what is made of them."""

from __future__ import annotations

from typing import Any

from outlast.chaos.outcome import Outcome, Paid, PlainOutcome, Struck
from outlast.chaos.schedule import Manner, Moment, Stop, Victim
from outlast.chaos.verdict import Verdict


def struck(went_on: float | None = 1.0, **changes: Any) -> Struck:
    """A worker, killed in flight."""
    fields: dict[str, Any] = {
        "victim": Victim.WORKER,
        "manner": Manner.KILL,
        "moment": Moment.IN_FLIGHT,
        "stop": Stop.SEARCHER,
        "told": True,
        "aim": "worker when searcher is in flight",
        "kind": "kill worker",
        "hit": True,
        "kills": 1,
        "at": 100.0,
        "went_on": went_on,
    }
    return Struck.model_validate(fields | changes)


def outcome(place: int | None = 0, *strikes: Struck, **changes: Any) -> Outcome:
    """A clean job; an undisturbed twin without a place."""
    fields: dict[str, Any] = {
        "job": f"job-{place}",
        "workflow": f"job-{place}",
        "number": 0,
        "place": place,
        "struck": strikes,
        "seconds": 10.0 if place is None else 14.0,
        "sha256": "5" * 64,
        "verdict": Verdict.TRUE,
        "rulings": {"resent": Verdict.TRUE},
        "paid": Paid(requests=5, tokens=1000, micro_usd=5000),
        "figures": {"replayed_steps": 3, "resent_requests": 1, "resent_by_cause": {"cut: worker died": 1}},
    }
    return Outcome.model_validate(fields | changes)


def plain(place: int | None = 0, **changes: Any) -> PlainOutcome:
    """A script that was started anew twice."""
    fields: dict[str, Any] = {
        "number": 0,
        "place": place,
        "restarts": 0 if place is None else 2,
        "seconds": 9.0 if place is None else 20.0,
        "sha256": "5" * 64,
        "paid": Paid(requests=5, tokens=1000 if place is None else 2500, micro_usd=5000 if place is None else 12000),
    }
    return PlainOutcome.model_validate(fields | changes)
