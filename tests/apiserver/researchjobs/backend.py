"""Everything behind the API server that a job needs: Temporal, the offline model server, a worker, the operator.

Temporal and the model server run for the whole session on an event loop in a thread of their own, so that tests are
plain functions that call kubectl. Worker and operator are processes: they are killed, stopped and woken.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from temporalio.client import Client

from outlast.durable.client import connect
from outlast.errors import UnreachableError
from outlast.local.ports import free_port
from outlast.local.temporal import Ports, TemporalServer
from outlast.offline.config import OfflineConfig
from outlast.offline.server import OfflineServer
from outlast.settings import Settings
from tests.cluster.apiserver import ApiServer
from tests.cluster.waiting import wait_until

T = TypeVar("T")

ROOT = Path(__file__).parents[3]
HERE = Path(__file__).parent

LEASE_SECONDS = 3

DIE_WITH_OWNER = ("setpriv", "--pdeathsig", "KILL", "--")
"""Even a test run that is killed leaves no process behind."""

START_SECONDS = 60
"""How long a process gets to start: imports take seconds on a busy machine."""


class Backend:
    """Temporal and the offline model server.

    Args:
        folder: For databases and logs.
        latency_scale: How slow the models are.
    """

    def __init__(self, folder: Path, *, latency_scale: float = 1.0) -> None:
        self.folder = folder
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        ports = Ports(frontend=free_port(), ui=free_port())
        self._temporal = TemporalServer(database=folder / "temporal.db", log=folder / "temporal.log", ports=ports)
        self._offline = OfflineServer(OfflineConfig(latency_scale=latency_scale))
        self.run(self._temporal.start())
        self.offline_url = self.run(self._offline.start(port=0))
        self.settings = Settings(temporal_address=f"127.0.0.1:{ports.frontend}", offline_url=self.offline_url)
        self.client = self.run(self._connected())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something on the backend's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=120)

    def stop_temporal(self) -> None:
        """Temporal goes away."""
        self.run(self._temporal.stop())

    def start_temporal(self) -> None:
        """Temporal comes back with all that it had."""
        self.run(self._temporal.start())
        self.run(self._connected())

    def close(self) -> None:
        """End everything."""
        self.run(self._offline.stop())
        self.run(self._temporal.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    def runs(self, workflow_id: str) -> list[str]:
        """The run ids of a workflow, each a start."""

        async def listed() -> list[str]:
            query = f"WorkflowId = '{workflow_id}'"
            return [execution.run_id async for execution in self.client.list_workflows(query)]

        return self.run(listed())

    def state(self, workflow_id: str) -> str:
        """The state of a workflow, by its name."""

        async def described() -> str:
            status = (await self.client.get_workflow_handle(workflow_id).describe()).status
            return status.name if status else "?"

        return self.run(described())

    async def _connected(self) -> Client:
        for _ in range(600):
            try:
                return await connect(self.settings)
            except UnreachableError:
                await asyncio.sleep(0.1)
        raise AssertionError("Temporal does not come up")


@dataclass
class Process:
    """A process of ours with a log."""

    name: str
    popen: subprocess.Popen[bytes]
    log: Path

    def text(self) -> str:
        """What it logged."""
        return self.log.read_text(errors="replace")

    def await_text(self, what: str, count: int = 1) -> None:
        """Wait until it logged something."""
        wait_until(
            lambda: self.text().count(what) >= count,
            what=f"{what!r} in the log of {self.name}",
            deadline_seconds=START_SECONDS,
            seen=lambda: self.text()[-3000:],
        )

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.popen.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it, and wait for it; killed when it takes too long."""
        if self.popen.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self.popen.send_signal(signal.SIGCONT)
                self.popen.send_signal(number)
        try:
            return self.popen.wait(timeout=40)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            return self.popen.wait()


@dataclass
class Processes:
    """Starts processes, and ends all that are left."""

    apiserver: ApiServer
    backend: Backend
    folder: Path
    running: list[Process] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    """Of every process, before its own."""

    def operator(self, name: str = "operator", *, script: Path = ROOT / "operator", **environment: str) -> Process:
        """Start an operator; it acts once it holds the Lease."""
        return self._start(name, [sys.executable, str(script)], environment)

    def worker(self, name: str = "worker", **environment: str) -> Process:
        """Start a worker and wait until it polls."""
        process = self._start(name, [sys.executable, str(HERE / "run_worker.py")], environment)
        process.await_text("polling")
        return process

    def end_all(self) -> None:
        """End what still runs."""
        for process in self.running:
            process.end()

    def _start(self, name: str, command: list[str], environment: dict[str, str]) -> Process:
        log = self.folder / f"{name}-{len(self.running)}.log"
        settings = {
            "KUBECONFIG": str(self.apiserver.kubeconfig),
            "PYTHONPATH": str(ROOT / "src"),
            "OUTLAST_TEMPORAL_ADDRESS": str(self.backend.settings.temporal_address),
            "OUTLAST_OFFLINE_URL": self.backend.offline_url,
            "OUTLAST_OPERATOR_LEASE_SECONDS": str(LEASE_SECONDS),
            "OUTLAST_OPERATOR_SWEEP_SECONDS": "0.2",
            **self.environment,
            **environment,
        }
        with log.open("wb") as output:
            popen = subprocess.Popen(
                [*DIE_WITH_OWNER, *command],
                env={**os.environ, **settings},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        process = Process(name, popen, log)
        self.running.append(process)
        return process


@contextlib.contextmanager
def processes(apiserver: ApiServer, backend: Backend, folder: Path) -> Iterator[Processes]:
    """Processes that end with the block."""
    started = Processes(apiserver, backend, folder)
    try:
        yield started
    finally:
        started.end_all()
