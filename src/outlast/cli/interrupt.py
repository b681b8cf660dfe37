"""Ctrl-C and SIGTERM while a job runs: noticed without tearing anything down, since the person may want to go on."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from outlast.cli.exits import INTERRUPTED


class Interrupts:
    """Signals that came and were not dealt with yet. Who began to wait last hears of the next one."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[None]] = []
        self._missed = False
        self._terminated = False

    @property
    def terminated(self) -> bool:
        """Whether SIGTERM came: somebody wants this process gone, and there is nobody to ask."""
        return self._terminated

    async def wait(self) -> None:
        """Return when a signal came."""
        if self._missed:
            self._missed = False
            return
        heard: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(heard)
        try:
            await heard
        finally:
            self._waiting.remove(heard)

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Catch signals while the block runs."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self.came)
        loop.add_signal_handler(signal.SIGTERM, self._terminate)
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGINT)
            loop.remove_signal_handler(signal.SIGTERM)

    def came(self) -> None:
        """A signal came."""
        if self._waiting and not self._waiting[-1].done():
            self._waiting[-1].set_result(None)
        else:
            self._missed = True

    def _terminate(self) -> None:
        self._terminated = True
        self.came()


@contextmanager
def leaving_at_once() -> Iterator[None]:
    """While the block waits for steps to finish, one more Ctrl-C ends the process on the spot.

    That is safe: it is what the whole system is built for. What was in flight is sent again by whoever goes on.
    """
    loop = asyncio.get_running_loop()

    def leave() -> None:
        sys.stderr.write("\n")
        sys.stderr.flush()
        os._exit(INTERRUPTED)

    loop.add_signal_handler(signal.SIGINT, leave)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
