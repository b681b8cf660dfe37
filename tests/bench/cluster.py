"""Measures the operator against a real API server and a Temporal server: how soon jobs start, what it costs at rest.

Needs no node: jobs are carried out by a worker that takes them on and then lets them rest.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table
from temporalio import workflow
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from outlast.control.access import find_access
from outlast.control.kube import Kube, job_path
from outlast.hosting.workflow import PROGRESS, STAGE
from outlast.job.spec import ResearchJobSpec
from outlast.research.state import WORKFLOW_TYPE, ResearchInput
from tests.apiserver.researchjobs.backend import Backend, Process, processes
from tests.apiserver.researchjobs.install import install
from tests.cluster.apiserver import ApiServer, api_server
from tests.cluster.waiting import wait_until

NAMESPACE = "bench"
LATENCY_JOBS = 40
AT_ONCE = 1_000
RESIDENT = (1_000, 5_000)
REST_SECONDS = 30


@workflow.defn(name=WORKFLOW_TYPE)
class Resting:
    """In place of research: says where it is, and stays there."""

    @workflow.run
    async def run(self, _: ResearchInput) -> None:
        words = [STAGE.value_set("Searching"), PROGRESS.value_set("Searching 3/9 5 4000 700 0.0123")]
        workflow.upsert_search_attributes(words)
        await workflow.wait_condition(lambda: False)


class Bench:
    """An operator with all that it talks to."""

    def __init__(self, folder: Path, apiserver: ApiServer, backend: Backend, operator: Process) -> None:
        self.folder = folder
        self.apiserver = apiserver
        self.backend = backend
        self.operator = operator

    def latency(self) -> dict[str, float]:
        """Apply one job at a time."""
        taken = []
        for number in range(LATENCY_JOBS):
            applied = self.backend.run(self._create(f"single-{number}"))
            wait_until(lambda: self._started("single-") > number, what="the start", deadline_seconds=30)  # noqa: B023
            taken.append((self._last_start("single-") - applied) * 1000)
            time.sleep(0.2)  # the operator comes to rest: it is the answer to one job that is measured
        return {"apply to workflow started, median, ms": statistics.median(taken)}

    def at_once(self) -> dict[str, float]:
        """Create many jobs with one kubectl, after a plain loop that starts as many workflows: Temporal's share."""
        bare = self._bare_starts()
        documents = yaml.safe_dump_all(_job(f"burst-{number}") for number in range(AT_ONCE))
        spent = self._cpu_seconds()
        began = time.time()
        self.apiserver.kubectl("create", "-f", "-", stdin=documents, deadline_seconds=300)
        created = time.time()
        wait_until(lambda: self._started("burst-") >= AT_ONCE, what="all starts", deadline_seconds=300)
        last = self._last_start("burst-")
        self._come_to_rest(AT_ONCE)
        return {
            f"{AT_ONCE} jobs at once: created in, s": created - began,
            f"{AT_ONCE} jobs at once: last one started after the last create, s": max(last - created, 0),
            f"{AT_ONCE} jobs at once: first create to last start, s": last - began,
            f"{AT_ONCE} workflows started by a plain loop, s": bare,
            f"{AT_ONCE} jobs at once, over the plain loop": (last - began) / bare,
            f"{AT_ONCE} jobs at once: operator CPU until all is told, s": self._cpu_seconds() - spent,
        }

    def at_rest(self) -> dict[str, float]:
        """Let running jobs rest, and look at the operator."""
        figures = {}
        there = self._started("")
        for count in RESIDENT:
            for first in range(there, count, 100):
                names = [f"resident-{number}" for number in range(first, min(first + 100, count))]
                self.backend.run(self._create(*names))
            there = max(there, count)
            wait_until(lambda: self._started("") >= there, what="all starts", deadline_seconds=600)  # noqa: B023
            self._come_to_rest(there)
            spent = self._cpu_seconds()
            time.sleep(REST_SECONDS)  # what is measured
            percent = 100 * (self._cpu_seconds() - spent) / REST_SECONDS
            figures[f"operator at rest, {there} running jobs: % of a core"] = percent
            figures[f"operator at rest, {there} running jobs: MB resident"] = self._resident_megabytes()
        return figures

    def _bare_starts(self) -> float:
        (self.folder / "bare").mkdir()
        backend = Backend(self.folder / "bare")  # a server of its own: what is started here is no job's
        stop = backend.run(_resting(backend))
        try:
            return backend.run(_start_bare(backend))
        finally:
            backend.run(stop)
            backend.close()

    async def _create(self, *names: str) -> float:
        """Create jobs one after the other; when the first was asked for."""
        async with Kube(find_access(self.apiserver.kubeconfig)) as kube:
            began = time.time()
            for name in names:
                await kube.create(job_path(NAMESPACE), _job(name))
            return began

    def _started(self, prefix: str) -> int:
        async def counted() -> int:
            return (await self.backend.client.count_workflows(_named(prefix))).count

        return self.backend.run(counted())

    def _last_start(self, prefix: str) -> float:
        async def latest() -> datetime:
            found = [one.start_time async for one in self.backend.client.list_workflows(_named(prefix))]
            return max(found, default=datetime.now(UTC))

        return self.backend.run(latest()).timestamp()

    def _come_to_rest(self, count: int) -> None:
        def told() -> int:
            time.sleep(2)  # the look itself costs as much as what it looks at
            text = self.apiserver.kubectl("get", "rj", "-n", NAMESPACE, "--no-headers", deadline_seconds=120)
            return sum(" Searching " in line for line in text.splitlines())

        wait_until(lambda: told() >= count, what="the status of all jobs", deadline_seconds=600)

    def _cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.operator.popen.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _resident_megabytes(self) -> float:
        pages = int(Path(f"/proc/{self.operator.popen.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def _start_bare(backend: Backend) -> float:
    request = ResearchInput(spec=ResearchJobSpec.model_validate(_job("bare")["spec"]))
    numbers = iter(range(AT_ONCE))

    async def start() -> None:
        for number in numbers:
            await backend.client.start_workflow(
                WORKFLOW_TYPE, request, id=f"bare/{number}", task_queue=backend.settings.task_queue
            )

    began = time.monotonic()
    await asyncio.gather(*(start() for _ in range(backend.settings.operator_workers)))
    return time.monotonic() - began


def _named(prefix: str) -> str:
    return f"WorkflowId STARTS_WITH '{NAMESPACE}/{prefix}'"


def _job(name: str) -> dict[str, Any]:
    return {
        "apiVersion": "outlast.dev/v1alpha1",
        "kind": "ResearchJob",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"query": "Which of Germany's neighbours has the largest population?", "maxSearches": 9},
    }


@contextmanager
def _bench(folder: Path) -> Iterator[Bench]:
    with api_server(folder / "apiserver") as apiserver:
        install(apiserver)
        apiserver.kubectl("create", "namespace", NAMESPACE)
        (folder / "backend").mkdir()
        backend = Backend(folder / "backend")
        stop = backend.run(_resting(backend))
        try:
            with processes(apiserver, backend, folder) as started:
                operator = started.operator(OUTLAST_OPERATOR_SWEEP_SECONDS="1", OUTLAST_OPERATOR_LEASE_SECONDS="15")
                operator.await_text("this process holds the Lease")
                yield Bench(folder, apiserver, backend, operator)
        finally:
            backend.run(stop)
            backend.close()


async def _resting(backend: Backend) -> Coroutine[Any, Any, None]:
    worker = Worker(
        backend.client,
        task_queue=backend.settings.task_queue,
        workflows=[Resting],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    await worker.__aenter__()
    return worker.shutdown()


def main() -> None:
    """Entry point: the file for the JSON, and the names of measurements if not all are wanted."""
    file, *wanted = sys.argv[1:]
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="outlast-bench-") as folder, _bench(Path(folder)) as bench:
        for measurement in (bench.latency, bench.at_once, bench.at_rest):
            if wanted and measurement.__name__ not in wanted:
                continue
            Console().print(f"[dim]{measurement.__doc__}[/dim]")
            figures |= measurement()
            Console().print(figures)
    table = Table("figure", "measured", title="The operator against a real API server")
    table.columns[1].justify = "right"
    for name, value in figures.items():
        table.add_row(name, f"{value:.2f}")
    Console().print(table)
    Path(file).write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
