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
from urllib.parse import urlsplit

from outlast import __version__
from outlast.errors import OutlastError
from outlast.local.endpoints import Endpoints, PlatformFiles
from outlast.local.locks import FileLock
from outlast.local.temporal import Ports, TemporalServer, free_port
from outlast.offline.config import OfflineConfig
from outlast.offline.server import OfflineServer

IDLE_SECONDS = 3.0
"""How long the platform waits for the next user: a job that is resumed at once finds it running."""

log = logging.getLogger(__name__)


async def host(files: PlatformFiles, config: OfflineConfig) -> None:
    """Run the platform until nobody uses it any more, or until SIGTERM."""
    with FileLock(files.host_lock) as lock:
        if not lock.acquire():
            return  # another host was quicker
        before = files.read()
        temporal = TemporalServer(database=files.database, log=files.log("temporal"), ports=_ports(before))
        offline = OfflineServer(config.model_copy(update={"port": _offline_port(before)}))
        try:
            await temporal.start()
            url = await offline.start()
            files.write(
                Endpoints(
                    pid=os.getpid(),
                    temporal=f"127.0.0.1:{temporal.ports.frontend}",
                    temporal_ui=f"http://127.0.0.1:{temporal.ports.ui}",
                    offline=url,
                    version=__version__,
                )
            )
            await _until_unused(files, temporal)
        finally:
            await offline.stop()
            await temporal.stop()


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
        await temporal.start()


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
        await asyncio.sleep(0.2)


def _ports(before: Endpoints | None) -> Ports:
    # The ports of the last host, when they are free: who was connected to it finds the next one.
    if before is None:
        return Ports(frontend=free_port(), ui=free_port())
    return Ports(frontend=free_port(_port(f"//{before.temporal}")), ui=free_port(_port(before.temporal_ui)))


def _offline_port(before: Endpoints | None) -> int:
    return free_port(_port(before.offline) if before else None)


def _port(url: str) -> int | None:
    try:
        return urlsplit(url).port
    except ValueError:
        return None


def main() -> None:
    """Entry point: the state folder, and the offline server's configuration as JSON."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    files = PlatformFiles(Path(sys.argv[1]))
    try:
        asyncio.run(host(files, OfflineConfig.model_validate_json(sys.argv[2])))
    except OutlastError as error:
        log.error("%s", error)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
