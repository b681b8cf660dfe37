"""How fast a death is made good: kill -9 of a worker in a step, and the replay of what was recorded."""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from outlast.durable.identity import is_dead
from outlast.durable.jobs import Jobs
from outlast.durable.takeover import take_over
from outlast.job.spec import Budget, OnExceeded, ResearchJobSpec
from outlast.ledger import LedgerRow, read_rows
from tests.bench.model_server import STEPS
from tests.bench.stage import Stage, stage, worker
from tests.bench.steps import SPEC

KILLS = 5


async def recovery(folder: Path) -> dict[str, float]:
    """Seconds from kill -9 of the worker in a step until the step runs elsewhere, unreported and reported."""
    async with stage(folder, latency_scale=6) as on:  # about 2 s a request, so that a kill meets one under way
        unreported = [await _recover(on, f"unreported-{index}", report=False) for index in range(KILLS)]
        reported = [await _recover(on, f"reported-{index}", report=True) for index in range(KILLS)]
    return {
        "kill to step elsewhere by heartbeat, s (median)": statistics.median(unreported),
        "kill to step elsewhere by heartbeat, s (max)": max(unreported),
        "kill to step elsewhere when reported, s (median)": statistics.median(reported),
        "kill to step elsewhere when reported, s (max)": max(reported),
    }


async def _recover(on: Stage, job: str, *, report: bool) -> float:
    jobs = Jobs(on.client, on.settings.task_queue)
    async with worker(on) as first:
        await jobs.start(job, SPEC)
        await _until(lambda: any(row.ended is None for row in _rows(on, job)))
        async with worker(on):
            os.kill(first.pid, signal.SIGKILL)
            killed = time.time()
            await _until(lambda: is_dead_pid(first.pid))
            if report:
                await take_over(on.client, job, is_dead)
            await _until(lambda: any(row.attempt and row.attempt > 1 for row in _rows(on, job)))
            again = min(row.started for row in _rows(on, job) if row.attempt and row.attempt > 1)
            await jobs.cancel(job)
            return again - killed


async def replay(folder: Path) -> dict[str, float]:
    """Milliseconds to replay a job's recorded steps on a worker that never saw it, and figures of such a worker."""
    pause = Budget(max_requests=6, on_exceeded=OnExceeded.PAUSE)
    spec = ResearchJobSpec(query=SPEC.query, budget=pause)
    async with stage(folder, latency_scale=0) as on:
        jobs = Jobs(on.client, on.settings.task_queue)
        async with worker(on):
            await jobs.start("paused", spec)
            await _until_waiting(jobs, "paused")
        walls: list[float] = []
        ready: list[float] = []
        resident: list[float] = []
        for _ in range(3):
            async with worker(on) as fresh:
                await jobs.start(f"other-{fresh.pid}", SPEC)
                await jobs.result(f"other-{fresh.pid}")  # warms the worker up, not the job that is measured
                began = time.perf_counter()
                await jobs.progress("paused")
                walls.append(time.perf_counter() - began)
                ready.append(fresh.seconds)
                resident.append(fresh.resident_megabytes())
        steps = STEPS - 1
    return {
        "replay on a new worker, ms a recorded step": 1e3 * statistics.median(walls) / steps,
        "worker start to ready, s": statistics.median(ready),
        "worker resident memory, MB": max(resident),
    }


def is_dead_pid(pid: int) -> bool:
    """Whether a child ended, reaped or not."""
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] == "Z"


def _rows(on: Stage, job: str) -> list[LedgerRow]:
    return [row for row in read_rows(on.ledger) if row.job == job]


async def _until(met: Callable[[], bool], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not met():
            await asyncio.sleep(0.01)


async def _until_waiting(jobs: Jobs, job: str) -> None:
    async with asyncio.timeout(60):
        while (await jobs.progress(job)).waiting_for is None:
            await asyncio.sleep(0.02)
