from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from temporalio.api.enums.v1 import EventType, PendingActivityState
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from outlast.chaos.history import read_job
from outlast.chaos.records import Failed, Status
from outlast.errors import UnknownJobError, UnreachableError

from .evidence import CONVERTER, Evidence

CALM = Evidence.load(Path(__file__).parent / "data" / "calm.json")


@dataclass
class Server:
    """Stands in for a client: histories by run id, and what is pending in the last one."""

    runs: dict[str, list[HistoryEvent]]
    pending: list[PendingActivityInfo] = field(default_factory=list)
    error: RPCError | None = None
    data_converter: Any = CONVERTER

    def get_workflow_handle(self, _: str, run_id: str | None = None) -> Any:
        async def describe() -> Any:
            if self.error is not None:
                raise self.error
            raw = SimpleNamespace(pending_activities=self.pending)
            return SimpleNamespace(run_id=list(self.runs)[-1], raw_description=raw)

        async def fetch_history_events() -> AsyncIterator[HistoryEvent]:
            if run_id not in self.runs:
                raise RPCError("gone", RPCStatusCode.NOT_FOUND, b"")
            for event in self.runs[run_id]:
                yield event

        return SimpleNamespace(describe=describe, fetch_history_events=fetch_history_events)

    @property
    def client(self) -> Client:
        """As the reader wants it."""
        return cast("Client", self)


def events() -> list[HistoryEvent]:
    (found,) = CALM.copy().runs.values()
    return found


def test_the_evidence_holds_no_host_and_no_path() -> None:
    text = (Path(__file__).parent / "data" / "stormy.json").read_text()
    assert "site-packages" not in text
    assert "stackTrace" not in text


async def test_a_job_is_read_with_its_answers_usage_and_report() -> None:
    job = await read_job(Server({"run-1": events()}).client, CALM.job)
    assert (job.status, job.unread, job.runs[0].flaws) == (Status.COMPLETED, (), ())
    answers = [step.answer for step in job.steps if step.asks_model]
    assert len(answers) == 5
    assert all(answer is not None and answer.model == "large" and answer.cost_usd for answer in answers)
    assert job.usage is not None
    assert sorted(job.usage) == ["analyst", "planner", "searcher"]
    assert job.report_sha256 is not None
    assert len(job.report_sha256) == 64


async def test_runs_are_followed_back_to_the_first() -> None:
    first, second, third = events()[:3], events(), events()
    second[0].workflow_execution_started_event_attributes.continued_execution_run_id = "run-1"
    third[0].workflow_execution_started_event_attributes.continued_execution_run_id = "run-2"
    job = await read_job(Server({"run-1": first, "run-2": second, "run-3": third}).client, CALM.job)
    assert [run.run for run in job.runs] == ["run-1", "run-2", "run-3"]
    assert len(job.steps) == 2 * len(job.runs[-1].steps)


async def test_a_run_that_is_gone_is_said() -> None:
    last = events()
    last[0].workflow_execution_started_event_attributes.continued_execution_run_id = "run-1"
    job = await read_job(Server({"run-2": last}).client, CALM.job)
    assert job.unread == ("the run run-1 can't be read: gone",)


async def test_a_pending_step_has_the_attempts_that_began() -> None:
    scheduled = [event for event in events() if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED]
    until = events()[: scheduled[1].event_id]
    activity = scheduled[1].activity_task_scheduled_event_attributes.activity_id
    info = PendingActivityInfo(activity_id=activity, attempt=3, last_worker_identity="worker-2")
    info.last_failure.application_failure_info.type = "ModelHTTPError"
    for state, attempt in (("STARTED", 3), ("SCHEDULED", 2)):
        info.state = PendingActivityState.Value(f"PENDING_ACTIVITY_STATE_{state}")
        job = await read_job(Server({"run-1": until}, [info]).client, CALM.job)
        assert job.status is Status.RUNNING
        assert (job.steps[-1].attempt, job.steps[-1].failures) == (attempt, {2: Failed("ModelHTTPError")})


async def test_a_response_and_a_result_that_can_not_be_read_are_said() -> None:
    broken = events()
    done = [event for event in broken if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED]
    done[1].activity_task_completed_event_attributes.result.payloads[0].data = b"{"
    broken[-1].workflow_execution_completed_event_attributes.result.payloads[0].data = b"{"
    job = await read_job(Server({"run-1": broken}).client, CALM.job)
    assert job.usage is None
    assert len(job.unread) == 2
    assert job.unread[0].startswith(f"the response in event {done[1].event_id} can't be read")


@pytest.mark.parametrize(
    ("status", "error"), [(RPCStatusCode.NOT_FOUND, UnknownJobError), (RPCStatusCode.UNAVAILABLE, UnreachableError)]
)
async def test_errors_of_the_server_are_ours(status: RPCStatusCode, error: type[Exception]) -> None:
    with pytest.raises(error):
        await read_job(Server({}, error=RPCError("no", status, b"")).client, "job")
