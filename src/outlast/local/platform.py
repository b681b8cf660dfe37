"""Using the embedded platform: find a running one or start one, and hold it while it is needed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from outlast.errors import StateError
from outlast.local.endpoints import Endpoints, PlatformFiles
from outlast.local.locks import FileLock
from outlast.offline.config import OfflineConfig

START_SECONDS = 45
"""How long a host gets until everything answers."""


@asynccontextmanager
async def embedded_platform(files: PlatformFiles, config: OfflineConfig) -> AsyncIterator[Endpoints]:
    """Hold a running platform; it ends some seconds after its last user left.

    A host that dies while the platform is held is replaced, on the same ports.

    Raises:
        StateError: it can't be started; the message holds the end of its log.
    """
    files.prepare()
    with FileLock(files.users_lock, shared=True) as lock:
        if not await lock.wait(START_SECONDS):
            raise StateError(f"The platform in {files.folder} is shutting down and does not end; see its logs there.")
        endpoints = await _running(files, config)
        keeper = asyncio.create_task(_keep(files, config))
        try:
            yield endpoints
        finally:
            keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeper


async def _keep(files: PlatformFiles, config: OfflineConfig) -> None:
    while True:
        await asyncio.sleep(0.5)
        if not _host_lives(files):
            with contextlib.suppress(StateError):  # tried again on the next round; the job waits meanwhile
                await _running(files, config)


async def _running(files: PlatformFiles, config: OfflineConfig) -> Endpoints:
    process: subprocess.Popen[bytes] | None = None
    try:
        async with asyncio.timeout(START_SECONDS):
            while True:
                if not _host_lives(files):
                    if process is not None and process.poll() not in (None, 0):
                        raise StateError(_failure(files))
                    if process is None or process.poll() is not None:
                        process = _spawn(files, config)
                elif (endpoints := files.read()) is not None and _is_alive(endpoints.pid):
                    return endpoints  # the file of a dead host stays until the next one wrote its own
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise StateError(_failure(files)) from None


def _spawn(files: PlatformFiles, config: OfflineConfig) -> subprocess.Popen[bytes]:
    with files.log("host").open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - our own module, our own arguments
            [sys.executable, "-m", "outlast.local.host", str(files.folder), config.model_dump_json()],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C at the terminal is for the command, not for the platform
        )


def _host_lives(files: PlatformFiles) -> bool:
    with FileLock(files.host_lock, shared=True) as probe:
        return not probe.acquire()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _failure(files: PlatformFiles) -> str:
    path = files.log("host")
    tail = path.read_text(errors="replace").splitlines()[-8:] if path.exists() else []
    return "The embedded platform did not start:\n" + "\n".join(f"  {line}" for line in tail)
