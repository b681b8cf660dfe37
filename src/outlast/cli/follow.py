"""Follows a job to its end: shows where it is, and never takes a silent server for a failed job."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from temporalio.service import RPCError

from outlast.cli.interrupt import Interrupts
from outlast.cli.story import Snapshot, Trouble, View, Where
from outlast.durable.handles import JobHandles
from outlast.durable.pending import pending_steps
from outlast.errors import UnreachableError

ProgressT = TypeVar("ProgressT", bound=Where)
ResultT = TypeVar("ResultT")

LOOK_SECONDS = 0.25
"""How often progress is asked for when the worker is in this process."""

REMOTE_LOOK_SECONDS = 1.0
"""The same when it is elsewhere."""

AGAIN_SECONDS = 1.0
"""Pause before a server that did not answer is asked again."""

Handler = Callable[[], Awaitable[bool]]
"""Deals with what came up; True ends the following."""


@dataclass(frozen=True, slots=True)
class Handlers:
    """What the follower leaves to others."""

    on_first: Callable[[], None]
    """Progress was heard for the first time."""
    on_interrupt: Handler
    """Ctrl-C or SIGTERM came."""
    on_waiting: Callable[[Snapshot[Any]], Awaitable[bool]]
    """The job waits for a person; cancelled when it waits no more. True ends the following."""


class Follower(Generic[ProgressT, ResultT]):
    """Follows one job.

    Args:
        jobs: Where it is.
        job_id: Which.
        view: Shows where it is.
        completed: What the last progress that was seen came to by the result.
        every: Seconds between two looks.
    """

    def __init__(
        self,
        jobs: JobHandles[Any, ProgressT, ResultT],
        job_id: str,
        view: View[ProgressT],
        completed: Callable[[ProgressT | None, ResultT], Snapshot[ProgressT]],
        *,
        every: float,
    ) -> None:
        self._jobs = jobs
        self._job_id = job_id
        self._view = view
        self._completed = completed
        self._every = every
        self._last: Snapshot[ProgressT] | None = None

    async def follow(self, interrupts: Interrupts, handlers: Handlers) -> ResultT | None:
        """Return the result, or None when a handler ended the following.

        Raises:
            JobFailedError: the job ended without a report.
        """
        result = asyncio.create_task(self._result())
        others = [
            asyncio.create_task(self._look(handlers)),
            asyncio.create_task(_until_true(interrupts.wait, handlers.on_interrupt)),
        ]
        try:
            done, _ = await asyncio.wait({result, *others}, return_when=asyncio.FIRST_COMPLETED)
            if result in done:
                self._view.moved(self._completed(self._last.progress if self._last else None, await result))
                return result.result()
            for task in done:
                task.result()  # a handler ended it, or something broke
            return None
        finally:
            for task in (result, *others):
                await _end(task)

    async def _result(self) -> ResultT:
        while True:
            try:
                return await self._jobs.result(self._job_id)
            except UnreachableError:
                await asyncio.sleep(AGAIN_SECONDS)

    async def _look(self, handlers: Handlers) -> None:
        """Look until the handler of a waiting job wants to end it."""
        asking: asyncio.Task[bool] | None = None
        silent = False
        try:
            while asking is None or not asking.done() or not asking.result():
                try:
                    snapshot = await self._snapshot()
                except (UnreachableError, RPCError) as error:
                    if not silent:
                        self._view.note(f"{error} It is asked again until it answers; the job loses nothing.")
                    silent = True
                    await asyncio.sleep(AGAIN_SECONDS)
                    continue
                silent = False
                self._show(snapshot, handlers)
                if snapshot.progress.waiting_for is None:
                    await _end(asking)  # somebody else decided
                    asking = None
                elif asking is None:
                    asking = asyncio.create_task(_waiting(handlers, snapshot))
                await asyncio.sleep(self._every)
        finally:
            await _end(asking)

    def _show(self, snapshot: Snapshot[ProgressT], handlers: Handlers) -> None:
        if self._last is None:
            handlers.on_first()
        self._last = snapshot
        self._view.moved(snapshot)

    async def _snapshot(self) -> Snapshot[ProgressT]:
        progress = await self._jobs.progress(self._job_id)
        steps = await pending_steps(self._jobs.client, self._job_id)
        troubles = [Trouble(s.kind, s.attempt, s.failure, s.next_attempt) for s in steps if s.failure]
        return Snapshot(progress, troubles)


async def _until_true(happens: Callable[[], Awaitable[None]], handler: Handler) -> None:
    while True:
        await happens()
        if await handler():
            return


async def _waiting(handlers: Handlers, snapshot: Snapshot[Any]) -> bool:
    return await handlers.on_waiting(snapshot)


async def _end(task: asyncio.Task[Any] | None) -> None:
    if task is not None:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await task
