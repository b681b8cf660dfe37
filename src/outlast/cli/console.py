"""Where output goes: results to standard output, everything on the way to standard error."""

from __future__ import annotations

import asyncio
import errno
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

from rich.console import Console

ResultT = TypeVar("ResultT")

WIDE = 200
"""Columns of tables that go to a file or a pipe, where nothing has to fit a screen."""


class _Results(Console):
    """A reader of results who left ends the command; Rich would leave the event loop in mid-step."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError(errno.EPIPE, "nobody reads the output any more")


class _Progress(Console):
    """Progress that nobody reads any more is no reason to leave a job."""

    def on_broken_pipe(self) -> None:
        self.quiet = True


def stdout() -> Console:
    """For results."""
    return _console(stderr=False)


def stderr() -> Console:
    """For progress, notes and questions."""
    return _console(stderr=True)


def is_interactive() -> bool:
    """Whether somebody is there who can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def run_async(work: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Run the asynchronous part of a verb."""

    async def settled() -> ResultT:
        try:
            return await work
        finally:
            # Threads of temporalio's client may outlast it, and on CPython 3.11 kill the interpreter while it exits.
            await asyncio.sleep(0.2)

    return asyncio.run(settled())


def _console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else WIDE
    kind = _Progress if stderr else _Results
    return kind(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)
