"""Using the embedded platform: find a running one or start one, and hold it while it is needed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from outlast.durable.identity import is_dead
from outlast.errors import StateError
from outlast.local.endpoints import Endpoints, PlatformFiles
from outlast.local.locks import POLL_SECONDS, FileLock
from outlast.offline.config import OfflineConfig

START_SECONDS = 45
"""How long a host gets until everything answers."""

LOOK_SECONDS = 0.5
"""How often a user looks whether the host still lives."""

OTHERS_SECONDS = 8.0
"""How long a user with other settings waits for an idle platform to end."""

LOOK_SECONDS_AT_MOST = 5.0
"""The same while no host can be started."""


@asynccontextmanager
async def embedded_platform(files: PlatformFiles, config: OfflineConfig | None = None) -> AsyncIterator[Endpoints]:
    """Hold a running platform; it ends some seconds after its last user left.

    A host that dies while the platform is held is replaced, on the same ports.

    Args:
        files: Where it lives.
        config: How its offline model server has to be set up; None takes whatever runs.

    Raises:
        StateError: it can't be started, and the message says why; or it is in use with another configuration.
    """
    files.prepare()
    with FileLock(files.users_lock, shared=True) as lock:
        starter = _Starter(files, config or default_config(files))
        try:
            endpoints = await _held(files, lock, starter, config)
            keeper = asyncio.create_task(starter.keep())
            try:
                yield endpoints
            finally:
                keeper.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await keeper
        finally:
            starter.disown()


async def _held(files: PlatformFiles, lock: FileLock, starter: _Starter, config: OfflineConfig | None) -> Endpoints:
    """Hold the lock of its users, with a host that is set up as asked for."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + OTHERS_SECONDS
    while True:
        if not await lock.wait(START_SECONDS):
            raise StateError(f"The platform in {files.folder} is shutting down and does not end; see its logs there.")
        endpoints = await starter.running()
        if config is None or endpoints.offline_config == config:
            return endpoints
        lock.release()  # perhaps nobody else uses it: then it ends, and the next one is ours
        while starter.host_lives():
            if clock() > deadline:
                raise StateError(
                    f"The platform in {files.folder} is in use, with other settings of the offline models: end what "
                    "uses it first, or set OUTLAST_STATE_DIR to another folder."
                )
            await asyncio.sleep(LOOK_SECONDS)


def default_config(files: PlatformFiles) -> OfflineConfig:
    """The offline model server as `outlast run` wants it: with a ledger that outlives it."""
    return OfflineConfig(ledger=files.ledger)


class _Starter:
    """Starts hosts as they are needed, and keeps the handle of the last one."""

    def __init__(self, files: PlatformFiles, config: OfflineConfig) -> None:
        self._files = files
        self._config = config
        self._process: subprocess.Popen[bytes] | None = None

    async def running(self) -> Endpoints:
        """The endpoints of a running host, started if there is none."""
        try:
            async with asyncio.timeout(START_SECONDS):
                while (found := self._find()) is None:
                    await asyncio.sleep(POLL_SECONDS)
                return found
        except TimeoutError:
            raise StateError(
                f"The embedded platform did not start within {START_SECONDS} s; see {self._files.log('host')} and "
                f"{self._files.log('temporal')}.{self._files.hint()}"
            ) from None

    async def keep(self) -> None:
        """Replace a host that died, for ever."""
        pause = LOOK_SECONDS
        while True:
            await asyncio.sleep(pause)
            if self.host_lives():
                continue
            try:
                await self.running()
            except StateError:  # such as a full disk: the job waits, and goes on when there is room
                pause = min(2 * pause, LOOK_SECONDS_AT_MOST)
            else:
                pause = LOOK_SECONDS

    def disown(self) -> None:
        """Leave the host to itself: it ends on its own, and this process reaps it no more."""
        if self._process is not None and self._process.poll() is None:
            self._process.returncode = 0  # else Python warns of a child that still runs
        self._process = None

    def _find(self) -> Endpoints | None:
        if not self.host_lives():
            code = self._process.poll() if self._process else 0
            if code is not None and code > 0:
                self._process = None
                raise StateError(self._failure())
            if code is not None:  # none was started, another was quicker, or it was killed
                self._process = self._spawn()
            return None
        endpoints = self._files.read()
        if endpoints is None or not _is_alive(endpoints):
            return None  # the file of a dead host stays until the next one wrote its own
        return endpoints

    def _spawn(self) -> subprocess.Popen[bytes]:
        folder = str(self._files.folder.absolute())
        log = self._files.open_log("host")
        try:
            return subprocess.Popen(  # noqa: S603 - our own module, our own arguments
                [sys.executable, "-P", "-m", "outlast.local.host", folder, self._config.model_dump_json()],
                cwd=folder,  # it may outlive the folder that the command was called in
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C at the terminal is for the command, not for the platform
            )
        except OSError as error:
            raise StateError(f"The embedded platform can't be started: {error}.") from None
        finally:
            os.close(log)

    def host_lives(self) -> bool:
        """Whether some process is the host."""
        with FileLock(self._files.host_lock, shared=True) as probe:
            return not probe.acquire()

    def _failure(self) -> str:
        try:
            return self._files.failure.read_text()
        except OSError:
            log = self._files.log("host")
            return f"The embedded platform did not start; {log} says why.{self._files.hint()}"


def _is_alive(endpoints: Endpoints) -> bool:
    if is_dead(endpoints.identity):
        return False
    try:
        os.kill(endpoints.pid, 0)  # all that systems without /proc can tell
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
