"""What a test needs to run jobs: a real server, a scripted model behind a real wire, workers on their own queue."""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client
from temporalio.worker import Worker

from outlast.durable.client import connect
from outlast.durable.jobs import Jobs
from outlast.durable.worker import build_worker
from outlast.job.spec import ResearchJobSpec
from outlast.llm.resolve import ModelBook
from outlast.local.temporal import TemporalServer
from outlast.offline.server import OfflineServer
from outlast.research.agents import build_agents
from outlast.research.setup import check_job
from outlast.research.state import ResearchResult
from outlast.research.stateless import StatelessHost, run_stateless
from outlast.settings import Settings

from .script import ScriptedSources

ROOT = Path(__file__).parents[2]

DEADLINE = 60.0
"""Seconds within which whatever a test waits for has to happen, on a busy machine too."""


@dataclass
class Lab:
    """A Temporal server, a model server, and a task queue that no other test uses."""

    temporal: TemporalServer
    offline: OfflineServer
    folder: Path
    queue: str = field(default_factory=lambda: f"test-{uuid.uuid4().hex[:8]}")
    sources: ScriptedSources = field(default_factory=ScriptedSources)
    books: list[ModelBook] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Of Temporal's frontend."""
        return f"127.0.0.1:{self.temporal.ports.frontend}"

    def settings(self, **changes: Any) -> Settings:
        """Settings for this lab."""
        return Settings.model_validate(
            {
                "offline_url": self.offline.url,
                "temporal_address": self.address,
                "task_queue": self.queue,
                "drain_seconds": 5,
                "state_dir": self.folder / "state",
                "cache_dir": self.folder / "cache",
                **changes,
            }
        )

    async def jobs(self, **changes: Any) -> Jobs:
        """A caller's view of jobs."""
        return Jobs(await connect(self.settings(**changes)), self.queue)

    def worker(self, client: Client, **changes: Any) -> Worker:
        """A worker that is not running yet; `changes` are settings, except what `build_worker` takes itself."""
        own = {name: changes.pop(name) for name in ("observer", "steps") if name in changes}
        settings = self.settings(**changes)
        return build_worker(client, settings, models=self.models(settings), sources=self.sources, **own)

    def models(self, settings: Settings) -> ModelBook:
        """Models whose connections close with the test."""
        self.books.append(ModelBook(settings))
        return self.books[-1]

    async def close(self) -> None:
        """End what outlives a block."""
        for book in self.books:
            await book.aclose()

    @asynccontextmanager
    async def running(self, **changes: Any) -> AsyncIterator[Jobs]:
        """A worker that runs as long as the block, and a caller with the same settings."""
        jobs = await self.jobs(**{name: value for name, value in changes.items() if name != "observer"})
        async with self.worker(jobs.client, **changes):
            yield jobs

    async def run(self, query: str = "areas", *, spec: dict[str, Any] | None = None, **changes: Any) -> ResearchResult:
        """Run one job to its end."""
        async with self.running(**changes) as jobs:
            return await finish(jobs, query, **(spec or {}))

    async def undisturbed(self, query: str = "areas", **spec: Any) -> ResearchResult:
        """What a job comes to without Temporal and without trouble: what every other way has to equal."""
        settings = self.settings()
        models = self.models(settings)
        agents = build_agents(models=models, sources=self.sources)

        async def review(plan: Any) -> Any:
            return plan

        host = StatelessHost(lambda job: check_job(job, settings, models, self.sources.check), review)
        return await run_stateless(ResearchJobSpec(query=query, **spec), agents, host)


def job_id() -> str:
    """An id that no other job has."""
    return f"job-{uuid.uuid4().hex[:10]}"


async def finish(jobs: Jobs, query: str = "areas", **spec: Any) -> ResearchResult:
    """Start a job and wait for its end.

    Raises:
        JobFailedError: it ended without a report.
    """
    name = job_id()
    await jobs.start(name, ResearchJobSpec(query=query, **spec))
    async with asyncio.timeout(DEADLINE):
        return await jobs.result(name)


async def history(client: Client, workflow_id: str) -> list[HistoryEvent]:
    """Every event of a job's last run."""
    return [event async for event in client.get_workflow_handle(workflow_id).fetch_history_events()]


TICK_SECONDS = 0.1
"""By which times may differ that the server and the SDK round."""


def deadlines(events: Sequence[HistoryEvent]) -> list[float]:
    """When the timers of a run are due, in epoch seconds of its own clock: a slow machine moves none of them."""
    by_id = {event.event_id: event for event in events}
    due = []
    for event in events:
        timer = event.timer_started_event_attributes
        if event.event_type == EventType.EVENT_TYPE_TIMER_STARTED:
            task = by_id[timer.workflow_task_completed_event_id].workflow_task_completed_event_attributes
            began = by_id[task.started_event_id].event_time.ToMicroseconds() / 1e6
            due.append(began + timer.start_to_fire_timeout.ToMicroseconds() / 1e6)
    return due


async def until(condition: Callable[[], Awaitable[Any] | Any], *, seconds: float = DEADLINE) -> Any:
    """Wait until a condition holds, and return what it returned.

    Raises:
        TimeoutError: it did not in time.
    """
    async with asyncio.timeout(seconds):
        while True:
            met = condition()
            if asyncio.iscoroutine(met):
                met = await met
            if met:
                return met
            await asyncio.sleep(0.02)


@asynccontextmanager
async def worker_process(lab: Lab, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker in a process of its own, on the queue of a lab; it drains at the end of the block if it still runs."""
    variables = {
        "OUTLAST_OFFLINE_URL": lab.offline.url,
        "OUTLAST_TEMPORAL_ADDRESS": lab.address,
        "OUTLAST_TASK_QUEUE": lab.queue,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.temporal.worker_process",
        cwd=ROOT,
        env={**os.environ, **variables, **environment},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
        if process.returncode is None:
            process.terminate()
            async with asyncio.timeout(DEADLINE):
                await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await process.communicate()  # closes its pipe
