"""Small records of jobs that workers shared, with times that are easy to read off."""

from __future__ import annotations

from typing import Any

from outlast.chaos.records import Answer, End, Ending, JobRecord, Pickup, RunRecord, Status, StepRecord

JOB, RUN = "peru", "run-1"
PLANNER = "agent__planner__model_request"
SEARCHER = "agent__searcher__model_request"
SEARCH = "agent__searcher__toolset__sources__call_tool"
ONE, TWO = "100@host@7", "200@host@9"
POD = "worker-6d5f7-abcde/01234567-89ab-cdef-0123-456789abcdef"


def step(activity: str = "1", *, recorded: float | None = 103.0, **changes: Any) -> StepRecord:
    """A planner's request, asked for at 100, begun at 101 and recorded at 103, on the first try."""
    fields: dict[str, Any] = {
        "run": RUN,
        "activity": activity,
        "kind": PLANNER,
        "event": int(activity),
        "scheduled": 100.0,
        "attempt": 1,
        "started": 101.0,
        "worker": ONE,
        "ends": () if recorded is None else (End(90 + int(activity), Ending.COMPLETED, recorded),),
    }
    return StepRecord(**{**fields, **changes})


def answer(cost: Any = None, tokens: tuple[int, int] = (100, 20)) -> Answer:
    """What a model said of itself."""
    return Answer("large", "id", *tokens, cost)


def run(*steps: StepRecord, **changes: Any) -> RunRecord:
    """A run that the first worker began at 100."""
    fields: dict[str, Any] = {
        "run": RUN,
        "status": Status.COMPLETED,
        "events": 9,
        "began": 100.0,
        "steps": steps,
        "pickups": (Pickup(100.0, ONE, 0, 0.01),),
    }
    return RunRecord(**{**fields, **changes})


def job(*steps: StepRecord, runs: tuple[RunRecord, ...] | None = None, name: str = JOB, **changes: Any) -> JobRecord:
    """A job of one run, or of those that are given."""
    read_at = changes.pop("read_at", 0.0)
    unread = changes.pop("unread", ())
    return JobRecord(job=name, runs=runs or (run(*steps, **changes),), read_at=read_at, unread=unread)
