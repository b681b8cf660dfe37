"""Work to do by key: each key at most once queued and at most once under way, so no job races with itself.

Two lanes: jobs that nobody has seen yet go before all others. When a thousand come at once, each is started before
any gets its second look; what people read of a job that runs can wait for a second. Every eighth turn is the others',
so that no stream of new jobs starves them.
"""

from __future__ import annotations

import asyncio
from collections import deque

TURNS = 8
"""One turn in as many goes to the lane of the others first."""


class WorkQueue:
    """Keys to be looked at, lane by lane in the order in which they came."""

    def __init__(self) -> None:
        self._first: deque[str] = deque()
        self._rest: deque[str] = deque()
        self._turn = 0
        self._queued: set[str] = set()
        self._active: set[str] = set()
        self._dirty: set[str] = set()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._waiting = asyncio.Event()

    @property
    def urgent(self) -> bool:
        """Whether keys wait that were added to go first."""
        return bool(self._first)

    def add(self, key: str, *, first: bool = False) -> None:
        """Have a key looked at as soon as may be; one under way is looked at again, one that is queued stays put."""
        if key in self._active:
            self._dirty.add(key)
        elif key not in self._queued:
            self._queued.add(key)
            (self._first if first else self._rest).append(key)
            self._waiting.set()

    def add_after(self, key: str, seconds: float) -> None:
        """Have a key looked at later; an earlier date for it stands."""
        loop = asyncio.get_running_loop()
        timer = self._timers.get(key)
        due = loop.time() + seconds
        if timer is not None and not timer.cancelled() and loop.time() < timer.when() <= due:
            return
        if timer is not None:
            timer.cancel()
        self._timers[key] = loop.call_at(due, self._due, key)

    def forget(self, key: str) -> None:
        """Drop what was planned for a key that is gone."""
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()

    async def take(self) -> str:
        """Wait for a key; `done` has to follow."""
        while not self._queued:
            self._waiting.clear()
            await self._waiting.wait()
        self._turn = (self._turn + 1) % TURNS
        lanes = (self._first, self._rest) if self._turn else (self._rest, self._first)
        key = (lanes[0] or lanes[1]).popleft()
        self._queued.discard(key)
        self._active.add(key)
        return key

    def done(self, key: str) -> None:
        """The key was looked at."""
        self._active.discard(key)
        if key in self._dirty:
            self._dirty.discard(key)
            self.add(key)

    def __len__(self) -> int:
        return len(self._queued)

    def _due(self, key: str) -> None:
        self._timers.pop(key, None)
        self.add(key)
