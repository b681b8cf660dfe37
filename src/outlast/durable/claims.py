"""Whether an attempt is still the worker's own when it begins.

A process that stands still keeps its connections, and the server goes on handing it tasks. When it wakes up it finds
them as if they were new, while others were given the same steps long ago. An old task is not begun before the server
says that nobody else has it.
"""

from __future__ import annotations

from datetime import UTC, datetime

from temporalio import activity
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest

from outlast.errors import StaleAttemptError

DOUBTFUL_SHARE = 0.5
"""Part of the heartbeat timeout after which a task is old. Clocks that differ by more cost a question each time."""


async def refuse_if_taken(info: activity.Info) -> None:
    """Make sure that an attempt which is old at its beginning was not given to another worker.

    Raises:
        StaleAttemptError: it was, or its step has ended.
        RPCError: the server can't tell.
    """
    timeout = info.heartbeat_timeout
    if timeout is None or info.is_local or abs(datetime.now(UTC) - info.started_time) < timeout * DOUBTFUL_SHARE:
        return
    client = activity.client()
    execution = WorkflowExecution(workflow_id=info.workflow_id or "", run_id=info.workflow_run_id or "")
    described = await client.workflow_service.describe_workflow_execution(
        DescribeWorkflowExecutionRequest(namespace=client.namespace, execution=execution)
    )
    for pending in described.pending_activities:
        if (pending.activity_id, pending.attempt) == (info.activity_id, info.attempt):
            return
    raise StaleAttemptError(
        f"Attempt {info.attempt} at {info.activity_type} reached this worker late, and the step was given to another "
        "one meanwhile: nothing is sent."
    )
