"""Takes up a job that was there before: steps of dead workers are taken over at once, and what was replayed is told."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio.client import Client

from outlast.cli.story import Resumed
from outlast.durable.identity import is_dead
from outlast.durable.pending import pending_steps
from outlast.durable.summaries import JobState, list_jobs
from outlast.durable.takeover import take_over
from outlast.durable.wake import wake

LATEST_JOBS = 100
"""Jobs that are looked at when a worker starts for all of them; steps of older ones are given up by their heartbeat."""


class ReplayMeter:
    """Notes the last replay of each job on this worker: a `ReplayObserver`.

    A step that this worker finished itself since it began is not among those that it got back.
    """

    def __init__(self) -> None:
        self._since = datetime.now(UTC)
        self._replays: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def replay_began(self, job: str) -> None:
        """Note it."""
        with self._lock:
            self._replays[job] = (0, 0.0)

    def step_replayed(self, job: str, recorded: datetime, seconds: float) -> None:
        """Count it."""
        if recorded < self._since:
            with self._lock:
                steps, _ = self._replays.get(job, (0, 0.0))
                self._replays[job] = (steps + 1, seconds)

    def of(self, job: str) -> tuple[int, float] | None:
        """Steps and seconds; None when the job was not replayed here."""
        with self._lock:
            return self._replays.get(job)


@dataclass(frozen=True, slots=True)
class InFlight:
    """What was in flight when a job was taken up."""

    sent_again: int
    elsewhere: int

    def resumed(self, replay: tuple[int, float] | None) -> Resumed | None:
        """What there is to tell; None when nothing was replayed here, since other workers are at it."""
        if replay is None:
            return None
        steps, seconds = replay
        return Resumed(
            replayed_steps=steps, replay_ms=seconds * 1000, sent_again=self.sent_again, elsewhere=self.elsewhere
        )


async def take_up(client: Client, job_id: str) -> InFlight:
    """Take steps from workers that are known to be dead, and count what is in flight."""
    before = [step for step in await pending_steps(client, job_id) if step.worker]
    await take_over(client, job_id, is_dead)
    await wake(client, job_id, is_dead)
    elsewhere = sum(step.running and not is_dead(step.worker) for step in before)
    return InFlight(sent_again=len(before) - elsewhere, elsewhere=elsewhere)


async def take_up_all(client: Client, task_queue: str) -> None:
    """The same for every job of a task queue that is not over."""
    async for summary in list_jobs(client, limit=LATEST_JOBS):
        if summary.state is JobState.RUNNING and summary.task_queue == task_queue:
            await take_over(client, summary.id, is_dead)
            await wake(client, summary.id, is_dead)
