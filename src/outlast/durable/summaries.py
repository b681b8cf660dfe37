"""Jobs as lists show them, read from visibility alone: no worker is asked, and no payload is read.

Apart from `jobs.py` so that `outlast list` and `outlast status` answer without loading agents and models.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError, RPCStatusCode

from outlast.errors import UnknownJobError, UnreachableError
from outlast.games.spec import WORKFLOW_TYPE as GAME
from outlast.hosting.progress import PROGRESS_ATTRIBUTE, STAGE_ATTRIBUTE
from outlast.research.state import WORKFLOW_TYPE as RESEARCH
from outlast.usage.meter import Usage

_STAGE = SearchAttributeKey.for_keyword(STAGE_ATTRIBUTE)
_PROGRESS = SearchAttributeKey.for_keyword(PROGRESS_ATTRIBUTE)


_ANY_KIND = f"WorkflowType IN ('{RESEARCH}', '{GAME}')"


class JobState(StrEnum):
    """Whether a job goes on, and how it ended."""

    RUNNING = "Running"
    COMPLETE = "Complete"
    FAILED = "Failed"
    CANCELLED = "Cancelled"


_STATES = {
    WorkflowExecutionStatus.COMPLETED: JobState.COMPLETE,
    WorkflowExecutionStatus.CANCELED: JobState.CANCELLED,
    WorkflowExecutionStatus.TERMINATED: JobState.CANCELLED,
    WorkflowExecutionStatus.FAILED: JobState.FAILED,
    WorkflowExecutionStatus.TIMED_OUT: JobState.FAILED,
}


@dataclass(frozen=True, slots=True)
class JobSummary:
    """One job as a list shows it."""

    id: str
    kind: str
    """Workflow type: `DeepResearch` or `TwentyQuestions`."""
    state: JobState
    stage: str
    """Where it is, or was when it ended; empty before its first step."""
    progress: str
    """As `hosting.progress.progress_word` writes it; empty before its first step."""
    task_queue: str
    """Which workers work on it."""
    started: datetime
    ended: datetime | None
    history_events: int
    history_bytes: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What a progress word says."""

    done: int
    """Searches that ended, or questions that were answered."""
    planned: int
    usage: Usage


def figures(word: str) -> Figures | None:
    """Read a progress word; None for one that is empty, or that another version wrote."""
    try:
        _, searches, requests, input_tokens, output_tokens, cost = word.split()
        done, planned = searches.split("/")
        usage = Usage(
            requests=int(requests),
            input_tokens=int(input_tokens),
            output_tokens=int(output_tokens),
            cost_usd=Decimal(cost),
        )
        return Figures(int(done), int(planned), usage)
    except (ValueError, ArithmeticError):
        return None


async def describe_job(client: Client, job_id: str) -> JobSummary:
    """One job.

    Raises:
        UnknownJobError: there is none with this id.
        UnreachableError: the server does not answer.
    """
    try:
        return summary_of(await client.get_workflow_handle(job_id).describe())
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise UnknownJobError(f"No job {job_id!r}: `outlast list` shows those there are.") from None
        raise UnreachableError(f"Temporal does not answer on the job {job_id!r}: {error.message}.") from None


async def list_jobs(client: Client, *, limit: int = 100) -> AsyncIterator[JobSummary]:
    """The jobs of a namespace, newest first."""
    async for execution in client.list_workflows(_ANY_KIND, limit=limit):
        yield summary_of(execution)


def summary_of(execution: WorkflowExecution) -> JobSummary:
    """Read one execution."""
    attributes = execution.typed_search_attributes
    return JobSummary(
        id=execution.id,
        kind=execution.workflow_type,
        state=_STATES.get(execution.status, JobState.RUNNING) if execution.status else JobState.RUNNING,
        stage=attributes.get(_STAGE) or "",
        progress=attributes.get(_PROGRESS) or "",
        task_queue=execution.task_queue,
        started=execution.start_time,
        ended=execution.close_time,
        history_events=execution.history_length,
        history_bytes=execution.raw_info.history_size_bytes,
    )
