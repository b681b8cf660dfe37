"""Frees a workflow from a dead worker that held its workflow task, instead of waiting for the task's 10 s to pass.

The server hands a worker that polls a task a token, and takes the task back early only from who shows it. A dead
worker's token is gone, but it holds nothing that is secret: it is written down here from the history once more. Its
layout is the server's own business, so a server that has another one refuses it and the timeout applies, as without us.
"""

from __future__ import annotations

from collections.abc import Callable

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType, PendingWorkflowTaskState, WorkflowTaskFailedCause
from temporalio.api.failure.v1 import ApplicationFailureInfo, Failure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    DescribeWorkflowExecutionRequest,
    GetWorkflowExecutionHistoryReverseRequest,
    RespondWorkflowTaskFailedRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from outlast.durable.takeover import WORKER_DIED


async def wake(client: Client, workflow_id: str, is_dead: Callable[[str], bool]) -> bool:
    """Fail the workflow task that a dead worker holds, so that another worker gets it at once.

    Args:
        client: A connection.
        workflow_id: The job.
        is_dead: Whether the worker with an identity is known to be dead; silence is not enough.

    Returns:
        Whether there was one, and the server took it back.
    """
    service, execution = client.workflow_service, WorkflowExecution(workflow_id=workflow_id)
    described = await service.describe_workflow_execution(
        DescribeWorkflowExecutionRequest(namespace=client.namespace, execution=execution)
    )
    started = PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_STARTED
    if described.pending_workflow_task.state != started:
        return False
    history = await service.get_workflow_execution_history_reverse(
        GetWorkflowExecutionHistoryReverseRequest(namespace=client.namespace, execution=execution, maximum_page_size=50)
    )
    event = next((e for e in history.history.events if e.event_type in _TASK_EVENTS), None)
    if event is None or event.event_type != EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED:
        return False  # a repeated task is not in the history before it ends
    holder = event.workflow_task_started_event_attributes.identity
    if not is_dead(holder):
        return False
    namespace = await service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    info = described.workflow_execution_info
    token = _token(namespace.namespace_info.id, info.execution, event, described.pending_workflow_task.attempt)
    try:
        await service.respond_workflow_task_failed(
            RespondWorkflowTaskFailedRequest(
                task_token=token,
                cause=WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_STICKY_TASK_QUEUE,
                failure=Failure(
                    message=f"the worker {holder} died",
                    source="outlast",
                    application_failure_info=ApplicationFailureInfo(type=WORKER_DIED),
                ),
                identity=client.identity,
                namespace=client.namespace,
            )
        )
    except RPCError as error:
        if error.status in (RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT):
            return False  # it ended meanwhile, or the server writes its tokens otherwise
        raise
    return True


_TASK_EVENTS = frozenset(
    {
        EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED,
        EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
        EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT,
        EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED,
    }
)


def _token(namespace_id: str, execution: WorkflowExecution, started: HistoryEvent, attempt: int) -> bytes:
    """A `temporal.server.api.token.v1.Task`; the numbers are its fields."""
    scheduled = started.workflow_task_started_event_attributes.scheduled_event_id
    return b"".join(
        (
            _text(1, namespace_id),
            _text(2, execution.workflow_id),
            _text(3, execution.run_id),
            _number(4, scheduled),
            _number(5, attempt),
            _number(10, started.event_id),
        )
    )


def _text(field: int, value: str) -> bytes:
    encoded = value.encode()
    return _varint(field << 3 | 2) + _varint(len(encoded)) + encoded


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
