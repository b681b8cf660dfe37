"""Takes steps from dead workers at once, instead of waiting for their heartbeats to be missed.

Used by whoever knows for certain that a worker is dead: `outlast run` on the same machine, the operator when the
kubelet reports a container terminated. Failing a started attempt from outside makes Temporal give it to another worker
within a fraction of a second; resetting it does not, since that waits for the running attempt.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.failure.v1 import ApplicationFailureInfo, Failure
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest, RespondActivityTaskFailedByIdRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

WORKER_DIED = "WorkerDied"
"""Error type of an attempt that was failed from outside because its worker is dead."""

RETRY_AFTER = timedelta(milliseconds=1)


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
    described = await service.describe_workflow_execution(
        DescribeWorkflowExecutionRequest(
            namespace=client.namespace, execution=WorkflowExecution(workflow_id=workflow_id)
        )
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
            failure=_failure(worker),
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
    return taken


def _failure(worker: str) -> Failure:
    delay = Duration()
    delay.FromTimedelta(RETRY_AFTER)
    info = ApplicationFailureInfo(type=WORKER_DIED, next_retry_delay=delay)
    return Failure(message=f"the worker {worker} died", source="outlast", application_failure_info=info)
