"""From the raw events of one run to its record. Pure: a mutated list of events is judged like a real one.

Temporal writes the start of an activity only when it ends, and only for the last attempt; the failure of the attempt
before rides along. Whatever does not fit together is kept as a flaw, never repaired.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence

from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.enums.v1 import EventType, TimeoutType
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent

from outlast.chaos.records import Answer, End, Ending, Failed, Pickup, RunRecord, Silence, Status, StepRecord
from outlast.durable.takeover import HAND_ON, WORKER_DIED

MESSAGE_CHARACTERS = 200
"""Of a failure's message that are kept: evidence, not a log."""

_CLOSED = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED: Status.COMPLETED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED: Status.FAILED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT: Status.TIMED_OUT,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED: Status.CANCELLED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED: Status.TERMINATED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW: Status.CONTINUED,
}


def run_record(run: str, events: Sequence[HistoryEvent], answers: Mapping[int, Answer]) -> RunRecord:
    """Record a run.

    Args:
        run: Its id.
        events: All of them, in the order of the history.
        answers: Decoded model responses, by the id of the event that recorded them.
    """
    reading = _Reading(run, answers)
    for event in events:
        reading.read(event)
    return RunRecord(
        run=run,
        status=reading.status,
        events=len(events),
        began=min((seconds(event.event_time) for event in events), default=0.0),
        flaws=(*_gaps(event.event_id for event in events), *reading.flaws),
        steps=tuple(reading.steps.values()),
        pickups=tuple(reading.pickups),
        silences=tuple(reading.silences),
    )


def seconds(time: Timestamp) -> float:
    """Epoch seconds of a protobuf timestamp."""
    return time.seconds + time.nanos / 1e9


def failures_before(attempt: int, failure: Failure) -> dict[int, Failed]:
    """Why the attempts before one failed, as far as the failure that rides along with it tells."""
    found: dict[int, Failed] = {}
    number = attempt - 1
    while number > 0:
        found[number] = _failed(failure)
        # The cause of any other failure is an exception of the same attempt.
        if found[number].type not in HAND_ON or not failure.HasField("cause"):
            break
        failure, number = failure.cause, number - 1
    return found


class _Reading:
    """The state of one pass over a history."""

    def __init__(self, run: str, answers: Mapping[int, Answer]) -> None:
        self._run = run
        self._answers = answers
        self.status = Status.RUNNING
        self.steps: dict[int, StepRecord] = {}
        self.pickups: list[Pickup] = []
        self.silences: list[Silence] = []
        self.flaws: list[str] = []
        self._worker: str | None = None
        self._lost_worker = False
        self._seen: dict[str, float] = {}
        self._by_type: dict[int, Callable[[HistoryEvent], None]] = {
            EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: self._scheduled,
            EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED: self._started,
            EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED: self._completed,
            EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED: self._ended(
                Ending.FAILED, lambda event: event.activity_task_failed_event_attributes.scheduled_event_id
            ),
            EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT: self._ended(
                Ending.TIMED_OUT, lambda event: event.activity_task_timed_out_event_attributes.scheduled_event_id
            ),
            EventType.EVENT_TYPE_ACTIVITY_TASK_CANCELED: self._ended(
                Ending.CANCELLED, lambda event: event.activity_task_canceled_event_attributes.scheduled_event_id
            ),
            EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED: self._task_started,
            EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED: self._task_completed,
            EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT: self._task_lost,
            EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED: self._task_failed,
        }

    def read(self, event: HistoryEvent) -> None:
        if self.status is not Status.RUNNING:
            self.flaws.append(f"event {event.event_id} follows the end of the run")
        if event.event_type in _CLOSED:
            self.status = _CLOSED[event.event_type]
        elif handle := self._by_type.get(event.event_type):
            handle(event)

    def _scheduled(self, event: HistoryEvent) -> None:
        asked = event.activity_task_scheduled_event_attributes
        if any(step.activity == asked.activity_id for step in self.steps.values()):
            self.flaws.append(f"activity {asked.activity_id} is scheduled twice, again by event {event.event_id}")
        self.steps[event.event_id] = StepRecord(
            run=self._run,
            activity=asked.activity_id,
            kind=asked.activity_type.name,
            event=event.event_id,
            scheduled=seconds(event.event_time),
        )

    def _started(self, event: HistoryEvent) -> None:
        told = event.activity_task_started_event_attributes
        at = seconds(event.event_time)
        self._saw(told.identity, at)
        step = self._step(event, told.scheduled_event_id)
        if step is None:
            return
        if step.started is not None:
            self.flaws.append(f"step {step} is started twice, again by event {event.event_id}")
        self.steps[step.event] = dataclasses.replace(
            step,
            attempt=told.attempt,
            started=at,
            worker=told.identity,
            failures=failures_before(told.attempt, told.last_failure) if told.HasField("last_failure") else {},
        )

    def _completed(self, event: HistoryEvent) -> None:
        told = event.activity_task_completed_event_attributes
        self._saw(told.identity, seconds(event.event_time))
        step = self._end(event, told.scheduled_event_id, Ending.COMPLETED)
        if step is not None and event.event_id in self._answers:
            self.steps[step.event] = dataclasses.replace(step, answer=self._answers[event.event_id])

    def _ended(self, ending: Ending, scheduled_by: Callable[[HistoryEvent], int]) -> Callable[[HistoryEvent], None]:
        def handle(event: HistoryEvent) -> None:
            self._end(event, scheduled_by(event), ending)

        return handle

    def _end(self, event: HistoryEvent, scheduled: int, ending: Ending) -> StepRecord | None:
        step = self._step(event, scheduled)
        if step is None:
            return None
        if step.started is None and ending in (Ending.COMPLETED, Ending.FAILED):
            self.flaws.append(f"step {step} is {ending} by event {event.event_id}, but nothing says that it started")
        end = End(event=event.event_id, ending=ending, at=seconds(event.event_time))
        # What ends before it starts has no attempt.
        ended = dataclasses.replace(step, ends=(*step.ends, end), attempt=step.attempt or 0)
        self.steps[step.event] = ended
        return ended

    def _step(self, event: HistoryEvent, scheduled: int) -> StepRecord | None:
        step = self.steps.get(scheduled)
        if step is None:
            self.flaws.append(f"event {event.event_id} speaks of an activity that no event scheduled")
        return step

    def _task_started(self, event: HistoryEvent) -> None:
        worker = event.workflow_task_started_event_attributes.identity
        at = seconds(event.event_time)
        # A container that restarts in its pod signs as before: a task that timed out tells all the same.
        if worker != self._worker or self._lost_worker:
            replayed = sum(step.completed is not None for step in self.steps.values())
            self.pickups.append(Pickup(at, worker, replayed))
        self._worker, self._lost_worker = worker, False
        self._saw(worker, at)

    def _task_completed(self, event: HistoryEvent) -> None:
        worker, at = event.workflow_task_completed_event_attributes.identity, seconds(event.event_time)
        self._saw(worker, at)
        if self.pickups and self.pickups[-1].seconds is None and self.pickups[-1].worker == worker:
            self.pickups[-1] = dataclasses.replace(self.pickups[-1], seconds=at - self.pickups[-1].at)

    def _task_failed(self, event: HistoryEvent) -> None:
        failure = event.workflow_task_failed_event_attributes.failure
        if failure.application_failure_info.type == WORKER_DIED:
            self._task_lost(event)

    def _task_lost(self, event: HistoryEvent) -> None:
        if self._worker is not None:
            since = self._seen.get(self._worker, seconds(event.event_time))
            self.silences.append(Silence(since, seconds(event.event_time), self._worker))
            self._lost_worker = True

    def _saw(self, worker: str, at: float) -> None:
        self._seen[worker] = max(at, self._seen.get(worker, at))


def _failed(failure: Failure) -> Failed:
    message = " ".join(failure.message.split())[:MESSAGE_CHARACTERS]
    match failure.WhichOneof("failure_info"):
        case "application_failure_info":
            return Failed(failure.application_failure_info.type, message)
        case "timeout_failure_info":
            name = TimeoutType.Name(failure.timeout_failure_info.timeout_type)
            return Failed(name.removeprefix("TIMEOUT_TYPE_"), message, timed_out=True)
        case other:
            return Failed(str(other or "failure").removesuffix("_failure_info"), message)


def _gaps(ids: Iterable[int]) -> list[str]:
    flaws: list[str] = []
    expected = 1
    for event in ids:
        if event > expected:
            flaws.append(f"events {expected} to {event - 1} are missing")
        elif event < expected:
            flaws.append(f"event {event} stands where event {expected} belongs")
        expected = event + 1
    return flaws
