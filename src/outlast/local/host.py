"""The host process of the embedded platform: keeps it up while anyone uses it, and ends it when nobody does.

Users hold a shared lock; the kernel drops it when they die, however they die. So the platform is never left behind, and
the host needs no word from anyone to know. Started by `local/platform.py`, one for each state folder.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from pathlib import Path

from outlast import __version__
from outlast.durable.identity import process_identity
from outlast.errors import OutlastError, StateError
from outlast.local.endpoints import Endpoints, PlatformFiles
from outlast.local.locks import FileLock
from outlast.local.parts import Parts, start_parts
from outlast.local.temporal import TemporalServer
from outlast.offline.config import OfflineConfig

IDLE_SECONDS = 3.0
"""How long the platform waits for the next user: a job that is resumed at once finds it running."""

LOOK_SECONDS = 0.2
"""How often the host looks whether anybody uses it."""

OTHERS_SECONDS = 0.2
"""How long a host tries for its lock: those who look whether a host lives hold it for an instant."""

AGAIN_SECONDS = 1.0
"""Pause before a server that can't be started is tried again, such as one whose disk is full."""

log = logging.getLogger("outlast.host")


async def host(files: PlatformFiles, config: OfflineConfig) -> None:
    """Run the platform until nobody uses it any more, or until SIGTERM.

    Raises:
        StateError: a part of it can't be started.
    """
    with FileLock(files.host_lock) as lock:
        if not await lock.wait(OTHERS_SECONDS):
            return  # another host was quicker
        with contextlib.suppress(OSError):
            files.failure.unlink()
        parts = await start_parts(files, config, before=files.read())
        try:
            files.write(_endpoints(parts, config))
            log.info("up: Temporal on %s, offline models at %s", parts.temporal.ports, parts.offline.url)
            await _until_unused(files, parts.temporal)
        finally:
            log.info("ending")
            await parts.stop()


def _endpoints(parts: Parts, config: OfflineConfig) -> Endpoints:
    return Endpoints(
        pid=os.getpid(),
        identity=process_identity(),
        temporal=f"127.0.0.1:{parts.temporal.ports.frontend}",
        temporal_ui=f"http://127.0.0.1:{parts.temporal.ports.ui}",
        offline=parts.offline.url,
        offline_config=config,
        version=__version__,
    )


async def _until_unused(files: PlatformFiles, temporal: TemporalServer) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    keeper = asyncio.create_task(_keep_up(temporal))
    unused = asyncio.create_task(_unused(files))
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({keeper, unused, stopped}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (keeper, unused, stopped):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _keep_up(temporal: TemporalServer) -> None:
    """Start the server again whenever it dies; its database has everything."""
    while True:
        await temporal.wait()
        log.warning("the Temporal server ended; starting it again on port %d", temporal.ports.frontend)
        try:
            await temporal.start()
        except StateError as error:
            log.error("%s", error)
            await asyncio.sleep(AGAIN_SECONDS)


async def _unused(files: PlatformFiles) -> None:
    """Return when nobody held the users' lock for a while. It stays taken: who comes now waits for the next host."""
    lock = FileLock(files.users_lock)
    idle_since: float | None = None
    clock = asyncio.get_running_loop().time
    while True:
        if lock.acquire():
            idle_since = clock() if idle_since is None else idle_since
            if clock() - idle_since >= IDLE_SECONDS:
                return  # process exit lets go of the lock
            lock.release()
        else:
            idle_since = None
        await asyncio.sleep(LOOK_SECONDS)


def main() -> None:
    """Entry point: the state folder, and the offline server's configuration as JSON."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    files = PlatformFiles(Path(sys.argv[1]))
    try:
        asyncio.run(host(files, OfflineConfig.model_validate_json(sys.argv[2])))
    except OutlastError as error:
        log.error("%s", error)
        with contextlib.suppress(OSError):
            files.failure.write_text(str(error))
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
