"""The worker inside a command: works while the command runs, and lets its steps finish when it leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

from outlast.cli.interrupt import leaving_at_once
from outlast.cli.link import Link
from outlast.cli.story import View
from outlast.durable.observer import Unobserved

if TYPE_CHECKING:
    from outlast.durable.replay import ReplayObserver
    from outlast.llm.resolve import ModelBook
    from outlast.settings import Settings
    from outlast.sources.registry import Sources


class Busy(Unobserved):
    """Counts the attempts that are under way on this worker."""

    def __init__(self) -> None:
        self.steps = 0
        self._lock = Lock()

    def started(self, kind: str) -> None:
        """One more."""
        with self._lock:
            self.steps += 1

    def ended(self, kind: str, outcome: str, seconds: float) -> None:
        """One less."""
        with self._lock:
            self.steps -= 1


@asynccontextmanager
async def working(link: Link, task_queue: str, view: View[Any], replays: ReplayObserver) -> AsyncIterator[None]:
    """Work on the jobs of a task queue while the block runs; steps under way finish after it.

    Several commands may work on one queue, such as two that follow the same job: each takes up what others leave.
    """
    from outlast.durable.replay import ReplayInterceptor
    from outlast.durable.worker import build_worker

    busy = Busy()
    async with equipped(link.settings, view.busy) as (models, sources):
        worker = build_worker(
            link.client,
            link.settings,
            task_queue=task_queue,
            observer=busy,
            interceptors=[ReplayInterceptor(replays)],
            models=models,
            sources=sources,
        )
        async with worker:
            try:
                yield
            finally:
                if busy.steps:
                    view.note(_waiting_for(busy.steps, link.settings.drain_seconds))
                with leaving_at_once():
                    await worker.shutdown()


@asynccontextmanager
async def answering(link: Link, task_queue: str) -> AsyncIterator[None]:
    """Let the jobs of a queue answer and decide while the block runs, without any step being carried out."""
    from outlast.durable.worker import build_worker

    async with equipped(link.settings) as (models, sources):
        worker = build_worker(
            link.client, link.settings, task_queue=task_queue, models=models, sources=sources, steps=False
        )
        async with worker:
            yield


@asynccontextmanager
async def equipped(
    settings: Settings, progress: Callable[[str], None] | None = None
) -> AsyncIterator[tuple[ModelBook, Sources]]:
    """Models and sources for a worker, closed after the block; then the last spans are sent."""
    from outlast.llm.resolve import ModelBook
    from outlast.sources.registry import Sources
    from outlast.telemetry.tracing import tracing

    models, sources = ModelBook(settings), Sources(settings, progress=progress)
    try:
        yield models, sources
    finally:
        sources.close()
        await models.aclose()
        if traces := tracing(settings):
            await traces.flush()


def _waiting_for(steps: int, seconds: int) -> str:
    what = "one step" if steps == 1 else f"{steps} steps"
    return (
        f"Waiting for {what} under way, {seconds} s at the most; Ctrl-C ends at once, and what is under way is sent "
        "again later."
    )
