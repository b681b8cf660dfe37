"""What the server knows of a job's steps and of workers, without asking any of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import PendingActivityState, TaskQueueType
from temporalio.api.failure.v1 import Failure
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, DescribeWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.exceptions import FailureError

POLL_AGE = timedelta(seconds=90)
"""A worker asks again within a minute; one that did not is gone."""


@dataclass(frozen=True, slots=True)
class PendingStep:
    """One step that has no recorded completion yet."""

    activity: str
    kind: str
    """Activity type, such as `agent__searcher__model_request`."""
    attempt: int
    running: bool
    """Whether an attempt is under way."""
    worker: str
    """Who makes, or made, the last attempt; empty before the first."""
    failure: str
    """Why the last attempt failed; empty when none did."""
    next_attempt: datetime | None
    """When it is tried again; None while an attempt is under way."""


async def pending_steps(client: Client, job_id: str) -> list[PendingStep]:
    """The steps of a job that are under way or wait for their next attempt, oldest first."""
    described = await client.workflow_service.describe_workflow_execution(
        DescribeWorkflowExecutionRequest(namespace=client.namespace, execution=WorkflowExecution(workflow_id=job_id))
    )
    steps = []
    for pending in described.pending_activities:
        running = pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
        waits = not running and pending.HasField("next_attempt_schedule_time")
        steps.append(
            PendingStep(
                activity=pending.activity_id,
                kind=pending.activity_type.name,
                attempt=pending.attempt,
                running=running,
                worker=pending.last_worker_identity,
                failure=await _reason(client, pending.last_failure) if pending.HasField("last_failure") else "",
                next_attempt=pending.next_attempt_schedule_time.ToDatetime(UTC) if waits else None,
            )
        )
    return steps


async def is_polled(client: Client, task_queue: str, is_dead: Callable[[str], bool] = lambda _: False) -> bool:
    """Whether any worker asks for workflow tasks of a queue.

    Args:
        client: A connection.
        task_queue: Name of the queue.
        is_dead: Whether the worker with an identity is known to be dead; the server remembers it for minutes.
    """
    answer = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=task_queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
    )
    oldest = datetime.now(UTC) - POLL_AGE
    return any(
        poller.last_access_time.ToDatetime(UTC) > oldest and not is_dead(poller.identity) for poller in answer.pollers
    )


async def _reason(client: Client, failure: Failure) -> str:
    copy = Failure()
    copy.CopyFrom(failure)  # decoding writes into it
    error = await client.data_converter.decode_failure(copy)
    while error.__cause__ is not None:
        error = error.__cause__
    return error.message if isinstance(error, FailureError) else str(error)
