"""One strike in the lab: wait for the moment, strike, replace what died, report the death."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from outlast.chaos.interruptions import Target
from outlast.chaos.lab.aim import Met, take_aim
from outlast.chaos.lab.stage import DEADLINE, Stage
from outlast.chaos.schedule import DEADLY, Manner, Strike, Victim
from outlast.chaos.target import Blow
from outlast.offline.faults import AimedFault, FaultConfig, FaultKind
from outlast.offline.remote import put_faults

STORM_SECONDS = 3.0
"""How long a storm may last that strikes fewer requests than it could."""

STORM = {FaultKind.RATE_LIMIT: 2, FaultKind.UNAVAILABLE: 1, FaultKind.SERVER_ERROR: 1}
"""Refusals of one storm: fewer than `backoffLimit`, so that no step fails for good even if it meets them all."""


async def strike(stage: Stage, job: str, strike: Strike, over: asyncio.Event) -> Blow | None:
    """Make a strike on a job; None when the job ended before its moment came."""
    async with asyncio.timeout(DEADLINE):
        met = await take_aim(stage, job, strike, over)
    if met is None:
        return None
    kills, at = stage.kills, time.time()
    await _blow(stage, job, strike, met)
    stage.fuse.put_out()
    await stage.back(at)
    back = time.time()
    if strike.told and strike.manner is Manner.KILL and strike.victim in DEADLY:
        await stage.tell(job)
    return Blow(at, back, _who(strike, met), met.activity, stage.kills - kills)


async def _blow(stage: Stage, job: str, strike: Strike, met: Met) -> None:
    blows: dict[tuple[Manner, Victim], Callable[[], Awaitable[None]]] = {
        (Manner.KILL, Victim.WORKER): lambda: stage.kill_worker(met.worker),
        (Manner.KILL, Victim.TEMPORAL): stage.kill_temporal,
        (Manner.KILL, Victim.MODEL): stage.kill_model,
        (Manner.KILL, Victim.EVERYTHING): stage.kill_everything,
        (Manner.DELETE, Victim.WORKER): lambda: stage.end_worker(met.worker),
        (Manner.DELETE, Victim.TEMPORAL): stage.end_temporal,
        (Manner.DELETE, Victim.MODEL): stage.end_model,
        (Manner.STALL, Victim.WORKER): lambda: stage.stall(met.worker, Target.WORKER),
        (Manner.STALL, Victim.TEMPORAL): lambda: stage.stall(stage.temporal.pid or 0, Target.TEMPORAL),
        (Manner.STALL, Victim.MODEL): lambda: stage.stall(stage.model, Target.MODEL),
        (Manner.CUT, Victim.WORKER): stage.cut,
        (Manner.STORM, Victim.MODEL): lambda: _storm(stage, job),
    }
    if strike.manner in (Manner.STALL, Manner.CUT):
        stage.fuse.put_out()  # a worker that holds still at its point must not do so for longer than it stalls
    await blows[strike.manner, strike.victim]()


async def _storm(stage: Stage, job: str) -> None:
    url = str(stage.settings.offline_url)
    faults = tuple(AimedFault(kind=kind, job=job, count=count) for kind, count in STORM.items())
    known = len(stage.rows(job))
    await put_faults(url, FaultConfig(retry_after_seconds=0.2, aimed=faults))
    deadline = time.monotonic() + STORM_SECONDS
    while time.monotonic() < deadline:
        if sum(row.fault is not None for row in stage.rows(job)[known:]) >= sum(STORM.values()):
            break
        await asyncio.sleep(0.05)
    await put_faults(url, FaultConfig())


def _who(strike: Strike, met: Met) -> str:
    if strike.manner is Manner.CUT:
        return "link to Temporal"
    return f"process {met.worker}" if strike.victim is Victim.WORKER else str(strike.victim)
