"""Waits for the moment of a strike and says whom it meets: by what the ledger and Temporal show, never by the clock."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from fnmatch import fnmatchcase

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest

from outlast.chaos.schedule import Moment, Strike
from outlast.ledger import LedgerRow

from .points import ANSWERED, BEGUN
from .stage import Stage, open_rows

HELD = {Moment.BEGUN: BEGUN, Moment.ANSWERED: ANSWERED}
"""Moments that only the worker itself knows."""


@dataclass(frozen=True, slots=True)
class Met:
    """Whom a strike meets."""

    worker: int
    """Process that makes the step."""
    row: LedgerRow | None = None
    """The request under way, if the moment has one."""


async def take_aim(stage: Stage, job: str, strike: Strike, over: asyncio.Event) -> Met | None:
    """Wait until the step is where the strike wants it; None when the job ended before."""
    if strike.moment in HELD:
        stage.fuse.light(HELD[strike.moment], strike.stop)
        while not over.is_set():
            if (pid := stage.fuse.taken_by()) is not None:
                return Met(pid)
            await asyncio.sleep(0.002)
        stage.fuse.put_out()
        return None
    return await (_in_flight if strike.moment is Moment.IN_FLIGHT else _recorded)(stage, job, strike.stop, over)


async def _in_flight(stage: Stage, job: str, kind: str, over: asyncio.Event) -> Met | None:
    while not over.is_set():
        for row in open_rows(stage.rows(job), kind):
            if worker := (await _makers(stage, job)).get(row.activity or ""):
                return Met(worker, row)
        await asyncio.sleep(0.002)
    return None


async def _recorded(stage: Stage, job: str, kind: str, over: asyncio.Event) -> Met | None:
    seen: dict[str, int] = {}
    while not over.is_set():
        rows = {row.activity or "": row for row in stage.rows(job) if row.step_kind == kind}
        if any(activity not in seen or not row.is_open for activity, row in rows.items()) or seen:
            makers = await _makers(stage, job, kind)
            for activity, worker in seen.items():
                if activity not in makers and activity in rows and rows[activity].outcome == "ok":
                    return Met(worker, rows[activity])
            seen.update(makers)
        await asyncio.sleep(0.002)
    return None


async def _makers(stage: Stage, job: str, glob: str = "*") -> dict[str, int]:
    """Process ids of the workers that make the started steps of a job, by activity id."""
    with contextlib.suppress(Exception):  # Temporal may be on its way back
        described = await stage.client.workflow_service.describe_workflow_execution(
            DescribeWorkflowExecutionRequest(
                namespace=stage.client.namespace, execution=WorkflowExecution(workflow_id=job)
            )
        )
        return {
            pending.activity_id: int(pending.last_worker_identity.split("@")[0])
            for pending in described.pending_activities
            if pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
            and fnmatchcase(pending.activity_type.name, glob)
        }
    return {}
