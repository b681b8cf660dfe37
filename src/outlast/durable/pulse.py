"""The heartbeats of one attempt: often enough to be believed, and no more, since each one is a write on the server.

They also carry how the attempts before ended. Heartbeat details outlive the worker and the attempt: they are the only
memory that a step has of its own, and let failures be told from deaths and from drains.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from temporalio import activity
from temporalio.worker import ActivityOutboundInterceptor

from outlast.durable.retries import Failures

BEATS_WITHIN_TIMEOUT = 3
"""Two may be lost or late before a living worker is taken for dead."""


class Pulse(ActivityOutboundInterceptor):
    """Beats for an attempt, and thins out what others beat.

    Pydantic AI beats at the very start, when nothing can have timed out yet; most steps end before they need a beat.

    Args:
        next: What it wraps.
    """

    def __init__(self, next: ActivityOutboundInterceptor) -> None:  # noqa: A002
        super().__init__(next)
        info = next.info()
        self.failures = Failures.recorded(info.heartbeat_details)
        """Of the attempts before, then with this one."""
        timeout = info.heartbeat_timeout
        self._timeout = timeout.total_seconds() if timeout else float("inf")
        self._every = self._timeout / BEATS_WITHIN_TIMEOUT if timeout else None
        self._loop = asyncio.get_running_loop()
        self._last = self._alive = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None

    def heartbeat(self, *details: Any) -> None:
        """Beat, unless the last beat is still fresh."""
        now = self._loop.time()
        if self._every is not None and now - self._last >= self._every * 0.9:
            self._last = now
            self._send(*details)

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Beat while the block runs."""
        if self._every is None:
            yield
            return
        self._timer = self._loop.call_later(self._every, self._beat)
        try:
            yield
        finally:
            self._timer.cancel()

    def is_fresh(self) -> bool:
        """Whether this process never stood still for as long as it takes to be given up for dead."""
        return self._loop.time() - self._alive < self._timeout

    def count_failure(self, info: activity.Info) -> None:
        """Count this attempt as failed; the SDK sends the beat before the failure, so the next attempt knows."""
        self._remember(self.failures.after(info.attempt), info)

    def hand_over(self, info: activity.Info) -> None:
        """Count this attempt as one that its worker can't finish any more."""
        self._remember(self.failures.after_handover(info.attempt), info)

    def _remember(self, failures: Failures, info: activity.Info) -> None:
        self.failures = failures
        if not info.is_local:
            self._send()

    def _beat(self) -> None:
        if self.is_fresh():  # once stale, it stays so: by now another worker may be at it
            self._alive = self._loop.time()
        self.heartbeat()
        if self._every is not None:
            self._timer = self._loop.call_later(self._every, self._beat)

    def _send(self, *details: Any) -> None:
        told = self.failures
        super().heartbeat(told.count, told.last_attempt, list(told.handed_over), *details)
