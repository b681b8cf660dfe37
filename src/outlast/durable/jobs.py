"""Jobs as their callers see them: start or find, watch, decide, end.

The one place that knows workflow ids and types."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

from temporalio.api.enums.v1 import EventType
from temporalio.client import (
    Client,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, CancelledError, TerminatedError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from outlast.durable.summaries import JobState, JobSummary, describe_job, list_jobs
from outlast.errors import JobFailedError, OutlastError, UnknownJobError, UnreachableError, UsageError
from outlast.job.spec import Budget, ResearchJobSpec
from outlast.research.models import Plan
from outlast.research.state import WORKFLOW_TYPE, Progress, ResearchInput, ResearchResult
from outlast.research.workflow import DeepResearch

__all__ = ["JobState", "JobSummary", "Jobs"]

QUERY_SECONDS = 10
"""How long a worker gets to answer a question; none may be running."""


class Jobs:
    """The jobs of one Temporal namespace.

    Args:
        client: A connection made by `connect`.
        task_queue: Of jobs that name none.
    """

    def __init__(self, client: Client, task_queue: str) -> None:
        self.client = client
        self._task_queue = task_queue

    async def start(self, job_id: str, spec: ResearchJobSpec) -> bool:
        """Start a job; the same id with the same query is the same job, running or ended.

        Returns:
            True when it was started now, False when it was there already.

        Raises:
            UsageError: the id belongs to a job with another query.
        """
        with _translated(job_id):
            try:
                await self.client.start_workflow(
                    WORKFLOW_TYPE,
                    ResearchInput(spec=spec),
                    id=job_id,
                    task_queue=spec.task_queue or self._task_queue,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                )
            except WorkflowAlreadyStartedError:
                existing = await self.spec(job_id)
                if existing.query != spec.query:
                    raise UsageError(
                        f"The id {job_id!r} belongs to a job that asks {existing.query!r}, not {spec.query!r}: "
                        "choose another id, or leave it out for a new one."
                    ) from None
                return False
        return True

    async def spec(self, job_id: str) -> ResearchJobSpec:
        """What a job was started with, from the first event of its history.

        Raises:
            UnknownJobError: there is none with this id.
            UsageError: the id belongs to something else.
        """
        with _translated(job_id):
            async for event in self._handle(job_id).fetch_history_events(page_size=1):
                if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
                    begun = event.workflow_execution_started_event_attributes
                    if begun.workflow_type.name != WORKFLOW_TYPE:
                        raise UsageError(f"The id {job_id!r} belongs to a {begun.workflow_type.name}, no research job.")
                    payloads = list(begun.input.payloads)
                    (started,) = await self.client.data_converter.decode(payloads, [ResearchInput])
                    spec: ResearchJobSpec = started.spec
                    return spec
        raise UnknownJobError(f"The job {job_id!r} has no history.")

    async def summary(self, job_id: str) -> JobSummary:
        """One job.

        Raises:
            UnknownJobError: there is none with this id.
        """
        return await describe_job(self.client, job_id)

    async def list(self, *, limit: int = 100) -> AsyncIterator[JobSummary]:
        """The jobs, newest first."""
        async for summary in list_jobs(self.client, limit=limit):
            yield summary

    async def progress(self, job_id: str) -> Progress:
        """Where a job is, asked of its workflow: some worker has to run."""
        with _translated(job_id):
            return await self._handle(job_id).query(DeepResearch.progress, rpc_timeout=timedelta(seconds=QUERY_SECONDS))

    async def plan(self, job_id: str) -> Plan | None:
        """The plan of a job, None before there is one."""
        with _translated(job_id):
            return await self._handle(job_id).query(DeepResearch.plan, rpc_timeout=timedelta(seconds=QUERY_SECONDS))

    async def approve(self, job_id: str, plan: Plan | None = None) -> None:
        """Approve the plan, or an edited one in its place.

        Raises:
            UsageError: the job awaits no approval, or the edited plan is not valid.
        """
        with _translated(job_id):
            await self._handle(job_id).execute_update(DeepResearch.approve, plan)

    async def reject(self, job_id: str, reason: str) -> None:
        """Reject the plan, which ends the job."""
        with _translated(job_id):
            await self._handle(job_id).execute_update(DeepResearch.reject, reason)

    async def set_budget(self, job_id: str, budget: Budget) -> None:
        """Replace the budget."""
        with _translated(job_id):
            await self._handle(job_id).execute_update(DeepResearch.set_budget, budget)

    async def suspend(self, job_id: str, suspended: bool) -> None:
        """Suspend or resume."""
        with _translated(job_id):
            await self._handle(job_id).execute_update(DeepResearch.suspend, suspended)

    async def cancel(self, job_id: str) -> None:
        """Cancel: steps under way are given up, nothing recorded is lost."""
        with _translated(job_id):
            await self._handle(job_id).cancel()

    async def result(self, job_id: str) -> ResearchResult:
        """Wait for the end.

        Raises:
            JobFailedError: it ended without a report; the message says why.
        """
        with _translated(job_id):
            try:
                return await self._handle(job_id).result()
            except WorkflowFailureError as error:
                raise JobFailedError(_why(job_id, error.cause)) from None

    def _handle(self, job_id: str) -> WorkflowHandle[DeepResearch, ResearchResult]:
        return self.client.get_workflow_handle_for(DeepResearch.run, job_id)


class _translated:  # noqa: N801 - reads as a statement
    """Turns Temporal's words on a job into ours, once for every call."""

    def __init__(self, job_id: str) -> None:
        self._job_id = job_id

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, RPCError):
            raise self._of_server(error) from None
        if isinstance(error, WorkflowUpdateFailedError):
            raise UsageError(f"The job {self._job_id!r} refused: {error.cause}") from None
        if isinstance(error, WorkflowQueryFailedError):
            raise UnreachableError(f"The worker of the job {self._job_id!r} can't answer: {error}.") from None

    def _of_server(self, error: RPCError) -> OutlastError:
        match error.status:
            case RPCStatusCode.NOT_FOUND:
                return UnknownJobError(f"No job {self._job_id!r}: `outlast list` shows those there are.")
            case RPCStatusCode.DEADLINE_EXCEEDED | RPCStatusCode.CANCELLED | RPCStatusCode.FAILED_PRECONDITION:
                return UnreachableError(f"No worker answers for the job {self._job_id!r}: is one running?")
            case _:
                return UnreachableError(f"Temporal does not answer on the job {self._job_id!r}: {error.message}.")


def _why(job_id: str, cause: BaseException) -> str:
    match cause:
        case CancelledError():
            return f"The job {job_id!r} was cancelled."
        case TerminatedError():
            return f"The job {job_id!r} was terminated: {cause}."
        case ApplicationError():
            return f"The job {job_id!r} failed: {cause.message}"
        case _:
            return f"The job {job_id!r} failed: {cause}"
