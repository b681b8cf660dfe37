"""A worker that is told to end finishes what it holds, and loses nothing that it can't finish."""

from __future__ import annotations

import asyncio
import signal
import time

import pytest

from outlast.durable.drain import run_worker
from outlast.job.spec import ResearchJobSpec
from outlast.ledger import LedgerRow
from outlast.offline.faults import AimedFault, FaultConfig, FaultKind

from .lab import DEADLINE, Lab, job_id, until, worker_process

PLANNER = "agent__planner__model_request"


def slow_planner(seconds: float) -> FaultConfig:
    """The first request of the planner is answered after some time."""
    return FaultConfig(aimed=(AimedFault(kind=FaultKind.STALL, steps=PLANNER),), stall_seconds=seconds)


async def test_a_step_under_way_finishes_as_the_attempt_that_it_is(lab: Lab) -> None:
    lab.offline.set_faults(slow_planner(1.0))
    jobs = await lab.jobs()
    stop = asyncio.Event()
    draining = asyncio.create_task(run_worker(lab.worker(jobs.client, drain_seconds=20), stop))
    name = job_id()
    await jobs.start(name, ResearchJobSpec(query="areas"))
    await until(lambda: planner_rows(lab, name))
    stop.set()
    async with asyncio.timeout(DEADLINE):
        await draining
    (row,) = await planner_rows(lab, name)
    assert (row.attempt, row.outcome) == (1, "ok")
    async with lab.running():
        await jobs.result(name)
    assert len(await planner_rows(lab, name)) == 1


async def test_a_step_that_takes_too_long_goes_on_elsewhere(lab: Lab) -> None:
    lab.offline.set_faults(slow_planner(30.0))
    jobs = await lab.jobs()
    stop = asyncio.Event()
    draining = asyncio.create_task(run_worker(lab.worker(jobs.client, drain_seconds=1), stop))
    name = job_id()
    await jobs.start(name, ResearchJobSpec(query="areas"))
    await until(lambda: planner_rows(lab, name))
    stop.set()
    began = time.monotonic()
    async with asyncio.timeout(DEADLINE):
        await draining
    assert 1.0 <= time.monotonic() - began < 10.0
    async with lab.running():
        async with asyncio.timeout(10):
            await jobs.result(name)
    assert [row.attempt for row in await planner_rows(lab, name)] == [1, 2]


async def test_a_worker_that_ends_by_itself_says_why(lab: Lab) -> None:
    worker = lab.worker((await lab.jobs(temporal_namespace="nowhere")).client)
    with pytest.raises(RuntimeError, match="nowhere"):
        await run_worker(worker, asyncio.Event())


async def test_sigterm_ends_a_process_with_code_0(lab: Lab) -> None:
    lab.offline.set_faults(slow_planner(1.0))
    async with worker_process(lab) as process:
        jobs = await lab.jobs()
        name = job_id()
        await jobs.start(name, ResearchJobSpec(query="areas"))
        await until(lambda: planner_rows(lab, name))
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(DEADLINE):
            assert await process.wait() == 0
    (row,) = await planner_rows(lab, name)
    assert (row.attempt, row.outcome) == (1, "ok")


async def planner_rows(lab: Lab, name: str) -> list[LedgerRow]:
    return [row for row in await lab.offline.rows(name) if row.step_kind == PLANNER]
