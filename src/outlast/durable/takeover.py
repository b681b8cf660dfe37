"""Takes steps from dead workers at once, instead of waiting for their heartbeats to be missed.

Used by whoever knows for certain that a worker is dead: `outlast run` on the same machine, the operator when the
kubelet reports a container terminated. Failing a started attempt from outside makes Temporal give it to another worker
within a fraction of a second; resetting it does not, since that waits for the running attempt.

The failure hands on those before it: Temporal keeps the last one only, and a proof has to name the cause of each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.failure.v1 import ApplicationFailureInfo, Failure
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionRequest,
    ResetStickyTaskQueueRequest,
    RespondActivityTaskFailedByIdRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

WORKER_DIED = "WorkerDied"
"""Error type of an attempt that was failed from outside because its worker is dead."""

OUTLIVED_DRAIN = "OutlivedDrain"
"""Error type of an attempt that its worker gave up: it was told to end, and the step took longer than the drain."""

HAND_ON = frozenset({WORKER_DIED, OUTLIVED_DRAIN})
"""Error types of attempts that ended with their worker. Their failures hand on that of the attempt before as cause."""

RETRY_AFTER = timedelta(milliseconds=1)

HANDED_ON = 8
"""Earlier failures that ride along with a new one: Temporal cuts a failure that grows past some kilobytes."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One attempt that was taken from a dead worker."""

    activity: str
    kind: str
    attempt: int
    worker: str


async def take_over(client: Client, workflow_id: str, is_dead: Callable[[str], bool]) -> list[Taken]:
    """Fail the started attempts of a workflow whose worker is dead.

    Args:
        client: A connection.
        workflow_id: The job.
        is_dead: Whether the worker with an identity is known to be dead; silence is not enough.

    Returns:
        The attempts that were failed.
    """
    service = client.workflow_service
    execution = WorkflowExecution(workflow_id=workflow_id)
    described = await service.describe_workflow_execution(
        DescribeWorkflowExecutionRequest(namespace=client.namespace, execution=execution)
    )
    taken: list[Taken] = []
    for pending in described.pending_activities:
        started = pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
        worker = pending.last_worker_identity
        if not started or not is_dead(worker):
            continue
        request = RespondActivityTaskFailedByIdRequest(
            namespace=client.namespace,
            workflow_id=workflow_id,
            activity_id=pending.activity_id,
            identity=client.identity,
            failure=_failure(worker, pending.last_failure if pending.HasField("last_failure") else None),
        )
        try:
            await service.respond_activity_task_failed_by_id(request)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:  # ended meanwhile, by whatever way: nothing to take
                raise
            continue
        taken.append(
            Taken(
                activity=pending.activity_id,
                kind=pending.activity_type.name,
                attempt=pending.attempt,
                worker=worker,
            )
        )
    if taken:
        await _forget_worker(client, execution)
    return taken


async def _forget_worker(client: Client, execution: WorkflowExecution) -> None:
    """Have the next decision not wait for the dead worker either; if a living one knew the workflow, it replays."""
    request = ResetStickyTaskQueueRequest(namespace=client.namespace, execution=execution)
    try:
        await client.workflow_service.reset_sticky_task_queue(request)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:  # the job ended meanwhile
            raise


def _failure(worker: str, before: Failure | None) -> Failure:
    delay = Duration()
    delay.FromTimedelta(RETRY_AFTER)
    info = ApplicationFailureInfo(type=WORKER_DIED, next_retry_delay=delay)
    failure = Failure(message=f"the worker {worker} died", source="outlast", application_failure_info=info)
    if before is not None:
        failure.cause.CopyFrom(_brief(before, HANDED_ON))
    return failure


def _brief(failure: Failure, left: int) -> Failure:
    """A failure without its trace and details, and those that it handed on."""
    brief = Failure(message=failure.message[:200], source=failure.source)
    if failure.HasField("timeout_failure_info"):
        brief.timeout_failure_info.timeout_type = failure.timeout_failure_info.timeout_type
    else:
        brief.application_failure_info.type = failure.application_failure_info.type or str(
            failure.WhichOneof("failure_info")
        )
    if brief.application_failure_info.type in HAND_ON and failure.HasField("cause") and left > 1:
        brief.cause.CopyFrom(_brief(failure.cause, left - 1))
    return brief
