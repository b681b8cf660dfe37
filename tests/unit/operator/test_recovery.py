"""The figures of recovery, read from histories that are written here event by event."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.failure.v1 import ApplicationFailureInfo, Failure, TimeoutFailureInfo
from temporalio.api.history.v1 import HistoryEvent

from outlast.chaos.check import check
from outlast.chaos.events import run_record
from outlast.chaos.join import LedgerCopy
from outlast.control.recovery import recovery
from outlast.durable.takeover import WORKER_DIED
from tests.unit.chaos.evidence import Evidence

RECORDED = Path(__file__).parents[1] / "chaos" / "data"

MODEL, TOOL = "agent__planner__model_request", "agent__searcher__call_tool"
DIED = Failure(application_failure_info=ApplicationFailureInfo(type=WORKER_DIED))
DIED_TWICE = Failure(application_failure_info=ApplicationFailureInfo(type=WORKER_DIED), cause=DIED)
MISSED = Failure(timeout_failure_info=TimeoutFailureInfo())
REFUSED = Failure(application_failure_info=ApplicationFailureInfo(type="RateLimited"))


class History:
    """A history under construction."""

    def __init__(self) -> None:
        self.events: list[HistoryEvent] = []

    def task(self, worker: str) -> History:
        """A workflow task that a worker completed."""
        self.began(worker)
        return self._add(EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED, workflow_task_completed={"identity": worker})

    def began(self, worker: str) -> History:
        """A workflow task that a worker took, and perhaps did not live to complete."""
        return self._add(EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED, workflow_task_started={"identity": worker})

    def step(self, kind: str = MODEL, *, attempt: int = 1, failure: Failure | None = None) -> History:
        """A step that completed, with what the attempt before it ended by."""
        self._add(
            EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED, activity_task_scheduled={"activity_type": {"name": kind}}
        )
        scheduled = len(self.events)
        started: dict[str, Any] = {"scheduled_event_id": scheduled, "attempt": attempt, "last_failure": failure}
        self._add(EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED, activity_task_started=started)
        completed = {"scheduled_event_id": scheduled}
        return self._add(EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED, activity_task_completed=completed)

    def _add(self, kind: EventType.ValueType, **attributes: dict[str, Any]) -> History:
        named = {f"{name}_event_attributes": value for name, value in attributes.items()}
        event = HistoryEvent(event_id=len(self.events) + 1, event_type=kind, **named)  # type: ignore[arg-type]
        event.event_time.FromSeconds(1_000 + len(self.events))
        self.events.append(event)
        return self


@pytest.mark.parametrize(
    ("history", "figures"),
    [
        pytest.param(History().task("a").step().task("a").step(), (0, 0, 0, 0), id="a quiet life"),
        pytest.param(
            History().task("a").step().step(attempt=2, failure=DIED).task("b").step().task("b"),
            (1, 2, 1, 1),
            id="a worker that was reported dead in a request",
        ),
        pytest.param(
            History().task("a").step(attempt=2, failure=MISSED).task("b"),
            (1, 1, 1, 1),
            id="a worker that fell silent in a request",
        ),
        pytest.param(
            History().task("a").step(TOOL, attempt=2, failure=DIED).task("b"),
            (1, 1, 1, 0),
            id="a worker that died in a search sends no request again",
        ),
        pytest.param(
            History().task("a").step(attempt=3, failure=REFUSED).task("a"),
            (0, 0, 2, 0),
            id="a provider that said no twice is no interruption",
        ),
        pytest.param(
            History().task("a").step().task("b").step().task("c"),
            (2, 3, 0, 0),
            id="each resumption reads all that was recorded before it",
        ),
        pytest.param(
            History().task("a").step(attempt=3, failure=DIED_TWICE).task("b"),
            (1, 1, 2, 2),
            id="two workers that died in one request",
        ),
        pytest.param(
            History().task("a").step().began("b").began("c").task("c"),
            (2, 2, 0, 0),
            id="a worker that took it up and died over it",
        ),
    ],
)
def test_figures(history: History, figures: tuple[int, int, int, int]) -> None:
    found = recovery([run_record("run", history.events, {})])
    assert (found.resumptions, found.replayed_steps, found.retried_attempts, found.resent_requests) == figures
    interrupted = found.resumptions + found.resent_requests > 0
    assert (found.last_interruption_time is not None) is interrupted


def test_the_figures_of_a_job_are_those_of_all_its_runs() -> None:
    first = run_record("one", History().task("a").step().task("b").events, {})
    second = run_record("two", History().task("b").step(attempt=2, failure=DIED).task("c").events, {})
    found = recovery([first, second])
    assert (found.resumptions, found.replayed_steps, found.resent_requests) == (2, 2, 1)


@pytest.mark.parametrize("name", ["calm", "stormy"])
async def test_a_status_tells_what_the_checker_counts(name: str) -> None:
    """Of a job that nothing happened to, and of one whose workers were killed again and again."""
    evidence = Evidence.load(RECORDED / f"{name}.json")
    record = await evidence.record()
    told, counted = recovery(record.runs), check([record], [LedgerCopy("ledger", tuple(evidence.rows))]).figures
    assert (told.resumptions, told.replayed_steps) == (counted.resumptions, counted.replayed_steps)
    assert told.retried_attempts == counted.retried_attempts
    # The checker counts searches too, and knows from the ledger what was cut before it was sent.
    assert told.resent_requests <= counted.resent_requests + counted.silent_attempts
    assert (told.resumptions > 0) is (name == "stormy")
