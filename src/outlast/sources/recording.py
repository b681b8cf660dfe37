"""What sources write into the ledger: a row before they are asked, completed after.

Without the first row nothing is sent. Writes run in threads, since another process may hold the file for a while.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from outlast.ledger import Entry, Ledger
from outlast.sources.passage import digest
from outlast.steps import sending

__all__ = ["Recorder"]


class Recorder:
    """Keeps the ledger of this process's sources, opened on first use.

    Args:
        path: the ledger's file; None records nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._ledger: Ledger | None = None

    @asynccontextmanager
    async def recording(self, name: str, subject: str, request: Any) -> AsyncIterator[Entry]:
        """Record the block as one request to a source, made by the current step.

        Args:
            name: of the source.
            subject: what it is asked.
            request: everything it is asked, as JSON values: equal requests have equal digests.

        Raises:
            StateError: the row before could not be written, and the block did not run; or the row after could not.
            StaleAttemptError: another worker may have been given the step meanwhile; the block did not run.
        """
        step = sending()
        if self._path is None:
            yield Entry("")
            return
        sha256 = digest(json.dumps([name, request], sort_keys=True, default=str))
        ledger = await asyncio.to_thread(self._opened)
        row = ledger.recording(kind="source", name=name, subject=subject, sha256=sha256, step=step)
        entry = await asyncio.to_thread(row.__enter__)
        try:
            yield entry
        except BaseException as error:
            # Not in a thread: whoever was cancelled may not wait.
            row.__exit__(type(error), error, error.__traceback__)
            raise
        await asyncio.to_thread(row.__exit__, None, None, None)

    def close(self) -> None:
        """Close the file; the next request opens it again."""
        with self._lock:
            if self._ledger:
                self._ledger.close()
            self._ledger = None

    def _opened(self) -> Ledger:
        with self._lock:
            if self._ledger is None:
                self._ledger = Ledger(self._path)
            return self._ledger
