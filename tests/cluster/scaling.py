"""A fleet that is scaled by load: jobs in, workers up, steps done, workers down; then the proof of what it cost."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import yaml

from outlast.chaos.check import check
from outlast.chaos.history import read_job
from outlast.chaos.join import LedgerCopy
from outlast.chaos.proof import Proof
from outlast.durable.client import connect
from outlast.offline.remote import fetch_rows
from outlast.settings import Settings
from tests.cluster import keda
from tests.cluster.images import image
from tests.cluster.installing import OUTLAST, Install, Json
from tests.cluster.kubectl import Kubectl
from tests.cluster.waiting import wait_until

QUERY = "Which of France, Spain and Portugal has the largest area?"
"""Three searches, eleven requests or so: a job that spreads over a fleet and is soon over."""

WORKER = "outlast-worker"
"""Name of the workers' Deployment and ScaledObject."""

PLAIN_TRIGGER = ("endpoint", "namespace", "taskQueue", "queueTypes", "targetQueueSize", "enableTLS")
"""What is left of our trigger when it looks at the backlog alone, as examples of KEDA do."""


@dataclass(frozen=True, kw_only=True)
class Course:
    """How a number of jobs went, in seconds from the moment they were applied."""

    jobs: int
    most_workers: int
    first_worker: float
    """The first worker was ready."""
    full: float
    """As many workers as allowed were ready."""
    finished: float
    """The last job was complete."""
    home: float
    """The workers were sent home again, from the end of the last job."""


@dataclass(frozen=True)
class Fleet:
    """The workers of an install, and what they do for its jobs."""

    install: Install
    url: str
    """Of a proxy to the API server: asked several times a second, kubectl would be the load that is measured."""

    def scale(self, worker: Json, **values: Any) -> None:
        """Give the workers other values."""
        self.install.install("outlast", {**OUTLAST, **values, "worker": worker})

    def scale_plainly(self) -> None:
        """Leave the autoscaler nothing but the backlog."""
        (ours, *_) = self.install.get("scaledobject", WORKER)["spec"]["triggers"]
        metadata = {key: value for key, value in ours["metadata"].items() if key in PLAIN_TRIGGER}
        self.change({"triggers": [{"type": "temporal", "metadata": metadata}], "fallback": None})

    def change(self, spec: Json) -> None:
        """Change the autoscaler behind Helm's back; the next `scale` restores it."""
        patch = f"--patch={json.dumps({'spec': spec})}"
        name = f"scaledobject/{WORKER}"
        self.install.kubectl("patch", "--namespace", self.install.namespace, name, "--type=merge", patch)

    def workers(self) -> tuple[int, int]:
        """How many workers there are to be, and how many are ready."""
        found = self._get(f"/apis/apps/v1/namespaces/{self.install.namespace}/deployments/{WORKER}")
        return int(found["spec"]["replicas"]), int(found["status"].get("readyReplicas", 0))

    def pods(self) -> list[Json]:
        """Every pod of the install, and KEDA's."""
        listed = (self._get(f"/api/v1/namespaces/{name}/pods") for name in (self.install.namespace, keda.NAMESPACE))
        return [pod for found in listed for pod in found["items"]]

    def under_way(self) -> int:
        """Steps under way on all workers."""
        return sum(self.slots_used(pod) for pod in self.install.pods("worker"))

    def leaving(self) -> dict[str, int]:
        """Workers that were told to end and still run, each with its steps under way."""
        return {
            pod["metadata"]["name"]: self.slots_used(pod)
            for pod in self.install.pods("worker")
            if "deletionTimestamp" in pod["metadata"]
        }

    def slots_used(self, pod: Json) -> int:
        """Steps under way on a worker; none when it answers no more."""
        name = pod["metadata"]["name"]
        try:
            page = self._read(f"/api/v1/namespaces/{self.install.namespace}/pods/{name}:8080/proxy/metrics")
        except urllib.error.HTTPError:
            return 0
        return int(float(page.partition("\noutlast_slots_used ")[2].split()[0]))

    def submit(self, prefix: str, number: int, query: str = QUERY) -> list[str]:
        """Apply jobs."""
        names = [f"{prefix}-{index}" for index in range(number)]
        self.install.kubectl.apply(yaml.safe_dump_all([self._job(name, query) for name in names]))
        return names

    def unfinished(self, names: Sequence[str]) -> list[str]:
        """Those of the jobs that are not complete."""
        jobs = self._jobs
        return [name for name in names if not _is_complete(jobs[name])]

    def finish(self, names: Sequence[str], *, deadline_seconds: float) -> None:
        """Wait until jobs are complete."""
        wait_until(
            lambda: not self.unfinished(names),
            what=f"the end of {len(names)} jobs",
            deadline_seconds=deadline_seconds,
            seen=lambda: f"workers {self.workers()}, not complete: {self.unfinished(names)}",
        )

    def carry_out(self, prefix: str, number: int, *, most: int, deadline_seconds: float) -> Course:
        """Apply jobs and wait until they are complete and no worker is left."""
        began = time.monotonic()
        names = self.submit(prefix, number)
        first: dict[str, float] = {}
        peak = 0

        def all_home() -> bool:
            nonlocal peak
            wanted, ready = self.workers()
            peak = max(peak, ready)
            done = "finished" in first or not self.unfinished(names)
            for what, happened in (
                ("first_worker", ready >= 1),
                ("full", ready >= most),
                ("finished", done),
                ("home", done and wanted == 0),
            ):
                if happened:
                    first.setdefault(what, time.monotonic() - began)
            return "home" in first

        def seen() -> str:
            return f"{first}, workers {self.workers()}, not complete: {self.unfinished(names)[:5]}"

        wait_until(all_home, what=f"the way of {number} jobs", deadline_seconds=deadline_seconds, seen=seen)
        first["home"] -= first["finished"]
        first.setdefault("full", float("nan"))
        return Course(jobs=number, most_workers=peak, **first)

    def withdraw(self, names: Sequence[str]) -> None:
        """Delete jobs, which cancels them."""
        jobs = (f"researchjob/{name}" for name in names)
        self.install.kubectl("delete", "--namespace", self.install.namespace, *jobs, "--timeout=50s")

    def proof(self, names: Sequence[str]) -> Proof:
        """What history and ledger say of jobs, together, as soon as they are started."""
        workflows = wait_until(partial(self._workflows, names), what=f"the start of {names}", deadline_seconds=60)
        return asyncio.run(self._proof(workflows))

    def _workflows(self, names: Sequence[str]) -> list[str] | None:
        jobs = self._jobs
        found = [jobs[name].get("status", {}).get("workflow", {}).get("id") for name in names]
        return None if None in found else found

    async def _proof(self, workflows: Sequence[str]) -> Proof:
        client = await connect(Settings(temporal_address=f"{self.install.address('temporal-frontend')}:7233"))
        jobs = [await read_job(client, name) for name in workflows]
        rows = await fetch_rows(f"http://{self.install.address('outlast-offline')}:8080")
        return check(jobs, [LedgerCopy("offline", tuple(rows))])

    def _job(self, name: str, query: str) -> Json:
        metadata = {"name": name, "namespace": self.install.namespace}
        kind = {"apiVersion": "outlast.dev/v1alpha1", "kind": "ResearchJob"}
        return {**kind, "metadata": metadata, "spec": {"query": query}}

    @property
    def _jobs(self) -> dict[str, Json]:
        found = self._get(f"/apis/outlast.dev/v1alpha1/namespaces/{self.install.namespace}/researchjobs")
        return {job["metadata"]["name"]: job for job in found["items"]}

    def _get(self, path: str) -> Any:
        return json.loads(self._read(path))

    def _read(self, path: str) -> str:
        with urllib.request.urlopen(f"{self.url}{path}", timeout=30) as answer:
            text: str = answer.read().decode()
            return text


@contextmanager
def scaled_fleet(install: Install) -> Iterator[Fleet]:
    """The workers of an install with KEDA to scale them, for as long as the block runs."""
    for name in keda.IMAGES:
        install.cluster.load_image(image(name))
    install.kubectl.apply(keda.manifests())
    names = [f"deployment/{name}" for name in keda.DEPLOYMENTS]
    available = ("wait", "-n", keda.NAMESPACE, "--for=condition=Available", "--timeout=120s")
    install.kubectl(*available, *names, "apiservice/v1beta1.external.metrics.k8s.io", deadline_seconds=130)
    try:
        with _proxy(install.kubectl) as url:
            yield Fleet(install, url)
    finally:
        # Back to a fixed number, so that no ScaledObject waits for a KEDA that is gone.
        install.install("outlast", OUTLAST)
        install.kubectl("delete", "-f", "-", "--wait=false", stdin=keda.manifests())


@contextmanager
def _proxy(kubectl: Kubectl) -> Iterator[str]:
    words = [str(word) for word in (*kubectl.words, "proxy", "--port=0")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as proxy:
        try:
            assert proxy.stdout is not None
            said = proxy.stdout.readline()
            yield f"http://{said.rsplit(maxsplit=1)[-1]}"
        finally:
            proxy.terminate()


def _is_complete(job: Json) -> bool:
    conditions = job.get("status", {}).get("conditions", [])
    return any(one["type"] == "Complete" and one["status"] == "True" for one in conditions)
