"""Reads the histories of jobs from Temporal: every page of every run, and what is pending in the last one."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence

from pydantic_ai.messages import ModelResponse
from temporalio.api.enums.v1 import EventType, PendingActivityState
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import Client
from temporalio.converter import DataConverter
from temporalio.service import RPCError, RPCStatusCode

from outlast.chaos.digest import outcome_sha256
from outlast.chaos.events import failures_before, run_record, seconds
from outlast.chaos.records import MODEL_STEPS, Answer, JobRecord, RunRecord, Status, StepRecord
from outlast.errors import UnknownJobError, UnreachableError
from outlast.games.models import GameResult
from outlast.games.spec import WORKFLOW_TYPE as GAME
from outlast.research.state import WORKFLOW_TYPE, ResearchResult
from outlast.usage.meter import Usage

RESULTS: dict[str, type[ResearchResult | GameResult]] = {WORKFLOW_TYPE: ResearchResult, GAME: GameResult}
"""What a job of each workflow type ends with."""


async def read_job(client: Client, job: str) -> JobRecord:
    """Read a job, running or ended.

    Raises:
        UnknownJobError: Temporal knows no job with this id.
        UnreachableError: Temporal does not answer.
    """
    read_at = time.time()
    try:
        # Pending attempts first: an attempt that a ledger knows by then is not newer than what is read here.
        described = await client.get_workflow_handle(job).describe()
        last = await _events(client, job, described.run_id)
    except RPCError as error:
        raise _translated(job, error) from None
    unread: list[str] = []
    runs = [await _run(client.data_converter, described.run_id, last, unread)]
    runs[0] = _with_pending(runs[0], described.raw_description.pending_activities)
    usage, digest = await _result(client.data_converter, last, unread)
    while (before := _continued_from(last)) is not None:
        try:
            last = await _events(client, job, before)
        except RPCError as error:
            unread.append(f"the run {before} can't be read: {error.message}")
            break
        runs.insert(0, await _run(client.data_converter, before, last, unread))
    return JobRecord(
        job=job,
        runs=tuple(runs),
        usage=usage,
        report_sha256=digest,
        read_at=read_at,
        unread=tuple(unread),
    )


async def job_record(converter: DataConverter, job: str, runs: Mapping[str, Sequence[HistoryEvent]]) -> JobRecord:
    """The record of histories that were read elsewhere, such as from files.

    Args:
        converter: Decodes payloads.
        job: The job.
        runs: Events by run id, oldest run first.
    """
    unread: list[str] = []
    records = [await _run(converter, run, events, unread) for run, events in runs.items()]
    usage, digest = await _result(converter, list(runs.values())[-1], unread) if runs else (None, None)
    return JobRecord(job=job, runs=tuple(records), usage=usage, report_sha256=digest, unread=tuple(unread))


async def _events(client: Client, job: str, run: str | None) -> list[HistoryEvent]:
    handle = client.get_workflow_handle(job, run_id=run)
    return [event async for event in handle.fetch_history_events()]


async def _run(
    converter: DataConverter, run: str | None, events: Sequence[HistoryEvent], unread: list[str]
) -> RunRecord:
    return run_record(run or "", events, await _answers(converter, events, unread))


async def _answers(converter: DataConverter, events: Sequence[HistoryEvent], unread: list[str]) -> dict[int, Answer]:
    kinds = {
        event.event_id: event.activity_task_scheduled_event_attributes.activity_type.name
        for event in events
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    }
    answers: dict[int, Answer] = {}
    for event in events:
        told = event.activity_task_completed_event_attributes
        if event.event_type != EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
            continue
        if not kinds.get(told.scheduled_event_id, "").endswith(MODEL_STEPS):
            continue
        try:
            (response,) = await converter.decode(list(told.result.payloads), [ModelResponse])
            answers[event.event_id] = _answer(response)
        except Exception as error:  # noqa: BLE001 - whatever a codec or a store raises: the rest can still be checked
            unread.append(f"the response in event {event.event_id} can't be read: {error}")
    return answers


def _answer(response: ModelResponse) -> Answer:
    return Answer(
        model=response.model_name or "",
        response_id=response.provider_response_id or "",
        input_tokens=response.usage.input_tokens,
        output_tokens=response.usage.output_tokens,
        cost_usd=response.usage.cost,
    )


async def _result(
    converter: DataConverter, events: Sequence[HistoryEvent], unread: list[str]
) -> tuple[Mapping[str, Usage] | None, str | None]:
    kind = events[0].workflow_execution_started_event_attributes.workflow_type.name if events else ""
    end = next((e for e in events if e.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED), None)
    if end is None or kind not in RESULTS:
        return None, None
    payloads = end.workflow_execution_completed_event_attributes.result.payloads
    try:
        (result,) = await converter.decode(list(payloads), [RESULTS[kind]])
    except Exception as error:  # noqa: BLE001 - as above
        unread.append(f"the result can't be read: {error}")
        return None, None
    return result.usage, outcome_sha256(result)


def _continued_from(events: Sequence[HistoryEvent]) -> str | None:
    if not events:
        return None
    return events[0].workflow_execution_started_event_attributes.continued_execution_run_id or None


def _with_pending(run: RunRecord, pending: Sequence[PendingActivityInfo]) -> RunRecord:
    """Attempts of steps that have no event yet, as the server describes them."""
    if run.status is not Status.RUNNING:
        return run
    by_activity = {info.activity_id: info for info in pending}
    steps = tuple(
        _begun(step, by_activity[step.activity]) if not step.ends and step.activity in by_activity else step
        for step in run.steps
    )
    return dataclasses.replace(run, steps=steps)


def _begun(step: StepRecord, info: PendingActivityInfo) -> StepRecord:
    waits = info.state == PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
    return dataclasses.replace(
        step,
        attempt=info.attempt - 1 if waits else info.attempt,
        started=seconds(info.last_started_time) if info.HasField("last_started_time") else None,
        worker=info.last_worker_identity or None,
        failures=failures_before(info.attempt, info.last_failure) if info.HasField("last_failure") else {},
    )


def _translated(job: str, error: RPCError) -> Exception:
    if error.status is RPCStatusCode.NOT_FOUND:
        return UnknownJobError(f"No job {job!r}: `outlast list` shows those there are.")
    return UnreachableError(f"Temporal does not answer for the job {job!r}: {error.message}.")
