"""A stage on which everything can die: Temporal, a model server and workers, each a process, each replaced on demand.

Every death is noted with its time, as evidence for the checker. A campaign sees a stage as its target.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from temporalio.client import Client
from temporalio.service import RPCError

from outlast.chaos.interruptions import FILE, Interruption, Target, note, noted
from outlast.chaos.join import LedgerCopy
from outlast.chaos.lab.points import Fuse
from outlast.chaos.lab.relay import Relay
from outlast.chaos.schedule import WHOLE_JOB, Strike, Victim
from outlast.chaos.target import Blow
from outlast.durable.client import connect
from outlast.durable.identity import identity_of, is_dead
from outlast.durable.jobs import Jobs
from outlast.durable.takeover import take_over
from outlast.durable.wake import wake
from outlast.errors import StateError, UnreachableError
from outlast.job.spec import ResearchJobSpec
from outlast.ledger import LedgerRow, read_rows
from outlast.local.temporal import Ports, TemporalServer, free_port
from outlast.offline.config import OfflineConfig
from outlast.offline.faults import FaultConfig
from outlast.settings import Settings

DEADLINE = 60.0
"""Seconds within which whatever is waited for has to happen, on a busy machine too."""

WORKERS = 2
"""So that one is there when the other dies."""

STALL_SECONDS = 5.0
"""How long something stands still: longer than a heartbeat, so that a worker wakes up to find its step taken."""

CUT_SECONDS = 4.0
"""How long the link between workers and Temporal is gone: longer than a heartbeat too."""

RETRY_SECONDS = 0.1

NOTED_BY = "chaos run"
"""Who says that something died."""


@dataclass
class Stage:
    """What is killed, and what stands by."""

    folder: Path
    forge: asyncio.subprocess.Process
    temporal: TemporalServer
    model_config: OfflineConfig
    settings: Settings
    search_seconds: float
    relay: Relay
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

    def refusal(self, strike: Strike) -> str | None:
        """Why a strike can't be made here."""
        if strike.victim in (Victim.OPERATOR, Victim.DATABASE):
            return f"{strike.victim}: this lab has none, a cluster has"
        if strike.moment in WHOLE_JOB:
            return f"{strike.moment}: there is no operator in this lab"
        return None

    async def ready(self) -> None:
        """Wait until every worker polls."""
        await self.all_work()

    async def start(self, job: str, spec: ResearchJobSpec) -> None:
        """Submit a job, through any number of deaths of the server."""
        jobs = Jobs(self.client, self.settings.task_queue)
        async with asyncio.timeout(DEADLINE):
            while True:
                with contextlib.suppress(UnreachableError):
                    await jobs.start(job, spec)
                    return
                await asyncio.sleep(RETRY_SECONDS)

    async def workflow(self, job: str) -> str:
        """The id of its workflow is the job's."""
        return job

    async def ended(self, job: str) -> None:
        """Wait for its end, through any number of deaths of the server."""
        jobs = Jobs(self.client, self.settings.task_queue)
        while True:
            with contextlib.suppress(UnreachableError, RPCError):
                await jobs.result(job)
                return
            await asyncio.sleep(RETRY_SECONDS)

    async def strike(self, job: str, strike: Strike, over: asyncio.Event) -> Blow | None:
        """Wait for the moment, strike, and restore what was taken."""
        from outlast.chaos.lab.blows import strike as fall

        return await fall(self, job, strike, over)

    async def ledgers(self) -> Sequence[LedgerCopy]:
        """The one ledger."""
        return [LedgerCopy(str(self.ledger), tuple(read_rows(self.ledger)))]

    async def leftovers(self, jobs: Sequence[str]) -> Sequence[str]:
        """Nothing of a job is left here but its history."""
        return []

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

    async def end_worker(self, pid: int) -> None:
        """Tell one worker to end; it finishes what it does, for as long as it may."""
        self.workers.remove(pid)
        self._kill(pid, Target.WORKER, signal.SIGTERM)

    async def end_model(self) -> None:
        """Tell the model server to end; it is away until `fill`."""
        pid, self.model = self.model, 0
        self._kill(pid, Target.MODEL, signal.SIGTERM)
        await until(lambda: not _lives(pid))

    async def end_temporal(self) -> None:
        """Tell the Temporal server to end; it is away until `fill`."""
        if self.temporal.pid is not None:
            self._kill(self.temporal.pid, Target.TEMPORAL, signal.SIGTERM)
            await self.temporal.wait()

    async def stall(self, pid: int, target: Target, seconds: float = STALL_SECONDS) -> None:
        """Have a process stand still for a while."""
        at = time.time()
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            os.kill(pid, signal.SIGCONT)
        # Nobody died: an interruption that names a worker would say so.
        self._note(Interruption(target, at, time.time(), "", f"{NOTED_BY}, process {pid} stood still"))

    async def cut(self, seconds: float = CUT_SECONDS) -> None:
        """Let nothing pass between workers and Temporal for a while."""
        at = time.time()
        self.relay.cut()
        try:
            await asyncio.sleep(seconds)
        finally:
            self.relay.heal()
        self._note(Interruption(Target.TEMPORAL, at, time.time(), "link to Temporal was cut", NOTED_BY))

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

    async def script(self, name: str, spec: ResearchJobSpec, result: Path) -> int:
        """Start a job as a plain script, which writes the digest of its report when it has one."""
        return await self._forged(
            {
                "role": "script",
                "settings": self.settings.model_dump(mode="json"),
                "search_seconds": self.search_seconds,
                "name": name,
                "spec": spec.model_dump(mode="json"),
                "result": str(result),
            },
            "script",
        )

    async def back(self, since: float) -> None:
        """Restart what died, and note how long it was away."""
        died = [interruption for interruption in self.known if interruption.at >= since]
        await self.fill()
        now = time.time()
        for interruption in died:
            if interruption.target is not Target.WORKER:
                self._note(Interruption(interruption.target, interruption.at, now, interruption.who, NOTED_BY))

    async def tell(self, job: str) -> None:
        """Report the deaths of workers, as whoever watches them does."""
        await until(lambda: all(not _lives(pid) for pid in self._dying))  # a killed process takes a moment to die
        with contextlib.suppress(RPCError):
            await take_over(self.client, job, is_dead)
            await wake(self.client, job, is_dead)

    def _kill(self, pid: int, target: Target, how: signal.Signals = signal.SIGKILL) -> None:
        at, who = time.time(), identity_of(pid)
        os.kill(pid, how)
        self._dying.append(pid)
        self.kills += 1
        self._note(Interruption(target, at, time.time(), who, NOTED_BY))

    def _note(self, interruption: Interruption) -> None:
        self.known.append(interruption)
        note(self.folder / FILE, interruption)

    async def _worker(self) -> int:
        return await self._forged(
            {
                "role": "worker",
                "settings": self.settings.model_dump(mode="json") | {"temporal_address": self.relay.address},
                "points": str(self.folder),
                "search_seconds": self.search_seconds,
            },
            "worker",
        )

    async def _forged(self, request: dict[str, Any], log: str) -> int:
        told, answers = _pipes(self.forge)
        told.write(json.dumps({**request, "log": str(self.folder / f"{log}.log")}).encode() + b"\n")
        return int(await answers.readline())


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
    for left in folder.glob("works-*"):
        left.unlink()
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
    relay = Relay(free_port(), ports.frontend)
    async with _forge(folder) as forge, relay.open():
        on = Stage(folder, forge, temporal, config, chosen, search_seconds, relay)
        on.known += noted(folder / FILE)
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
            "-P",
            "-m",
            "outlast.chaos.lab.forge",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
    told, answers = _pipes(forge)
    try:
        async with asyncio.timeout(DEADLINE):
            if await answers.readline() != b"ready\n":
                raise StateError(f"The lab's processes can't be made; {folder / 'forge.log'} says why.")
        yield forge
    finally:
        told.close()
        await forge.wait()


def _pipes(process: asyncio.subprocess.Process) -> tuple[asyncio.StreamWriter, asyncio.StreamReader]:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the forge was started without pipes")
    return process.stdin, process.stdout


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
