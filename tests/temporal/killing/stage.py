"""A stage on which everything can die: Temporal, a model server and workers, each a process, each replaced on demand.

Every death is noted with its time, as evidence for the checker.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from temporalio.client import Client
from temporalio.service import RPCError

from outlast.chaos.interruptions import Interruption, Target, note
from outlast.durable.client import connect
from outlast.durable.identity import is_dead
from outlast.durable.takeover import take_over
from outlast.durable.wake import wake
from outlast.ledger import LedgerRow, read_rows
from outlast.local.temporal import Ports, TemporalServer, free_port
from outlast.offline.config import OfflineConfig
from outlast.offline.faults import FaultConfig
from outlast.settings import Settings

from .points import Fuse

ROOT = Path(__file__).parents[3]

DEADLINE = 60.0
"""Seconds within which whatever is waited for has to happen, on a busy machine too."""

WORKERS = 2
"""So that one is there when the other dies."""


@dataclass
class Stage:
    """What is killed, and what stands by."""

    folder: Path
    forge: asyncio.subprocess.Process
    temporal: TemporalServer
    model_config: OfflineConfig
    settings: Settings
    search_seconds: float
    client: Client = field(init=False)
    workers: list[int] = field(default_factory=list)
    model: int = 0
    known: list[Interruption] = field(default_factory=list)
    kills: int = 0
    _dying: list[int] = field(default_factory=list)

    @property
    def ledger(self) -> Path:
        """Of the model server and of the workers' sources."""
        return self.folder / "ledger.db"

    @property
    def fuse(self) -> Fuse:
        """Holds workers still."""
        return Fuse(self.folder)

    def rows(self, job: str) -> list[LedgerRow]:
        """The ledger's rows of a job, now."""
        return read_rows(self.ledger, job) if self.ledger.exists() else []

    def jobs(self) -> list[str]:
        """Jobs that the ledger knows."""
        rows = read_rows(self.ledger) if self.ledger.exists() else []
        return list(dict.fromkeys(row.job for row in rows if row.job))

    async def all_work(self) -> None:
        """Wait until every worker polls."""
        await until(lambda: all((self.folder / f"works-{pid}").exists() for pid in self.workers))

    async def fill(self) -> None:
        """Start whatever is missing."""
        if self.temporal.pid is None:
            await self.temporal.start()
        if not self.model:
            config = self.model_config.model_dump(mode="json")
            self.model = await self._forged({"role": "model", "config": config}, "model")
        self.workers = [pid for pid in self.workers if _lives(pid)]  # one may have ended on its own
        while len(self.workers) < WORKERS:
            self.workers.append(await self._worker())

    async def kill_worker(self, pid: int) -> None:
        """Kill one worker."""
        self.workers.remove(pid)
        self._kill(pid, Target.WORKER)

    async def kill_model(self) -> None:
        """Kill the model server; it is away until `fill`."""
        pid, self.model = self.model, 0
        self._kill(pid, Target.MODEL)
        await until(lambda: not _lives(pid))  # it holds its port until it is gone

    async def kill_temporal(self) -> None:
        """Kill the Temporal server; it is away until `fill`."""
        if self.temporal.pid is not None:
            self._kill(self.temporal.pid, Target.TEMPORAL)
            await self.temporal.wait()

    async def kill_everything(self) -> None:
        """Kill all of it."""
        for pid in self.workers:
            self._kill(pid, Target.WORKER)
        self.workers = []
        await self.kill_model()
        await self.kill_temporal()

    async def back(self, since: float) -> None:
        """Restart what died, and note how long it was away."""
        died = [interruption for interruption in self.known if interruption.at >= since]
        await self.fill()
        now = time.time()
        for interruption in died:
            if interruption.target is not Target.WORKER:
                self._note(Interruption(interruption.target, interruption.at, now, interruption.who, "kill test"))

    async def tell(self, job: str) -> None:
        """Report the deaths of workers, as whoever watches them does."""
        await until(lambda: all(not _lives(pid) for pid in self._dying))  # a killed process takes a moment to die
        with contextlib.suppress(RPCError):
            await take_over(self.client, job, is_dead)
            await wake(self.client, job, is_dead)

    def _kill(self, pid: int, target: Target) -> None:
        at = time.time()
        os.kill(pid, signal.SIGKILL)
        self._dying.append(pid)
        self.kills += 1
        self._note(Interruption(target, at, time.time(), f"process {pid}", "kill test"))

    def _note(self, interruption: Interruption) -> None:
        self.known.append(interruption)
        note(self.folder / "interruptions.jsonl", interruption)

    async def _worker(self) -> int:
        return await self._forged(
            {
                "role": "worker",
                "settings": self.settings.model_dump(mode="json"),
                "points": str(self.folder),
                "search_seconds": self.search_seconds,
            },
            "worker",
        )

    async def _forged(self, request: dict[str, Any], log: str) -> int:
        assert self.forge.stdin is not None
        assert self.forge.stdout is not None
        self.forge.stdin.write(json.dumps({**request, "log": str(self.folder / f"{log}.log")}).encode() + b"\n")
        return int(await self.forge.stdout.readline())


@asynccontextmanager
async def stage(
    folder: Path,
    *,
    latency_scale: float = 0.7,
    search_seconds: float = 0.15,
    faults: FaultConfig | None = None,
    cache: Path | None = None,
    **settings: Any,
) -> AsyncIterator[Stage]:
    """Set the stage, with everything running.

    Args:
        folder: For databases, logs and the ledger.
        latency_scale: 1 is the pace of the model `offline:large`, about 300 ms a request.
        search_seconds: How long a search takes.
        faults: What goes wrong at the model server, from the start.
        cache: Where indexes of sources are kept.
        settings: More settings of the workers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model_port = free_port()
    ports = Ports(frontend=free_port(), ui=free_port())
    chosen = Settings.model_validate(
        {
            "offline_url": f"http://127.0.0.1:{model_port}",
            "temporal_address": f"127.0.0.1:{ports.frontend}",
            "ledger": folder / "ledger.db",
            "state_dir": folder,
            "cache_dir": cache or folder / "cache",
            "drain_seconds": 5,
            **settings,
        }
    )
    config = OfflineConfig(
        port=model_port,
        ledger=folder / "ledger.db",
        latency_scale=latency_scale,
        faults=faults or FaultConfig(),
        fault_control=True,
        drain_seconds=0.1,
    )
    temporal = TemporalServer(database=folder / "temporal.db", log=folder / "temporal.log", ports=ports)
    async with _forge(folder) as forge:
        on = Stage(folder, forge, temporal, config, chosen, search_seconds)
        try:
            await temporal.start()
            on.client = await connect(chosen)
            await on.fill()
            yield on
        finally:
            for pid in [*on.workers, on.model]:
                with contextlib.suppress(ProcessLookupError):
                    if pid:
                        os.kill(pid, signal.SIGKILL)
            await temporal.stop()
            await asyncio.sleep(0.2)  # threads of the client may outlast it and disturb a quick exit


@asynccontextmanager
async def _forge(folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    with (folder / "forge.log").open("ab") as log:
        forge = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.temporal.killing.forge",
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
    assert forge.stdout is not None
    assert forge.stdin is not None
    try:
        async with asyncio.timeout(DEADLINE):
            assert (await forge.stdout.readline()) == b"ready\n", (folder / "forge.log").read_text()
        yield forge
    finally:
        forge.stdin.close()
        await forge.wait()


async def until(condition: Callable[[], Any], *, seconds: float = DEADLINE, pause: float = 0.003) -> Any:
    """Wait until a condition is truthy, and return what it returned.

    Raises:
        TimeoutError: it was not in time.
    """
    async with asyncio.timeout(seconds):
        while True:
            met = condition()
            if asyncio.iscoroutine(met):
                met = await met
            if met:
                return met
            await asyncio.sleep(pause)


def open_rows(rows: Iterable[LedgerRow], kind: str) -> list[LedgerRow]:
    """Requests of a kind of step that have no end yet."""
    return [row for row in rows if row.step_kind == kind and row.is_open]


def _lives(pid: int) -> bool:
    if not pid:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
