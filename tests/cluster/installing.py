"""One real install for the whole session: everything from the charts, in a namespace that enforces restricted pods.

Tests share it and leave it as they found it; the one that uninstalls runs last.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.charts.helm import CHARTS, ROOT, helm
from tests.cluster.command import Argument, attempt, run
from tests.cluster.handle import Cluster
from tests.cluster.images import image
from tests.cluster.kubectl import Kubectl
from tests.cluster.project import build_project_image
from tests.cluster.waiting import wait_until

NAMESPACE = "outlast"
"""The one that the pages of docs/ name, whose commands run against this install."""
REPOSITORY, TAG = "ghcr.io/outlast-dev/outlast", "install-test"
EXAMPLE = ROOT / "k8s" / "examples" / "neighbours.yaml"
INSTALL_SECONDS = 300
JOB_SECONDS = 120

TEMPORAL = {
    "mode": "cluster",
    "cluster": {"database": {"bundled": True}, "postgresql": {"persistence": {"enabled": False}}},
}
OUTLAST = {
    "image": {"repository": REPOSITORY, "tag": TAG},
    "temporal": {"external": {"address": f"temporal-frontend.{NAMESPACE}.svc:7233"}},
    # Slow enough that a test can find a job in its middle.
    "offline": {"enabled": True, "latencyScale": 6},
}

Json = dict[str, Any]


@dataclass(frozen=True)
class Install:
    """What the tests hold."""

    cluster: Cluster
    seconds: dict[str, float]
    """How long each release took to be ready."""
    namespace: str = NAMESPACE
    archive: Path = Path()
    """The project's image."""

    @property
    def kubectl(self) -> Kubectl:
        return self.cluster.kubectl

    def helm(self, *words: str | Path, values: Json | None = None) -> str:
        """Call Helm on the cluster; what it answers, or an error with what it said."""
        place: list[Argument] = ["--kubeconfig", self.cluster.kubeconfig, "--namespace", self.namespace]
        given = ["--values", "-"] if values else []
        stdin = yaml.safe_dump(values) if values else None
        return run([helm(), *words, *place, *given], stdin=stdin, deadline_seconds=INSTALL_SECONDS + 30)

    def install(self, release: str, values: Json | None = None, *options: str | Path) -> None:
        """Install or upgrade a release and wait until all of it is ready."""
        began = time.monotonic()
        words = ("upgrade", "--install", release, CHARTS / release, "--wait", "--wait-for-jobs", "--take-ownership")
        # Objects of the whole cluster may be there from another test, put there by kubectl.
        self.helm(*words, *options, "--force-conflicts", f"--timeout={INSTALL_SECONDS}s", values=values)
        self.seconds[release] = time.monotonic() - began

    def get(self, *words: str) -> Any:
        return self.kubectl.json("get", "--namespace", self.namespace, *words)

    def address(self, service: str) -> str:
        """Where this machine reaches a service."""
        return str(self.get("service", service)["spec"]["clusterIP"])

    def apply(self, name: str) -> None:
        """Apply the example under another name."""
        job = yaml.safe_load(EXAMPLE.read_text())
        job["metadata"] = {"name": name, "namespace": self.namespace}
        self.kubectl.apply(yaml.safe_dump(job))

    def status(self, name: str) -> Json:
        found: Json = self.get("researchjob", name).get("status", {})
        return found

    def finished(self, name: str) -> Json:
        """The status of a job once it is complete."""
        words = (
            "wait",
            "--namespace",
            self.namespace,
            "--for=condition=Complete",
            f"rj/{name}",
            f"--timeout={JOB_SECONDS}s",
        )
        self.kubectl(*words, deadline_seconds=JOB_SECONDS + 10)
        return self.status(name)

    def in_the_middle(self, name: str) -> None:
        """Wait until a job has found something and still searches."""

        def seen() -> bool:
            progress = self.status(name).get("progress", {})
            assert progress.get("stage") != "Complete", "the job was over before the test saw its middle"
            return bool(progress.get("stage") == "Searching" and progress.get("searchesDone", 0) > 0)

        wait_until(seen, what=f"the middle of {name}", deadline_seconds=60, seen=lambda: json.dumps(self.status(name)))

    def pods(self, component: str) -> list[Json]:
        selector = f"app.kubernetes.io/name=outlast,app.kubernetes.io/component={component}"
        items: list[Json] = self.get("pods", "--selector", selector)["items"]
        return items


@contextmanager
def installed(cluster: Cluster) -> Iterator[Install]:
    """Everything installed from the charts into a namespace that enforces the restricted standard."""
    for name in ("temporal-server", "temporal-admin-tools", "postgres"):
        cluster.load_image(image(name))
    archive = build_project_image(ROOT, f"{REPOSITORY}:{TAG}")
    cluster.load_image(archive)
    # What an earlier session left may still be going.
    gone = ("wait", "namespace", "--for=delete", f"--field-selector=metadata.name={NAMESPACE},status.phase=Terminating")
    cluster.kubectl.attempt(*gone, "--timeout=180s", deadline_seconds=190)
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}}
    cluster.kubectl.apply(yaml.safe_dump(body))
    found = Install(cluster, {}, archive=archive)
    try:
        found.install("outlast-crds")
        found.install("temporal", TEMPORAL)
        found.install("outlast", OUTLAST)
        yield found
    finally:
        _clean(found)


def _clean(install: Install) -> None:
    # Jobs first, while an operator is there that lets them go.
    jobs = ("delete", "researchjobs", "--all", "--namespace", NAMESPACE, "--timeout=30s")
    install.kubectl.attempt(*jobs)
    for release in ("outlast", "temporal"):
        place = ("--kubeconfig", install.cluster.kubeconfig, "--namespace", NAMESPACE)
        attempt([helm(), "uninstall", release, "--ignore-not-found", *place])
    for job in install.get("researchjobs")["items"]:
        name = job["metadata"]["name"]
        unbound = '{"metadata":{"finalizers":null}}'
        install.kubectl.attempt("patch", "-n", NAMESPACE, f"rj/{name}", "--type=merge", f"--patch={unbound}")
    install.kubectl("delete", "namespace", NAMESPACE, "--wait=false")
