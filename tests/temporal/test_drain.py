"""A worker that is told to end finishes what it holds, and loses nothing that it can't finish."""

from __future__ import annotations

import asyncio
import signal
import time
from functools import partial

import pytest

from outlast.chaos.check import check
from outlast.chaos.history import read_job
from outlast.chaos.join import LedgerCopy
from outlast.durable.drain import run_worker
from outlast.durable.jobs import Jobs
from outlast.job.spec import ResearchJobSpec
from outlast.ledger import LedgerRow
from outlast.offline.faults import AimedFault, FaultConfig, FaultKind
from outlast.telemetry.metrics import WorkerMetrics

from .lab import DEADLINE, Lab, job_id, until, worker_process

PLANNER = "agent__planner__model_request"


def slow_planner(seconds: float, *, count: int = 1) -> FaultConfig:
    """The first requests of the planner are answered after some time."""
    return FaultConfig(aimed=(AimedFault(kind=FaultKind.STALL, steps=PLANNER, count=count),), stall_seconds=seconds)


async def test_a_step_under_way_finishes_as_the_attempt_that_it_is(lab: Lab) -> None:
    lab.offline.set_faults(slow_planner(3.0))
    jobs = await lab.jobs()
    stop = asyncio.Event()
    # A worker that drains is alive: longer than it may fall silent, too.
    draining = asyncio.create_task(run_worker(lab.worker(jobs.client, drain_seconds=30, heartbeat_seconds=1), stop))
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


UNNOTICED = 3 * DEADLINE
"""Seconds after which a silent worker is given up here: what happens before was not brought about by its silence."""


async def test_a_step_that_outlives_the_drain_moves_at_once_and_says_why(lab: Lab) -> None:
    lab.offline.set_faults(slow_planner(10 * DEADLINE))
    jobs = await lab.jobs()
    name = job_id()
    async with worker_process(lab, OUTLAST_DRAIN_SECONDS="1", OUTLAST_HEARTBEAT_SECONDS=str(UNNOTICED)) as process:
        await jobs.start(name, ResearchJobSpec(query="areas"))
        await until(lambda: planner_rows(lab, name))
        async with worker_process(lab):
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(DEADLINE):
                assert await process.wait() == 0
                await jobs.result(name)
    assert [row.attempt for row in await planner_rows(lab, name)] == [1, 2]
    assert await causes(lab, jobs, name) == {"cut: outlived the drain": 1}


async def test_a_step_that_outlives_many_drains_backs_off_from_none_and_forgets_none(lab: Lab) -> None:
    lab.offline.set_faults(slow_planner(10 * DEADLINE, count=3))
    jobs = await lab.jobs()
    name = job_id()
    metrics = WorkerMetrics(lab.settings())
    await jobs.start(name, ResearchJobSpec(query="areas", backoff_limit=0))
    for attempt in (1, 2, 3):
        stop = asyncio.Event()
        worker = lab.worker(jobs.client, drain_seconds=1, heartbeat_seconds=UNNOTICED, observer=metrics)
        draining = asyncio.create_task(run_worker(worker, stop))
        await until(partial(has_attempt, lab, name, attempt))
        stop.set()
        async with asyncio.timeout(DEADLINE):
            await draining
    async with lab.running(observer=metrics), asyncio.timeout(DEADLINE):
        await jobs.result(name)
    assert await causes(lab, jobs, name) == {"cut: outlived the drain": 3}
    counted = f'outlast_retries_total{{cause="drained",kind="{PLANNER}"}} 3.0'
    assert counted in metrics.exposition().decode()


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


async def has_attempt(lab: Lab, name: str, number: int) -> bool:
    return any(row.attempt == number for row in await planner_rows(lab, name))


async def causes(lab: Lab, jobs: Jobs, name: str) -> dict[str, int]:
    """Why requests of a job were sent again, as a proof says it."""
    ledger = LedgerCopy("offline", tuple(await lab.offline.rows(name)))
    return dict(check([await read_job(jobs.client, name)], [ledger]).figures.resent_by_cause)


async def planner_rows(lab: Lab, name: str) -> list[LedgerRow]:
    return [row for row in await lab.offline.rows(name) if row.step_kind == PLANNER]
