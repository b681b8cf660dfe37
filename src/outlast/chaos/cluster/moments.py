"""Waits for the moment of a strike in a cluster, by what Temporal shows; no pod has to help."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError

from outlast.chaos.schedule import Moment, Stop, Strike

PAUSE = 0.02
"""Seconds between two looks."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A started step."""

    kind: str
    worker: str
    """As its worker signs."""
    attempt: int


@dataclass(frozen=True, slots=True)
class Aim:
    """What a strike meets."""

    worker: str = ""
    """Signature of the worker that makes the step, or made it; empty when none is meant."""
    activity: str = ""
    """The step that has no result yet, if one is under way."""


async def moment(client: Client, workflow: str, strike: Strike, over: asyncio.Event) -> Aim | None:
    """Wait until a job is where a strike wants it; None when it ended before."""
    if strike.moment is Moment.STARTING:
        return Aim()
    if strike.moment is Moment.FINALIZING:
        while not over.is_set():
            if (await _started(client, workflow)) is None:
                return Aim()
            await asyncio.sleep(PAUSE)
        return Aim()  # the status was quicker than we: the operator is struck right after it
    if strike.moment is Moment.IN_FLIGHT:
        return await _in_flight(client, workflow, strike.stop, over)
    if strike.moment is Moment.BEFORE:
        order = list(Stop)
        before = order.index(strike.stop) - 1
        return await _recorded(client, workflow, order[before], over) if before >= 0 else Aim()
    return await _recorded(client, workflow, strike.stop, over)


async def _in_flight(client: Client, workflow: str, kind: str, over: asyncio.Event) -> Aim | None:
    while not over.is_set():
        for activity, seen in (await _started(client, workflow) or {}).items():
            if seen.kind == kind:
                return Aim(seen.worker, activity)
        await asyncio.sleep(PAUSE)
    return None


async def _recorded(client: Client, workflow: str, kind: str, over: asyncio.Event) -> Aim | None:
    before: dict[str, Seen] = {}
    while not over.is_set():
        now = await _started(client, workflow)
        if now is not None:
            for activity, seen in before.items():
                if activity not in now:
                    return Aim(seen.worker)
            before = {activity: seen for activity, seen in now.items() if seen.kind == kind}
        await asyncio.sleep(PAUSE)
    return None


async def _started(client: Client, workflow: str) -> dict[str, Seen] | None:
    """Started steps by activity id; None when the workflow runs no more."""
    request = DescribeWorkflowExecutionRequest(
        namespace=client.namespace, execution=WorkflowExecution(workflow_id=workflow)
    )
    try:
        described = await client.workflow_service.describe_workflow_execution(request)
    except RPCError:
        return {}  # Temporal is away, or the workflow is not started yet
    if described.workflow_execution_info.HasField("close_time"):
        return None
    started = PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
    return {
        one.activity_id: Seen(one.activity_type.name, one.last_worker_identity, one.attempt)
        for one in described.pending_activities
        if one.state == started
    }
