"""Jobs of any kind as their callers see them: start or find, watch, end.

`jobs.py` and `games.py` say what is particular to each kind. Nothing else knows workflow ids and types.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, ClassVar, Generic, TypeVar

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

from outlast.durable.summaries import JobSummary, describe_job, list_jobs
from outlast.errors import JobFailedError, OutlastError, UnknownJobError, UnreachableError, UsageError
from outlast.hosting.workflow import JobWorkflow
from outlast.job.spec import Budget

SpecT = TypeVar("SpecT")
ProgressT = TypeVar("ProgressT")
ResultT = TypeVar("ResultT")

QUERY_SECONDS = 10
"""How long a worker gets to answer a question; none may be running."""


class JobHandles(ABC, Generic[SpecT, ProgressT, ResultT]):
    """The jobs of one kind in one Temporal namespace.

    Args:
        client: A connection made by `connect`.
        task_queue: Of jobs that name none.
    """

    workflow: ClassVar[Any]
    """The workflow's class."""
    workflow_type: ClassVar[str]
    input_type: ClassVar[type[Any]]
    """What the workflow is started with; it holds the spec as `spec`."""
    noun: ClassVar[str]
    """What a job of this kind is called."""

    def __init__(self, client: Client, task_queue: str) -> None:
        self.client = client
        self._task_queue = task_queue

    @abstractmethod
    def queue_of(self, spec: SpecT) -> str | None:
        """The task queue that a job names."""

    @abstractmethod
    def refuse_another(self, job_id: str, recorded: SpecT, asked: SpecT) -> None:
        """Raise UsageError when an id belongs to a job that is another one than what is asked for."""

    async def start(self, job_id: str, spec: SpecT) -> bool:
        """Start a job; the same id with the same words is the same job, running or ended.

        Returns:
            True when it was started now, False when it was there already.

        Raises:
            UsageError: the id belongs to another job.
        """
        with _translated(job_id):
            try:
                await self.client.start_workflow(
                    self.workflow_type,
                    self.input_type(spec=spec),
                    id=job_id,
                    task_queue=self.queue_of(spec) or self._task_queue,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                )
            except WorkflowAlreadyStartedError:
                self.refuse_another(job_id, await self.spec(job_id), spec)
                return False
        return True

    async def spec(self, job_id: str) -> SpecT:
        """What a job was started with, from the first event of its history.

        Raises:
            UnknownJobError: there is none with this id.
            UsageError: the id belongs to something else.
        """
        with _translated(job_id):
            async for event in self._handle(job_id).fetch_history_events(page_size=1):
                if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
                    begun = event.workflow_execution_started_event_attributes
                    if begun.workflow_type.name != self.workflow_type:
                        raise UsageError(f"The id {job_id!r} belongs to a {begun.workflow_type.name}, no {self.noun}.")
                    payloads = list(begun.input.payloads)
                    (started,) = await self.client.data_converter.decode(payloads, [self.input_type])
                    spec: SpecT = started.spec
                    return spec
        raise UnknownJobError(f"The job {job_id!r} has no history.")

    async def summary(self, job_id: str) -> JobSummary:
        """One job.

        Raises:
            UnknownJobError: there is none with this id.
        """
        return await describe_job(self.client, job_id)

    async def list(self, *, limit: int = 100) -> AsyncIterator[JobSummary]:
        """The jobs of every kind, newest first."""
        async for summary in list_jobs(self.client, limit=limit):
            yield summary

    async def progress(self, job_id: str) -> ProgressT:
        """Where a job is, asked of its workflow: some worker has to run."""
        return await self.ask(job_id, self.workflow.progress)  # type: ignore[no-any-return]

    async def ask(self, job_id: str, question: Any) -> Any:
        """Put a query to the workflow of a job."""
        with _translated(job_id):
            return await self._handle(job_id).query(question, rpc_timeout=timedelta(seconds=QUERY_SECONDS))

    async def tell(self, job_id: str, update: Any, value: Any) -> None:
        """Tell the workflow of a job something that it may refuse.

        Raises:
            UsageError: it does.
        """
        with _translated(job_id):
            await self._handle(job_id).execute_update(update, value)

    async def set_budget(self, job_id: str, budget: Budget) -> None:
        """Replace the budget."""
        await self.tell(job_id, JobWorkflow.set_budget, budget)

    async def suspend(self, job_id: str, suspended: bool) -> None:
        """Suspend or resume."""
        await self.tell(job_id, JobWorkflow.suspend, suspended)

    async def cancel(self, job_id: str) -> None:
        """Cancel: steps under way are given up, nothing recorded is lost."""
        with _translated(job_id):
            await self._handle(job_id).cancel()

    async def result(self, job_id: str) -> ResultT:
        """Wait for the end.

        Raises:
            JobFailedError: it ended without a result; the message says why.
        """
        with _translated(job_id):
            try:
                result: ResultT = await self._handle(job_id).result()
            except WorkflowFailureError as error:
                raise JobFailedError(_why(job_id, error.cause)) from None
        return result

    def _handle(self, job_id: str) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle_for(self.workflow.run, job_id)


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
