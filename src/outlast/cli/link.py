"""A verb's way to the jobs: the Temporal server that the settings name, else the embedded platform."""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outlast.cli.logs import log_to_file, quiet_runtime
from outlast.durable.identity import process_identity
from outlast.local.endpoints import Endpoints, PlatformFiles
from outlast.local.platform import embedded_platform
from outlast.offline.config import OfflineConfig
from outlast.settings import Settings

if TYPE_CHECKING:
    from temporalio.client import Client

    from outlast.durable.jobs import Jobs


@dataclass(frozen=True, slots=True)
class Link:
    """A connection."""

    settings: Settings
    """As read, with the addresses of the embedded platform where it stands in."""
    client: Client
    platform: Endpoints | None
    """The embedded platform, None when the settings name a server."""

    @property
    def jobs(self) -> Jobs:
        """Jobs as callers see them; only for a connection that was made with payloads."""
        from outlast.durable.jobs import Jobs

        return Jobs(self.client, self.settings.task_queue)


@asynccontextmanager
async def linked(
    settings: Settings, *, payloads: bool = True, loading: str | None = None, offline: OfflineConfig | None = None
) -> AsyncIterator[Link]:
    """Connect, and hold the embedded platform while the block runs where no server is named.

    Args:
        settings: As read.
        payloads: Whether the caller reads what jobs hold; lists and states do without, and are quicker.
        loading: A module that the caller is going to need, imported while the platform starts.
        offline: How the offline models of the embedded platform have to be set up; None takes what there is.

    Raises:
        UnreachableError: the server that the settings name does not answer.
        StateError: the embedded platform can't be started.
    """
    if not logging.getLogger().handlers:
        log_to_file(settings.state_dir / "commands.log")
    signed = settings.model_copy(update={"identity": settings.identity or process_identity()})
    modules = ["outlast.durable.worker", "outlast.durable.jobs"] if payloads else ["outlast.durable.summaries"]
    loaded = asyncio.create_task(asyncio.to_thread(_load, [*modules, *filter(None, [loading])]))
    try:
        if signed.temporal_address is not None:
            await loaded
            yield Link(signed, await _connected(signed, payloads), None)
            return
        files = PlatformFiles(signed.state_dir)
        async with embedded_platform(files, offline) as platform:
            await loaded
            local = signed.model_copy(
                update={
                    "temporal_address": platform.temporal,
                    "offline_url": signed.offline_url or platform.offline,
                    "ledger": signed.ledger or files.ledger,
                }
            )
            yield Link(local, await _connected(local, payloads), platform)
    finally:
        loaded.cancel()


def _load(modules: list[str]) -> None:
    for module in modules:
        importlib.import_module(module)


async def _connected(settings: Settings, payloads: bool) -> Client:
    from outlast.durable.client import connect

    return await connect(settings, runtime=quiet_runtime(), payloads=payloads)
