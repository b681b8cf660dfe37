"""A desk to run commands at: a state folder, a scripted model, and an end to everything that was started."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from outlast.durable.identity import is_dead
from outlast.local.endpoints import PlatformFiles
from outlast.local.locks import FileLock
from outlast.offline.config import OfflineConfig
from outlast.offline.faults import AimedFault, FaultConfig, FaultKind
from outlast.offline.server import OfflineServer

from .commands import DEADLINE, LOOK_SECONDS, Command, Terminal, until
from .script import SOURCE, make_corpus, respond


class Desk:
    """Where commands are run."""

    def __init__(self, folder: Path, offline: OfflineServer) -> None:
        self.folder = folder
        self.offline = offline
        self.files = PlatformFiles(folder / "state")
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("OUTLAST_")},
            "OUTLAST_STATE_DIR": str(self.files.folder),
            "OUTLAST_CACHE_DIR": str(folder / "cache"),
            "OUTLAST_OFFLINE_URL": offline.url,
            "OUTLAST_DRAIN_SECONDS": "5",
        }
        self._started: list[Command] = []

    async def start(self, *args: str, env: dict[str, str] | None = None, **more: Any) -> Command:
        """Start a command without a terminal."""
        command = await Command.start(args, {**self.env, **(env or {})}, cwd=self.folder, **more)
        self._started.append(command)
        return command

    async def sit_down(self, *args: str) -> Terminal:
        """Start a command on a terminal, with a person at it."""
        terminal = await Terminal.start(args, self.env, cwd=self.folder)
        self._started.append(terminal)
        return terminal

    async def run(self, *args: str, env: dict[str, str] | None = None) -> Command:
        """Run a command to its end."""
        command = await self.start(*args, env=env)
        await command.end()
        return command

    async def ask(self, job_id: str, places: int = 3, *more: str, env: dict[str, str] | None = None) -> Command:
        """Start a job, with JSON for machines."""
        words = (f"The areas of {places} places?", "--id", job_id, "--source", SOURCE, "--json")
        return await self.start("run", *words, *more, env=env)

    def stall(self, steps: str, seconds: float | None = None) -> None:
        """Let requests of these steps hang, for so long or until their client goes away; `heal` spares new ones."""
        aimed = (AimedFault(kind=FaultKind.STALL, steps=steps, count=100),)
        self.offline.set_faults(FaultConfig(aimed=aimed, stall_seconds=seconds))

    def heal(self) -> None:
        """No more faults for new requests."""
        self.offline.set_faults(FaultConfig())

    async def requests(self, job_id: str) -> list[tuple[str, str | None]]:
        """Step and outcome of each request that reached the model for a job, in order."""
        return [(str(row.activity), row.outcome) for row in await self.offline.rows(job_id)]

    async def in_flight(self, job_id: str, count: int) -> None:
        """Wait until so many requests of a job hang in a fault."""
        async with asyncio.timeout(DEADLINE):
            while sum(row.is_open and row.fault is not None for row in await self.offline.rows(job_id)) < count:
                await asyncio.sleep(LOOK_SECONDS)

    def host(self) -> int | None:
        """Process id of the platform's host; None unless it is certain that the id is still its own."""
        endpoints = self.files.read()
        return endpoints.pid if endpoints and not is_dead(endpoints.identity) else None

    def platform_runs(self) -> bool:
        """Whether there is a host."""
        if not self.files.host_lock.exists():
            return False
        with FileLock(self.files.host_lock, shared=True) as probe:
            return not probe.acquire()

    async def kill_host(self) -> None:
        """Kill the host of the platform; its server dies with it."""
        os.kill(await until(self.host, "a host"), signal.SIGKILL)
        await until(lambda: not self.platform_runs(), "the host is gone")

    async def clear(self) -> None:
        """End whatever was started."""
        for command in self._started:
            if command.process.returncode is None:
                await command.kill()
        if host := self.host():
            with contextlib.suppress(ProcessLookupError):
                os.kill(host, signal.SIGTERM)
        await until(lambda: not self.platform_runs(), "the platform ends")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A desk of the test's own."""
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    await asyncio.to_thread(make_corpus, tmp_path / SOURCE, state)
    config = OfflineConfig(latency_scale=0, drain_seconds=0)
    async with OfflineServer(config, responder=respond) as offline:
        desk = Desk(tmp_path, offline)
        yield desk
        await desk.clear()
