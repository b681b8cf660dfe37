"""The loop that brings jobs closer to their specs: who saw a change adds a key, workers observe, plan and carry out.

One sweep lists the workflows of all jobs; no job is polled on its own.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from outlast.control.executor import Executor, Leadership, NotLeaderError
from outlast.control.jobs import Entry, JobCache
from outlast.control.kube import KubeConflictError, KubeGoneError
from outlast.control.observer import Observer, Snapshot
from outlast.control.probes import OperatorMetrics
from outlast.control.queue import WorkQueue
from outlast.control.temporal import TemporalUnreachableError, Workflows
from outlast.errors import OutlastError
from outlast.job.actions import Requeue
from outlast.job.observed import Workflow
from outlast.job.plan import plan
from outlast.telemetry.visits import VisitSpans

log = logging.getLogger(__name__)

ROUNDS = 6
"""Plans in a row on one visit: a job that still changes then gives way to others."""

BACKOFF_SECONDS = (0.2, 1, 2, 5, 10, 30)
"""How long a job waits after each visit in a row that ended in an error."""

SWEEP_SHARE = 10
"""A sweep that took t seconds is followed by a pause of at least this many times t: it stays a tenth of a core."""

PAUSE_SECONDS = 15
"""The longest pause between sweeps: one that took long for once must not leave everybody without news for minutes."""

RESYNC_SECONDS = 600
"""How often every unfinished job is looked at though nothing was heard of it."""


def utc_now() -> datetime:
    """The time now."""
    return datetime.now(UTC)


class Controller:
    """Reconciles jobs.

    Args:
        cache: The jobs.
        observer: Looks.
        executor: Acts.
        workflows: For the sweep.
        snapshot: Filled by the sweep, read by the observer.
        leadership: Whether this process may act; without it, it only watches.
        metrics: Counts errors.
        spans: Tell of visits that did something.
        sweep_seconds: The least pause between sweeps.
        clock: The time.
    """

    def __init__(
        self,
        *,
        cache: JobCache,
        observer: Observer,
        executor: Executor,
        workflows: Workflows,
        snapshot: Snapshot,
        leadership: Leadership,
        metrics: OperatorMetrics,
        spans: VisitSpans,
        sweep_seconds: float = 1.0,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.cache = cache
        self.queue = WorkQueue()
        self.snapshot = snapshot
        self.moved = time.monotonic()
        """When the sweep loop last moved, for the liveness probe."""
        self.swept = False
        """Whether Temporal answered a sweep, for the readiness probe."""
        self._observer = observer
        self._executor = executor
        self._workflows = workflows
        self._leadership = leadership
        self._metrics = metrics
        self._spans = spans
        self._sweep_seconds = sweep_seconds
        self._clock = clock
        self._touched: set[str] = set()
        """Jobs to whose workflows something was done that a listing may not show yet."""

    def saw(self, body: dict[str, object]) -> None:
        """A job is there or changed; the echo of our own writing is no news."""
        uid, news = self.cache.saw(body)
        if news:
            self._look_at(uid)

    def gone(self, uid: str) -> None:
        """A job is deleted."""
        self.cache.gone(uid)
        self.queue.forget(uid)

    def wake(self) -> None:
        """Look at every job: this process just became the one that acts, or Temporal is back."""
        for uid in self.cache:
            self._look_at(uid)

    async def run(self, workers: int) -> None:
        """Reconcile for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._sweep_for_ever())
            for _ in range(workers):
                group.create_task(self._work())

    async def reconcile(self, entry: Entry) -> None:
        """Bring one job closer to its spec."""
        for _ in range(ROUNDS):
            observed = await self._observer.observe(entry)
            actions = plan(observed, entry.desired, self._clock())
            done = [type(action).__name__ for action in actions if not isinstance(action, Requeue)]
            trace = observed.workflow.trace if observed.workflow else None
            with self._spans.visit(entry.desired.workflow_id, done, trace or observed.status.trace):
                outcome = await self._executor.run(entry, actions)
            if not outcome.again:
                if outcome.requeue is not None:
                    self.queue.add_after(entry.desired.uid, outcome.requeue.total_seconds())
                return
            if self.queue.urgent:  # others were not started yet
                self.queue.add(entry.desired.uid)
                return
        self.queue.add_after(entry.desired.uid, BACKOFF_SECONDS[1])

    async def sweep(self) -> None:
        """List all running workflows; add the jobs whose progress changed, or whose workers came or went."""
        before = self.snapshot.running
        listed = self._workflows.sweep("ExecutionStatus = 'Running'")
        running = {workflow_id: workflow async for workflow_id, workflow in listed}
        self.snapshot.running = running
        self.swept = True
        for workflow_id in list(self._executor.abandoned):
            await self._workflows.cancel(workflow_id)
            self._executor.abandoned.discard(workflow_id)
        if not self.snapshot.reachable:
            self.snapshot.reachable = True
            self.wake()
            return
        for workflow_id in running.keys() | before.keys():
            uid = self.cache.uid_of(workflow_id)
            if uid is not None and _differs(before.get(workflow_id), running.get(workflow_id)):
                self.queue.add(uid)
        self._look_behind_the_listing(running)
        repolled = await self._observer.repolled()
        for workflow_id, workflow in running.items() if repolled else ():
            uid = self.cache.uid_of(workflow_id)
            if uid is not None and workflow.task_queue in repolled:
                self.queue.add(uid)

    def _look_behind_the_listing(self, running: Mapping[str, Workflow]) -> None:
        """A workflow may have ended before any listing showed it: who is missing is asked for, and all once more.

        Not so one that a listing shows and that was only started: it can't go unseen any more.
        """
        for uid in list(self._touched):
            entry = self.cache.get(uid)
            listed = running.get(entry.desired.workflow_id) if entry is not None else None
            settled = entry is None or not entry.memory.listing_is_behind
            if entry is None or settled or entry.memory.is_shown_by(listed):
                self._touched.discard(uid)
            if entry is not None and (settled or listed is None):
                self.queue.add(uid)

    def _look_at(self, uid: str) -> None:
        entry = self.cache.get(uid)
        self.queue.add(uid, first=entry is not None and entry.unstarted)

    async def _sweep_for_ever(self) -> None:
        resynced = time.monotonic()
        while True:
            began = time.monotonic()
            try:
                if self._leadership.held:
                    await self.sweep()
            except TemporalUnreachableError as error:
                self._sweep_failed(error, began)
            self.moved = time.monotonic()
            if self.moved - resynced > RESYNC_SECONDS:
                resynced = self.moved
                self.wake()
            await self._pause(min(SWEEP_SHARE * (self.moved - began), PAUSE_SECONDS))

    def _sweep_failed(self, error: TemporalUnreachableError, began: float) -> None:
        """No job is told of it while other calls are answered: a listing is what a busy server is slowest at."""
        if not self.snapshot.reachable:
            return
        log.warning("the sweep failed: %s", error)
        if not self._workflows.answered_since(began):
            self.snapshot.reachable = False
            self.wake()

    async def _pause(self, seconds: float) -> None:
        """Let time pass until the next sweep: little of it while Temporal is away, since nothing starts before one."""
        until = time.monotonic() + seconds
        await asyncio.sleep(self._sweep_seconds)
        while self.snapshot.reachable and time.monotonic() < until:
            await asyncio.sleep(min(self._sweep_seconds, max(until - time.monotonic(), 0)))

    async def _work(self) -> None:
        while True:
            uid = await self.queue.take()
            try:
                await self._visit(uid)
            finally:
                self.queue.done(uid)

    async def _visit(self, uid: str) -> None:
        entry = self.cache.get(uid)
        if entry is None or not self._leadership.held:
            return
        began = time.monotonic()
        try:
            await self.reconcile(entry)
            entry.memory.failures = 0
            if entry.memory.listing_is_behind:
                self._touched.add(uid)
        except (KubeGoneError, NotLeaderError):
            return  # nothing to do any more, or not by us
        except KubeConflictError:
            self.queue.add_after(uid, BACKOFF_SECONDS[0])  # the newer version is on its way here
        except OutlastError as error:
            if isinstance(error, TemporalUnreachableError) and not self._workflows.answered_since(began):
                self.snapshot.reachable = False
            self._later(uid, entry, error)
        except Exception as error:
            log.exception("a visit of %s ended in an error of ours", entry.desired.workflow_id)
            self._later(uid, entry, error)

    def _later(self, uid: str, entry: Entry, error: Exception) -> None:
        self._metrics.errors.labels(type(error).__name__).inc()
        pause = BACKOFF_SECONDS[min(entry.memory.failures, len(BACKOFF_SECONDS) - 1)]
        entry.memory.failures += 1
        log.warning("%s is looked at again in %.1f s: %s", entry.desired.workflow_id, pause, error)
        self.queue.add_after(uid, pause)


def _differs(before: Workflow | None, now: Workflow | None) -> bool:
    """Whether what people see changed; the length of a history alone does not count."""
    if before is None or now is None:
        return True
    return (before.run_id, before.progress, before.usage, before.build_id) != (
        now.run_id,
        now.progress,
        now.usage,
        now.build_id,
    )
