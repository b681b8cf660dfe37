"""Advisory locks on files: the kernel lets go of them when their holder dies, however it dies."""

from __future__ import annotations

import asyncio
import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from outlast.errors import StateError

POLL_SECONDS = 0.02
"""How often a waiter looks again."""


class FileLock:
    """A lock on a file.

    Args:
        path: The file, made when absent; never removed, since a waiter may hold it open.
        shared: Several may hold it together; an exclusive holder keeps all others out.
    """

    def __init__(self, path: Path, *, shared: bool = False) -> None:
        self._path = path
        self._mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        self._file: int | None = None

    def acquire(self) -> bool:
        """Take it if it is free now.

        Raises:
            StateError: the file can't be opened, or its file system knows no locks.
        """
        try:
            if self._file is None:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._file, self._mode | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            return False
        except OSError as error:
            self.release()
            raise StateError(
                f"The lock {self._path} can't be taken: {error.strerror}. Set OUTLAST_STATE_DIR to a folder on a "
                "local disk that you may write to."
            ) from None
        return True

    async def wait(self, seconds: float) -> bool:
        """Take it, waiting for it at the most so long."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + seconds
        while not self.acquire():
            if clock() > deadline:
                return False
            await asyncio.sleep(POLL_SECONDS)
        return True

    def release(self) -> None:
        """Let go of it."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
