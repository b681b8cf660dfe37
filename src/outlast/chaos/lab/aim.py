"""Waits for the moment of a strike and says whom it meets: by what the ledger and Temporal show, never by the clock."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from fnmatch import fnmatchcase

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest
from temporalio.service import RPCError

from outlast.chaos.lab.points import ANSWERED, BEGUN
from outlast.chaos.lab.stage import Stage, open_rows
from outlast.chaos.schedule import Moment, Stop, Strike
from outlast.ledger import LedgerRow

HELD = {Moment.BEGUN: BEGUN, Moment.ANSWERED: ANSWERED}
"""Moments that only the worker itself knows."""


PAUSE = 0.003
"""Seconds between two looks: a moment lasts a hundred times as long."""


@dataclass(frozen=True, slots=True)
class Met:
    """Whom a strike meets."""

    worker: int
    """Process that makes the step."""
    row: LedgerRow | None = None
    """The request under way, if the moment has one."""
    activity: str = ""
    """The step that has no result yet, if one is under way."""


async def take_aim(stage: Stage, job: str, strike: Strike, over: asyncio.Event) -> Met | None:
    """Wait until the step is where the strike wants it; None when the job ended before."""
    if strike.moment in HELD:
        stage.fuse.light(HELD[strike.moment], strike.stop)
        while not over.is_set():
            if (pid := stage.fuse.taken_by()) is not None:
                made = [step for step, maker in (await makers(stage, job, strike.stop)).items() if maker.worker == pid]
                return Met(pid, activity=made[0] if len(made) == 1 else "")
            await asyncio.sleep(PAUSE)
        stage.fuse.put_out()
        return None
    if strike.moment is Moment.BEFORE:
        order = list(Stop)
        before = order.index(strike.stop) - 1
        # The planner has nothing before it: the job was just started.
        return await _recorded(stage, job, order[before], over) if before >= 0 else Met(stage.workers[0])
    return await (_in_flight if strike.moment is Moment.IN_FLIGHT else _recorded)(stage, job, strike.stop, over)


async def _in_flight(stage: Stage, job: str, kind: str, over: asyncio.Event) -> Met | None:
    while not over.is_set():
        for row in open_rows(stage.rows(job), kind):
            maker = (await makers(stage, job)).get(row.activity or "")
            if maker is not None and maker.attempt == row.attempt:  # an older row may stay open for ever
                return Met(maker.worker, row, row.activity or "")
        await asyncio.sleep(PAUSE)
    return None


async def _recorded(stage: Stage, job: str, kind: str, over: asyncio.Event) -> Met | None:
    seen: dict[str, Maker] = {}
    while not over.is_set():
        answered = {row.activity: row for row in stage.rows(job) if row.step_kind == kind and row.outcome == "ok"}
        current = await makers(stage, job, kind)
        for activity, maker in seen.items():
            if activity not in current and activity in answered:
                return Met(maker.worker, answered[activity])
        seen.update(current)
        await asyncio.sleep(PAUSE)
    return None


@dataclass(frozen=True, slots=True)
class Maker:
    """Who makes an attempt at a step."""

    worker: int
    attempt: int


async def makers(stage: Stage, job: str, glob: str = "*") -> dict[str, Maker]:
    """Makers of the started steps of a job, by activity id."""
    request = DescribeWorkflowExecutionRequest(
        namespace=stage.client.namespace, execution=WorkflowExecution(workflow_id=job)
    )
    try:
        described = await stage.client.workflow_service.describe_workflow_execution(request)
    except RPCError:
        return {}  # Temporal is on its way back
    return {
        pending.activity_id: Maker(int(pending.last_worker_identity.split("@")[0]), pending.attempt)
        for pending in described.pending_activities
        if pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
        and fnmatchcase(pending.activity_type.name, glob)
    }
