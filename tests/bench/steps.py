"""What durability adds to a step, beside what Temporal itself needs for one."""

from __future__ import annotations

import asyncio
import resource
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from temporalio import activity, workflow
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from outlast.durable.jobs import Jobs
from outlast.durable.worker import build_worker
from outlast.job.spec import ResearchJobSpec
from outlast.llm.resolve import ModelBook
from outlast.research.agents import build_agents
from outlast.research.models import Plan
from outlast.research.setup import check_job
from outlast.research.stateless import StatelessHost, run_stateless
from outlast.sources.registry import Sources
from tests.bench.model_server import STEPS
from tests.bench.stage import Stage, stage

SPEC = ResearchJobSpec(query="How many people live in Chad?")
ROUNDS = 5


@activity.defn
async def no_op() -> None:
    """The least that an activity can be."""


@workflow.defn
class Bare:
    """As many no-op activities in a row as a job has steps."""

    @workflow.run
    async def run(self, local: bool) -> None:
        for _ in range(STEPS):
            execute = workflow.execute_local_activity if local else workflow.execute_activity
            await execute(no_op, start_to_close_timeout=timedelta(seconds=10))


async def added_wall(folder: Path) -> dict[str, float]:
    """Milliseconds a step: bare and local activities, and what durability adds to a job at 300 ms a model request."""
    async with stage(folder, latency_scale=1) as on:
        bare = Worker(
            on.client,
            task_queue="bare",
            workflows=[Bare],
            activities=[no_op],
            workflow_runner=UnsandboxedWorkflowRunner(),
        )
        async with build_worker(on.client, on.settings), bare:
            runs: dict[str, Callable[[str], Awaitable[object]]] = {
                "plain": lambda _: stateless(on),
                "durable": lambda job: durable(on, job),
                "bare": lambda job: on.client.execute_workflow(Bare.run, False, id=job, task_queue="bare"),
                "local": lambda job: on.client.execute_workflow(Bare.run, True, id=job, task_queue="bare"),
            }
            walls: dict[str, list[float]] = {name: [] for name in runs}
            for index in range(ROUNDS + 1):  # in turn, so that a machine that slows down slows all of them
                for name, run in runs.items():
                    began = time.perf_counter()
                    await run(f"{name}-{index}")
                    if index:  # the first round warms everything up
                        walls[name].append(time.perf_counter() - began)
    median = {name: statistics.median(values) for name, values in walls.items()}
    added = [1e3 * (d - p) / STEPS for d, p in zip(walls["durable"], walls["plain"], strict=True)]
    return {
        "bare activity, ms a step": 1e3 * median["bare"] / STEPS,
        "local activity, ms a step": 1e3 * median["local"] / STEPS,
        "durability adds, ms a step": statistics.median(added),
        "durability adds / bare activity": statistics.median(added) / (1e3 * median["bare"] / STEPS),
        "durable run / plain run": median["durable"] / median["plain"],
    }


async def cpu_at_load(folder: Path, jobs_at_once: int = 50) -> dict[str, float]:
    """Milliseconds of CPU a step, client and worker in one process, many jobs at once."""
    async with stage(folder, latency_scale=1) as on, build_worker(on.client, on.settings):
        await durable(on, "warm")
        results: dict[str, float] = {}
        runs: dict[str, Callable[[str], Awaitable[object]]] = {
            "plain": lambda _: stateless(on),
            "durable": lambda job: durable(on, job),
        }
        for name, run in runs.items():
            cpu, began = _cpu(), time.perf_counter()
            await asyncio.gather(*(run(f"load-{index}") for index in range(jobs_at_once)))
            steps = STEPS * jobs_at_once
            results[f"{jobs_at_once} {name} jobs at once, s"] = time.perf_counter() - began
            results[f"{jobs_at_once} {name} jobs at once, ms CPU a step"] = 1e3 * (_cpu() - cpu) / steps
        return results


async def durable(on: Stage, job: str) -> None:
    """One job on Temporal."""
    jobs = Jobs(on.client, on.settings.task_queue)
    await jobs.start(job, SPEC)
    await jobs.result(job)


async def stateless(on: Stage) -> None:
    """The same job in this process alone."""
    models, sources = ModelBook(on.settings), Sources(on.settings)
    agents = build_agents(models=models, sources=sources)
    await run_stateless(SPEC, agents, StatelessHost(lambda s: check_job(s, on.settings, models, sources.check), _as_is))


async def _as_is(plan: Plan) -> Plan:
    return plan


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
