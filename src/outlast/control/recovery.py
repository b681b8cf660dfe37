"""Reads from a job's history what it outlived.

It is the reader of the checker that reads, so that what a status says of a job is what `outlast prove` counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from outlast.chaos.events import run_record
from outlast.chaos.records import RunRecord, StepRecord
from outlast.control.temporal import TemporalUnreachableError
from outlast.durable.takeover import HAND_ON
from outlast.job.status import RecoveryStatus


async def recovery_of(client: Client, workflow_id: str, run_id: str) -> RecoveryStatus | None:
    """The figures of a job, over all runs that it continued as; None when its history is gone.

    Raises:
        TemporalUnreachableError: Temporal does not answer.
    """
    runs: list[RunRecord] = []
    while run_id:
        handle = client.get_workflow_handle(workflow_id, run_id=run_id)
        try:
            events = [event async for event in handle.fetch_history_events()]
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                break  # older runs go before newer ones
            raise TemporalUnreachableError(f"Temporal does not answer: {error.message or error.status.name}.") from None
        runs.insert(0, run_record(run_id, events, {}))
        run_id = _continued_from(events)
    return recovery(runs) if runs else None


def recovery(runs: Iterable[RunRecord]) -> RecoveryStatus:
    """The figures of runs."""
    runs = list(runs)
    again = [pickup for run in runs for pickup in run.pickups[1:]]
    steps = [step for run in runs for step in run.steps]
    cut = [(step, _attempts_lost(step)) for step in steps]
    times = [pickup.at for pickup in again] + [step.started for step, lost in cut if lost and step.started is not None]
    return RecoveryStatus(
        resumptions=len(again),
        replayed_steps=sum(pickup.replayed for pickup in again),
        retried_attempts=sum(max(0, (step.attempt or 0) - 1) for step in steps),
        resent_requests=sum(lost for step, lost in cut if step.asks_model),
        last_interruption_time=datetime.fromtimestamp(int(max(times)), UTC) if times else None,
    )


def _attempts_lost(step: StepRecord) -> int:
    """Attempts that ended since their worker was gone, or too slow to say that it was not."""
    return sum(failed.timed_out or failed.type in HAND_ON for failed in step.failures.values())


def _continued_from(events: Sequence[HistoryEvent]) -> str:
    return events[0].workflow_execution_started_event_attributes.continued_execution_run_id if events else ""
