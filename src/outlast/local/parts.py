"""The parts of the embedded platform: a Temporal server and an offline model server, started together."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from outlast.errors import StateError
from outlast.local.endpoints import Endpoints, PlatformFiles
from outlast.local.ports import free_port
from outlast.local.temporal import Ports, TemporalServer
from outlast.offline.config import OfflineConfig

if TYPE_CHECKING:
    from outlast.offline.server import OfflineServer

PORT_TRIES = 3
"""A port may be taken between the look and the start; then others are tried."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What runs."""

    temporal: TemporalServer
    offline: OfflineServer

    async def stop(self) -> None:
        """End all of it."""
        await asyncio.gather(self.temporal.stop(), self.offline.stop())


async def start_parts(files: PlatformFiles, config: OfflineConfig, *, before: Endpoints | None) -> Parts:
    """Start the parts, on the ports of the last host when they are free: who was connected to it finds this one.

    Raises:
        StateError: one can't be started; the others are ended.
    """
    temporal, offline = await asyncio.gather(_temporal(files, before), _offline(config, before), return_exceptions=True)
    if isinstance(temporal, BaseException):
        if not isinstance(offline, BaseException):
            await offline.stop()
        raise temporal
    if isinstance(offline, BaseException):
        await temporal.stop()
        raise offline
    return Parts(temporal, offline)


async def _temporal(files: PlatformFiles, before: Endpoints | None) -> TemporalServer:
    preferred = (_port(f"//{before.temporal}"), _port(before.temporal_ui)) if before else (None, None)
    for left in reversed(range(PORT_TRIES)):
        ports = Ports(frontend=free_port(preferred[0]), ui=free_port(preferred[1]))
        server = TemporalServer(database=files.database, log=files.log("temporal"), ports=ports)
        try:
            await server.start()
        except StateError as error:
            if not left or "address already in use" not in str(error):
                raise StateError(f"{error}{files.hint()}") from None
        else:
            return server
    raise AssertionError("the last try returns or raises")


async def _offline(config: OfflineConfig, before: Endpoints | None) -> OfflineServer:
    server_type = await asyncio.to_thread(_load_offline)  # the slow import runs while the other part starts
    server = server_type(config)
    preferred = _port(before.offline) if before else None
    await server.start(port=config.port or free_port(preferred))
    return server


def _load_offline() -> type[OfflineServer]:
    from outlast.offline.server import OfflineServer

    return OfflineServer


def _port(url: str) -> int | None:
    try:
        return urlsplit(url).port
    except ValueError:
        return None
