"""Work to do by key: each key at most once queued and at most once under way, so no job races with itself.

Two lanes: jobs that nobody has seen yet go before all others. When a thousand come at once, each is started before
any gets its second look; what people read of a job that runs can wait for a second. Order alone is not enough, since
what is under way shares the same two servers with the starts: while new jobs come, few others are let through at once,
and every eighth turn is theirs, so that no stream of new jobs starves them.
"""

from __future__ import annotations

import asyncio
from collections import deque

TURNS = 8
"""One turn in as many goes to the lane of the others first."""

OTHERS_AT_ONCE = 4
"""How many of the others are under way at once while new keys come."""

CALM_SECONDS = 0.5
"""How long no new key has to come until the others get all turns: who creates many takes breath now and then."""


class WorkQueue:
    """Keys to be looked at, lane by lane in the order in which they came."""

    def __init__(self) -> None:
        self._first: deque[str] = deque()
        self._rest: deque[str] = deque()
        self._turn = 0
        self._queued: set[str] = set()
        self._active: set[str] = set()
        self._new: set[str] = set()
        """Those under way that were added to go first."""
        self._calm_at = 0.0
        """Time of the loop from which on the others get all turns."""
        self._dirty: set[str] = set()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._calm: asyncio.TimerHandle | None = None
        """Wakes who waits for calm."""
        self._waiting = asyncio.Event()

    @property
    def urgent(self) -> bool:
        """Whether other keys that were added to go first wait or are under way: one alone is in no one's way."""
        return bool(self._first) or len(self._new) > 1

    def add(self, key: str, *, first: bool = False) -> None:
        """Have a key looked at as soon as may be; one under way is looked at again, one that is queued stays put."""
        if key in self._active:
            self._dirty.add(key)
        elif key not in self._queued:
            self._queued.add(key)
            (self._first if first else self._rest).append(key)
            if first:
                self._calm_at = asyncio.get_running_loop().time() + CALM_SECONDS
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
        while not (lanes := self._open_lanes()):
            self._waiting.clear()
            await self._waiting.wait()
        self._turn = (self._turn + 1) % TURNS
        lane = lanes[0 if self._turn else -1]
        key = lane.popleft()
        self._queued.discard(key)
        self._active.add(key)
        if lane is self._first:
            self._new.add(key)
        return key

    def done(self, key: str) -> None:
        """The key was looked at."""
        self._active.discard(key)
        self._new.discard(key)
        if key in self._dirty:
            self._dirty.discard(key)
            self.add(key)
        self._waiting.set()  # a place may be free for one that was held back

    def __len__(self) -> int:
        return len(self._queued)

    def _open_lanes(self) -> list[deque[str]]:
        """The lanes from which a key may be taken now, the first one first."""
        lanes = [self._first] if self._first else []
        if self._rest and self._others_may_go():
            lanes.append(self._rest)
        return lanes

    def _others_may_go(self) -> bool:
        if len(self._active) - len(self._new) < OTHERS_AT_ONCE:
            return True
        loop = asyncio.get_running_loop()
        left = self._calm_at - loop.time()
        if left > 0 and self._calm is None:
            self._calm = loop.call_later(left, self._look_for_calm)
        return left <= 0

    def _look_for_calm(self) -> None:
        self._calm = None
        self._waiting.set()

    def _due(self, key: str) -> None:
        self._timers.pop(key, None)
        self.add(key)
