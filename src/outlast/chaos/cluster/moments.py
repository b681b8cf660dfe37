"""Waits for the moment of a strike in a cluster, by what Temporal shows; no pod has to help."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

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


@dataclass(frozen=True, slots=True)
class Aim:
    """What a strike meets."""

    worker: str = ""
    """Signature of the worker that makes the step, or made it; empty when none is meant."""
    activity: str = ""
    """The step that has no result yet, if one is under way."""


@dataclass(frozen=True, slots=True)
class Look:
    """What Temporal says of a job at one moment."""

    over: bool = False
    pending: frozenset[str] = frozenset()
    """Steps without a result, whether they are under way or wait to be tried again."""
    started: dict[str, Seen] = field(default_factory=dict)
    """Those under way, by activity id."""


async def moment(client: Client, workflow: str, strike: Strike, over: asyncio.Event) -> Aim | None:
    """Wait until a job is where a strike wants it; None when it ended before."""
    if strike.moment is Moment.STARTING:
        return Aim()
    if strike.moment is Moment.FINALIZING:
        return await _finalizing(client, workflow, over)
    if strike.moment is Moment.IN_FLIGHT:
        return await _in_flight(client, workflow, strike.stop, over)
    if strike.moment is Moment.BEFORE:
        order = list(Stop)
        before = order.index(strike.stop) - 1
        return await _recorded(client, workflow, order[before], over) if before >= 0 else Aim()
    return await _recorded(client, workflow, strike.stop, over)


async def _finalizing(client: Client, workflow: str, over: asyncio.Event) -> Aim:
    while not over.is_set():  # the status may be quicker than we: then the blow falls right after it
        look = await _look(client, workflow)
        if look is not None and look.over:
            break
        await asyncio.sleep(PAUSE)
    return Aim()


async def _in_flight(client: Client, workflow: str, kind: str, over: asyncio.Event) -> Aim | None:
    while not over.is_set():
        look = await _look(client, workflow) or Look()
        for activity, seen in look.started.items():
            if seen.kind == kind:
                return Aim(seen.worker, activity)
        await asyncio.sleep(PAUSE)
    return None


async def _recorded(client: Client, workflow: str, kind: str, over: asyncio.Event) -> Aim | None:
    before: dict[str, Seen] = {}
    while not over.is_set():
        look = await _look(client, workflow)
        if look is not None:
            for activity, seen in before.items():
                if activity not in look.pending:
                    return Aim(seen.worker)
            before |= {activity: seen for activity, seen in look.started.items() if seen.kind == kind}
        await asyncio.sleep(PAUSE)
    return None


async def _look(client: Client, workflow: str) -> Look | None:
    """None while Temporal can't tell: it is away, or the workflow is not started yet."""
    request = DescribeWorkflowExecutionRequest(
        namespace=client.namespace, execution=WorkflowExecution(workflow_id=workflow)
    )
    try:
        described = await client.workflow_service.describe_workflow_execution(request)
    except RPCError:
        return None
    pending = described.pending_activities
    started = PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
    return Look(
        over=described.workflow_execution_info.HasField("close_time"),
        pending=frozenset(one.activity_id for one in pending),
        started={
            one.activity_id: Seen(one.activity_type.name, one.last_worker_identity)
            for one in pending
            if one.state == started
        },
    )
