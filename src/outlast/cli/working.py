"""The worker inside a command: works while the command runs, and lets its steps finish when it leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Lock
from typing import TYPE_CHECKING

from outlast.cli.interrupt import leaving_at_once
from outlast.cli.link import Link
from outlast.cli.story import View
from outlast.durable.observer import Unobserved

if TYPE_CHECKING:
    from outlast.durable.replay import ReplayObserver


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
async def working(link: Link, task_queue: str, view: View, replays: ReplayObserver) -> AsyncIterator[None]:
    """Work on the jobs of a task queue while the block runs; steps under way finish after it.

    Several commands may work on one queue: each takes up what the others leave.
    """
    from outlast.durable.replay import ReplayInterceptor
    from outlast.durable.worker import build_worker
    from outlast.sources.registry import Sources

    busy = Busy()
    worker = build_worker(
        link.client,
        link.settings,
        task_queue=task_queue,
        observer=busy,
        interceptors=[ReplayInterceptor(replays)],
        sources=Sources(link.settings, progress=view.busy),
    )
    async with worker:
        try:
            yield
        finally:
            if busy.steps:
                steps = "one step" if busy.steps == 1 else f"{busy.steps} steps"
                view.note(
                    f"Waiting for {steps} under way, {link.settings.drain_seconds} s at the most; "
                    "Ctrl-C ends at once, and they are sent again later."
                )
            with leaving_at_once():
                await worker.shutdown()


@asynccontextmanager
async def answering(link: Link, task_queue: str) -> AsyncIterator[None]:
    """Let the jobs of a queue answer and decide while the block runs, without any step being carried out."""
    from outlast.durable.worker import build_worker

    async with build_worker(link.client, link.settings, task_queue=task_queue, steps=False):
        yield
