"""Work to do by key: each key at most once queued and at most once under way, so no job races with itself."""

from __future__ import annotations

import asyncio
from collections import deque


class WorkQueue:
    """Keys to be looked at, in the order in which they came."""

    def __init__(self) -> None:
        self._ready: deque[str] = deque()
        self._queued: set[str] = set()
        self._active: set[str] = set()
        self._dirty: set[str] = set()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._waiting = asyncio.Event()

    def add(self, key: str) -> None:
        """Have a key looked at as soon as may be; one that is under way is looked at again."""
        if key in self._active:
            self._dirty.add(key)
        elif key not in self._queued:
            self._queued.add(key)
            self._ready.append(key)
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
        while not self._ready:
            self._waiting.clear()
            await self._waiting.wait()
        key = self._ready.popleft()
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
        return len(self._ready)

    def _due(self, key: str) -> None:
        self._timers.pop(key, None)
        self.add(key)
