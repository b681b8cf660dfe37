"""The real install: image, charts, a job to its report, a killed worker, upgrade and rollback under way, uninstall.

One release for all tests, in the order in which a person would do these things. Restricted Pod Security is enforced.
"""

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.charts.helm import CHARTS, ROOT, helm
from tests.cluster.command import Argument, attempt, run
from tests.cluster.handle import Cluster
from tests.cluster.images import image
from tests.cluster.kubectl import Kubectl
from tests.cluster.project import build_project_image
from tests.cluster.waiting import wait_until

NAMESPACE = "outlast-install"
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

    @property
    def kubectl(self) -> Kubectl:
        return self.cluster.kubectl

    def helm(self, *words: str | Path, values: Json | None = None) -> str:
        """Call Helm on the cluster; what it answers, or an error with what it said."""
        place: list[Argument] = ["--kubeconfig", self.cluster.kubeconfig, "--namespace", NAMESPACE]
        given = ["--values", "-"] if values else []
        stdin = yaml.safe_dump(values) if values else None
        return run([helm(), *words, *place, *given], stdin=stdin, deadline_seconds=INSTALL_SECONDS + 30)

    def install(self, release: str, values: Json | None = None) -> None:
        """Install or upgrade a release and wait until all of it is ready."""
        began = time.monotonic()
        words = ("upgrade", "--install", release, CHARTS / release, "--wait", "--wait-for-jobs", "--take-ownership")
        # Objects of the whole cluster may be there from another test, put there by kubectl.
        self.helm(*words, "--force-conflicts", f"--timeout={INSTALL_SECONDS}s", values=values)
        self.seconds[release] = time.monotonic() - began

    def get(self, *words: str) -> Any:
        return self.kubectl.json("get", "--namespace", NAMESPACE, *words)

    def apply(self, name: str) -> None:
        """Apply the example under another name."""
        job = yaml.safe_load(EXAMPLE.read_text())
        job["metadata"] = {"name": name, "namespace": NAMESPACE}
        self.kubectl.apply(yaml.safe_dump(job))

    def status(self, name: str) -> Json:
        found: Json = self.get("researchjob", name).get("status", {})
        return found

    def finished(self, name: str) -> Json:
        """The status of a job once it is complete."""
        words = (
            "wait",
            "--namespace",
            NAMESPACE,
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


@pytest.fixture(scope="module")
def install(cluster: Cluster) -> Iterator[Install]:
    """Everything installed from the charts into a namespace that enforces the restricted standard."""
    for name in ("temporal-server", "temporal-admin-tools", "postgres"):
        cluster.load_image(image(name))
    cluster.load_image(build_project_image(ROOT, f"{REPOSITORY}:{TAG}"))
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}}
    cluster.kubectl.apply(yaml.safe_dump(body))
    found = Install(cluster, {})
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


@pytest.fixture(scope="module")
def undisturbed(install: Install) -> Json:
    """The status of a job that nothing happened to."""
    install.apply("neighbours")
    return install.finished("neighbours")


def test_nothing_had_to_be_started_twice(install: Install) -> None:
    """A server that starts before its schema, or a worker before its server, would show as a restart."""
    found = {
        (pod["metadata"]["name"], status["name"]): status["restartCount"]
        for pod in install.get("pods")["items"]
        for status in pod["status"]["containerStatuses"]
    }
    assert found
    assert {name: count for name, count in found.items() if count} == {}


def test_a_job_runs_to_its_report(install: Install, undisturbed: Json) -> None:
    conditions = {one["type"]: one["status"] for one in undisturbed["conditions"]}
    assert conditions["Complete"] == "True"
    report = install.get("configmap", "neighbours-report")
    assert report["metadata"]["ownerReferences"][0]["kind"] == "ResearchJob"
    assert "France" in report["data"]["report.md"]
    assert json.loads(report["data"]["report.json"])
    assert undisturbed["recovery"]["retriedAttempts"] == 0


def test_the_columns_tell_how_it_went(install: Install, undisturbed: Json) -> None:
    table = install.kubectl("get", "rj", "--namespace", NAMESPACE).splitlines()
    assert table[0].split() == ["NAME", "STAGE", "SEARCHES", "COST", "RESUMPTIONS", "COMPLETE", "AGE"]
    assert next(line for line in table if line.startswith("neighbours ")).split()[1:3] == ["Complete", "9/9"]


@pytest.mark.parametrize("release", ["temporal", "outlast"])
def test_helm_test_passes(install: Install, release: str) -> None:
    answer = install.helm("test", release, f"--timeout={INSTALL_SECONDS}s")
    assert "Phase:          Succeeded" in answer


def processes_of(pod: Json) -> list[int]:
    """Process ids, on this machine, of the containers of a pod of ours: they all know its uid."""
    wanted = f"POD_UID={pod['metadata']['uid']}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


def test_a_killed_worker_changes_nothing_but_the_recovery_figures(install: Install, undisturbed: Json) -> None:
    if not install.cluster.own:
        pytest.skip("containers of another cluster can't be killed from here")
    install.apply("killed")
    install.in_the_middle("killed")
    killed = [process for pod in install.pods("worker") for process in processes_of(pod)]
    assert killed
    for process in killed:
        os.kill(process, signal.SIGKILL)
    status = install.finished("killed")
    assert status["result"]["sha256"] == undisturbed["result"]["sha256"]
    assert status["recovery"]["resumptions"] >= 1
    assert status["recovery"]["replayedSteps"] >= 1
    assert status["recovery"]["lastInterruptionTime"]
    assert status["usage"] == undisturbed["usage"]


def test_an_upgrade_and_a_rollback_cut_no_step_of_a_running_job(install: Install, undisturbed: Json) -> None:
    install.apply("upgraded")
    install.in_the_middle("upgraded")
    before = {pod["metadata"]["uid"] for pod in install.pods("worker")}
    install.install("outlast", {**OUTLAST, "worker": {"maxConcurrentSteps": 7}})
    upgraded = {pod["metadata"]["uid"] for pod in install.pods("worker") if not terminating(pod)}
    assert not before & upgraded
    install.helm("rollback", "outlast", "--wait", f"--timeout={INSTALL_SECONDS}s")
    rolled_back = {pod["metadata"]["uid"] for pod in install.pods("worker") if not terminating(pod)}
    assert not upgraded & rolled_back
    status = install.finished("upgraded")
    assert status["result"]["sha256"] == undisturbed["result"]["sha256"]
    assert status["recovery"]["resentRequests"] == 0


def terminating(pod: Json) -> bool:
    return "deletionTimestamp" in pod["metadata"]


def test_an_uninstall_keeps_the_jobs_and_their_reports(install: Install, undisturbed: Json) -> None:
    install.helm("uninstall", "outlast", "--wait", f"--timeout={INSTALL_SECONDS}s")
    wait_until(lambda: not install.pods("worker"), what="the end of the workers", deadline_seconds=90)
    assert install.status("neighbours") == undisturbed
    assert install.get("configmap", "neighbours-report")["data"]
    kinds = "deployment,service,serviceaccount,role,rolebinding,networkpolicy,poddisruptionbudget,configmap"
    assert install.get(kinds, "--selector", "app.kubernetes.io/instance=outlast")["items"] == []
    install.helm("uninstall", "outlast-crds")
    assert install.status("neighbours") == undisturbed
