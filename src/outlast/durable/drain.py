"""Runs a worker until it is told to stop, then lets the steps under way finish.

On SIGTERM a worker stops asking for work. Steps that end within `drain_seconds` are reported as the attempts they are,
so a rollout repeats nothing; what takes longer is handed to another worker as a new attempt.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from temporalio.worker import Worker

EXIT_PAUSE_SECONDS = 0.2
"""The SDK's threads get this long to end: on Python 3.11 an interpreter that exits at once can die by a signal."""


class Stop(Protocol):
    """Something that can be waited for, such as an `asyncio.Event`."""

    def wait(self) -> Coroutine[Any, Any, object]:
        """Return when the worker has to end."""
        ...


def stop_on_signals(*signals: signal.Signals) -> asyncio.Event:
    """An event that is set when this process is asked to end.

    Args:
        signals: SIGTERM and SIGINT when none are given.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in signals or (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


async def run_worker(worker: Worker, stop: Stop, *, draining: Callable[[], None] = lambda: None) -> None:
    """Run a worker until it is told to stop and its steps are finished or handed back.

    Args:
        worker: Not running yet.
        stop: Waited for.
        draining: Called when no more work is taken.

    Raises:
        Exception: what ended the worker by itself.
    """
    _settle_memory()
    running = asyncio.create_task(worker.run())
    told = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({running, told}, return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            draining()
            await worker.shutdown()
        await running
    finally:
        told.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await told
    await asyncio.sleep(EXIT_PAUSE_SECONDS)


def _settle_memory() -> None:
    """Leave what was imported out of every later collection, and collect less often.

    A worker allocates much and keeps little, beside 100 MB of code and schemas that never go away: by default the
    collector looks through those again and again, a twelfth of all CPU at load.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
