"""Advisory locks on files: the kernel lets go of them when their holder dies, however it dies."""

from __future__ import annotations

import asyncio
import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self


class FileLock:
    """A lock on a file.

    Args:
        path: The file, made when absent.
        shared: Several may hold it together; an exclusive holder keeps all others out.
    """

    def __init__(self, path: Path, *, shared: bool = False) -> None:
        self._path = path
        self._mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        self._file: int | None = None

    def acquire(self) -> bool:
        """Take it if it is free now."""
        if self._file is None:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, self._mode | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            return False
        return True

    async def wait(self, seconds: float) -> bool:
        """Take it, waiting for it at the most so long."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not self.acquire():
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(0.02)
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
