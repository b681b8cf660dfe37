"""The stage of a bench run: a Temporal server, a model server, and worker processes, all ended with it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from temporalio.client import Client

from outlast.durable.client import connect
from outlast.local.temporal import Ports, TemporalServer, free_port
from outlast.settings import Settings


@dataclass(frozen=True, slots=True)
class Stage:
    """What a measurement runs on."""

    settings: Settings
    client: Client
    ledger: Path


@asynccontextmanager
async def stage(folder: Path, *, latency_scale: float, **settings: object) -> AsyncIterator[Stage]:
    """Set the stage; `latency_scale` 1 is the pace of the model `offline:large`, about 300 ms a request."""
    folder.mkdir(parents=True)
    ledger = folder / "ledger.db"
    ports = Ports(frontend=free_port(), ui=free_port())
    temporal = TemporalServer(database=folder / "temporal.db", log=folder / "temporal.log", ports=ports)
    async with AsyncExitStack() as stack:
        model = await stack.enter_async_context(process("model_server", str(latency_scale), str(ledger)))
        await temporal.start()
        stack.push_async_callback(temporal.stop)
        chosen = Settings.model_validate(
            {"offline_url": model.word, "temporal_address": f"127.0.0.1:{ports.frontend}", **settings}
        )
        yield Stage(settings=chosen, client=await connect(chosen), ledger=ledger)


@dataclass(frozen=True, slots=True)
class Child:
    """A process that has said its first word."""

    pid: int
    word: str
    seconds: float
    """From its start to its word."""

    def resident_megabytes(self) -> float:
        """Resident memory now."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@asynccontextmanager
async def process(module: str, *args: str, **environ: str) -> AsyncIterator[Child]:
    """Run a module of the bench until the block ends."""
    began = asyncio.get_running_loop().time()
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"tests.bench.{module}",
        *args,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, **environ},
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        word = (await child.stdout.readline()).decode().strip()
        yield Child(pid=child.pid, word=word, seconds=asyncio.get_running_loop().time() - began)
    finally:
        if child.returncode is None:
            child.stdin.close()
        try:
            async with asyncio.timeout(40):
                await child.wait()
        except TimeoutError:
            child.kill()
            await child.wait()


def worker(on: Stage, **environ: str) -> AbstractAsyncContextManager[Child]:
    """A worker process on a stage."""
    return process(
        "worker_process",
        OUTLAST_TEMPORAL_ADDRESS=str(on.settings.temporal_address),
        OUTLAST_OFFLINE_URL=str(on.settings.offline_url),
        **environ,
    )
