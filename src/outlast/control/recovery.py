"""Reads from a workflow's history what it outlived.

A worker that is lost leaves two marks: an attempt at a step that ended by a missed heartbeat or was failed from
outside, and workflow tasks that another process takes up. Both stand in the history, so the figures can be proved: what
counts as taken up is decided by the checker's own reader, and `outlast prove` tells the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from outlast.chaos.events import run_record, seconds
from outlast.control.temporal import TemporalUnreachableError
from outlast.durable.takeover import WORKER_DIED
from outlast.job.status import RecoveryStatus

_MODEL_REQUEST = "model_request"
"""Part of the type name of every model request (Pydantic AI's `agent__NAME__model_request`)."""


async def recovery_of(run: WorkflowHandle[Any, Any]) -> RecoveryStatus | None:
    """The figures of one run; None when its history is gone."""
    try:
        return recovery([event async for event in run.fetch_history_events()])
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise TemporalUnreachableError(f"Temporal does not answer: {error.message or error.status.name}.") from None


def recovery(events: Iterable[HistoryEvent]) -> RecoveryStatus:
    """The figures of a history."""
    events = list(events)
    pickups = run_record("", events, {}).pickups[1:]
    kinds: dict[int, str] = {}
    retried = resent = 0
    last = max((_moment(pickup.at) for pickup in pickups), default=None)
    for event in events:
        match event.event_type:
            case EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
                kinds[event.event_id] = event.activity_task_scheduled_event_attributes.activity_type.name
            case EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
                started = event.activity_task_started_event_attributes
                retried += started.attempt - 1
                if started.attempt > 1 and _worker_lost(started.last_failure):
                    last = max(filter(None, (last, _moment(seconds(event.event_time)))))
                    resent += _MODEL_REQUEST in kinds.get(started.scheduled_event_id, "")
    return RecoveryStatus(
        resumptions=len(pickups),
        replayed_steps=sum(pickup.replayed for pickup in pickups),
        retried_attempts=retried,
        resent_requests=resent,
        last_interruption_time=last,
    )


def _worker_lost(failure: Failure) -> bool:
    return failure.HasField("timeout_failure_info") or failure.application_failure_info.type == WORKER_DIED


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(int(at), UTC)
