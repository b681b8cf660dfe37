"""Workflows as the operator sees them: start, list, describe, end. Temporal's words are translated here alone."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import TaskQueueType, WorkflowExecutionStatus
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflow.v1 import WorkflowExecutionInfo
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    DescribeWorkflowExecutionRequest,
    ListWorkflowExecutionsRequest,
)
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.converter import PayloadConverter
from temporalio.exceptions import (
    ApplicationError,
    CancelledError,
    FailureError,
    TerminatedError,
    WorkflowAlreadyStartedError,
)
from temporalio.service import RPCError, RPCStatusCode

from outlast.errors import UnreachableError
from outlast.hosting.workflow import PROGRESS, STAGE
from outlast.job.observed import ABSENT, Failure, FailureKind, Workflow, WorkflowState
from outlast.job.plan import DEADLINE_REASON
from outlast.job.spec import Approval, ResearchJobSpec, ResultPlace
from outlast.job.status import ProgressStatus, UsageStatus
from outlast.research.state import WORKFLOW_TYPE, ResearchInput, ResearchResult
from outlast.research.workflow import DeepResearch
from outlast.telemetry.ids import trace_id
from outlast.telemetry.tracing import is_asked_for

Handle: TypeAlias = WorkflowHandle[DeepResearch, ResearchResult]

RPC_TIMEOUT = timedelta(seconds=10)
"""What one call may take: Temporal answers in milliseconds, or is away."""

PAGE = 1_000
"""Workflows a page of a sweep."""

_STATES = {
    WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING: WorkflowState.RUNNING,
    WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_PAUSED: WorkflowState.RUNNING,
    WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW: WorkflowState.RUNNING,
    WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_COMPLETED: WorkflowState.COMPLETED,
    WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_FAILED: WorkflowState.FAILED,
    WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_CANCELED: WorkflowState.CANCELLED,
    WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_TERMINATED: WorkflowState.TERMINATED,
    WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_TIMED_OUT: WorkflowState.TIMED_OUT,
}
_KINDS = {
    "ModelSetupError": FailureKind.MODEL_UNUSABLE,
    "SourceError": FailureKind.SOURCE_UNUSABLE,
    "DeadlineExceeded": FailureKind.DEADLINE,
    "RejectedError": FailureKind.REJECTED,
    "BudgetEndedError": FailureKind.BUDGET,
}
_BEFORE_THE_FIRST_STEP = {FailureKind.MODEL_UNUSABLE, FailureKind.SOURCE_UNUSABLE}


class TemporalUnreachableError(UnreachableError):
    """Temporal does not answer, or not for us."""


class Workflows:
    """The workflows of one Temporal namespace.

    Args:
        connect: Makes the connection, when it is first needed and until it succeeds: this process lives without it.
        task_queue: Of jobs that name none.
    """

    def __init__(self, connect: Callable[[], Awaitable[Client]], task_queue: str) -> None:
        self._connect = connect
        self._client: Client | None = None
        self._task_queue = task_queue
        self._answered = float("-inf")

    async def client(self) -> Client:
        """The connection.

        Raises:
            TemporalUnreachableError: it can't be made.
        """
        if self._client is None:
            try:
                self._client = await self._connect()
            except UnreachableError as error:
                raise TemporalUnreachableError(str(error)) from None
        return self._client

    def answered_since(self, moment: float) -> bool:
        """Whether anything was answered after a time of the monotonic clock: then Temporal is slow, but not away."""
        return self._answered > moment

    async def handle(self, workflow_id: str, run_id: str | None = None) -> Handle:
        """A handle of one workflow."""
        return (await self.client()).get_workflow_handle_for(DeepResearch.run, workflow_id, run_id=run_id)

    def queue_of(self, spec: ResearchJobSpec) -> str:
        """The task queue of a job."""
        return spec.task_queue or self._task_queue

    async def start(self, workflow_id: str, spec: ResearchJobSpec, *, again: bool = False) -> str | None:
        """Start a workflow.

        Args:
            again: Whether one that failed under this id may be followed by another.

        Returns:
            Its run id; None when one was there already.
        """
        # The decision of a review reaches the workflow as an update, the result's place never does.
        bare = spec.model_copy(update={"approval": Approval(plan=spec.approval.plan), "result": ResultPlace()})
        reuse = WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY if again else WorkflowIDReusePolicy.REJECT_DUPLICATE
        try:
            client = await self.client()
            handle = await client.start_workflow(
                WORKFLOW_TYPE,
                ResearchInput(spec=bare),
                id=workflow_id,
                task_queue=self.queue_of(spec),
                id_reuse_policy=reuse,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                rpc_timeout=RPC_TIMEOUT,
            )
        except WorkflowAlreadyStartedError:
            return None
        except RPCError as error:
            raise _unreachable(error) from None
        self._answered = time.monotonic()
        return handle.result_run_id or handle.first_execution_run_id

    async def describe(self, workflow_id: str) -> Workflow:
        """One workflow, from its mutable state: never behind, unlike what a sweep lists."""
        client = await self.client()
        request = DescribeWorkflowExecutionRequest(
            namespace=client.namespace, execution=WorkflowExecution(workflow_id=workflow_id)
        )
        try:
            described = await client.workflow_service.describe_workflow_execution(request, timeout=RPC_TIMEOUT)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND and "namespace" not in error.message.lower():
                return ABSENT
            raise _unreachable(error) from None
        self._answered = time.monotonic()
        return seen(described.workflow_execution_info, client.namespace)

    async def sweep(self, query: str) -> AsyncIterator[tuple[str, Workflow]]:
        """Every workflow of ours that a query matches, by pages."""
        client = await self.client()
        token = b""
        while True:
            request = ListWorkflowExecutionsRequest(
                namespace=client.namespace,
                page_size=PAGE,
                next_page_token=token,
                query=f"WorkflowType = '{WORKFLOW_TYPE}'" + (f" AND {query}" if query else ""),
            )
            try:
                page = await client.workflow_service.list_workflow_executions(request, timeout=RPC_TIMEOUT)
            except RPCError as error:
                raise _unreachable(error) from None
            self._answered = time.monotonic()
            for info in page.executions:
                yield info.execution.workflow_id, seen(info, client.namespace)
            token = page.next_page_token
            if not token:
                return

    async def polled(self, task_queue: str) -> bool:
        """Whether any worker polls a task queue for workflows."""
        client = await self.client()
        request = DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=task_queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
        try:
            described = await client.workflow_service.describe_task_queue(request, timeout=RPC_TIMEOUT)
        except RPCError as error:
            raise _unreachable(error) from None
        self._answered = time.monotonic()
        return bool(described.pollers)

    async def result(self, workflow_id: str, run_id: str) -> ResearchResult:
        """The result of a completed workflow."""
        try:
            return await (await self.handle(workflow_id, run_id)).result(rpc_timeout=RPC_TIMEOUT)
        except RPCError as error:
            raise _unreachable(error) from None

    async def failure(self, workflow_id: str, workflow: Workflow) -> Failure:
        """Why a workflow ended badly."""
        try:
            await (await self.handle(workflow_id, workflow.run_id)).result(rpc_timeout=RPC_TIMEOUT)
        except WorkflowFailureError as error:
            return _failure(error.cause, requests=workflow.usage.requests if workflow.usage else 0)
        except RPCError as error:
            raise _unreachable(error) from None
        return Failure(FailureKind.OTHER, f"It is {workflow.state.value}, and yet has a result.")

    async def cancel(self, workflow_id: str) -> None:
        """Ask a workflow to end; one that ended or is gone is well."""
        try:
            await (await self.handle(workflow_id)).cancel(rpc_timeout=RPC_TIMEOUT)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise _unreachable(error) from None

    async def terminate(self, workflow_id: str, reason: str) -> None:
        """End a workflow without asking it; one that ended or is gone is well."""
        try:
            await (await self.handle(workflow_id)).terminate(reason=reason, rpc_timeout=RPC_TIMEOUT)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise _unreachable(error) from None


def seen(info: WorkflowExecutionInfo, namespace: str = "") -> Workflow:
    """What a listing or a description says of a workflow, and its trace, which follows from its ids.

    Workers and operator are given the same variables, so those that ask for tracing here ask for it there.
    """
    fields = info.search_attributes.indexed_fields
    progress, usage = parse_progress(_keyword(fields, PROGRESS.name))
    stage = _keyword(fields, STAGE.name)
    if progress is None and stage:
        progress = ProgressStatus(stage=stage)
    return Workflow(
        state=_STATES.get(info.status, WorkflowState.UNREACHABLE),
        run_id=info.execution.run_id,
        task_queue=info.task_queue,
        build_id=info.versioning_info.deployment_version.build_id,
        started=_time(info.start_time),
        ended=_time(info.close_time),
        history_events=info.history_length,
        history_bytes=info.history_size_bytes,
        progress=progress,
        usage=usage,
        trace=_trace(info, namespace) if is_asked_for() else None,
    )


def _trace(info: WorkflowExecutionInfo, namespace: str) -> str | None:
    if not info.first_run_id:  # a server too old to tell
        return None
    return f"{trace_id(namespace, info.execution.workflow_id, info.first_run_id):032x}"


def parse_progress(word: str) -> tuple[ProgressStatus | None, UsageStatus | None]:
    """Read what `outlast.hosting.progress.progress_word` wrote; what can't be read is not there."""
    try:
        stage, searches, requests, input_tokens, output_tokens, cost = word.split()[:6]
        done, planned = (int(part) for part in searches.split("/"))
        progress = ProgressStatus(
            stage=stage, searches_done=done, searches_planned=planned, searches=f"{done}/{planned}"
        )
        usage = UsageStatus(
            requests=int(requests),
            input_tokens=int(input_tokens),
            output_tokens=int(output_tokens),
            cost_usd=float(Decimal(cost)),
        )
    except (ValueError, ArithmeticError):
        return None, None
    return progress, usage


def _failure(cause: BaseException, *, requests: int) -> Failure:
    if isinstance(cause, TerminatedError):
        reason = str(cause.message or "no reason given")
        kind = FailureKind.DEADLINE if reason.startswith(DEADLINE_REASON) else FailureKind.OTHER
        return Failure(kind, f"The workflow was terminated: {reason}.")
    if isinstance(cause, CancelledError):
        return Failure(FailureKind.OTHER, "The workflow was cancelled.")
    kinds = [_KINDS[e.type] for e in _chain(cause) if isinstance(e, ApplicationError) and e.type in _KINDS]
    if requests:  # something was sent, so it was not the check before the first step that failed
        kinds = [kind for kind in kinds if kind not in _BEFORE_THE_FIRST_STEP]
    message = cause.message if isinstance(cause, FailureError) else str(cause)
    return Failure(kinds[0] if kinds else FailureKind.OTHER, message)


def _chain(error: BaseException | None) -> list[BaseException]:
    chain: list[BaseException] = []
    while error is not None:
        chain.append(error)
        error = error.__cause__
    return chain


def _keyword(fields: Any, name: str) -> str:
    if name not in fields:
        return ""
    value = PayloadConverter.default.from_payload(fields[name])
    return str(value[0] if isinstance(value, list) else value)


def _time(stamp: Timestamp) -> datetime | None:
    return stamp.ToDatetime(UTC).replace(microsecond=0) if stamp.seconds else None


def _unreachable(error: RPCError) -> TemporalUnreachableError:
    return TemporalUnreachableError(f"Temporal does not answer: {error.message or error.status.name}.")
