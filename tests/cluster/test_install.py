"""The real install: image, charts, a job to its report, a killed worker, upgrade and rollback under way, uninstall.

One release for all tests, in the order in which a person would do these things. Restricted Pod Security is enforced.
"""

import contextlib
import json
import os
import re
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.charts.helm import CHARTS, ROOT, helm
from tests.cluster import keda
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
    namespace: str = NAMESPACE

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


def test_the_notes_work_when_they_are_pasted(install: Install) -> None:
    notes = install.helm("get", "notes", "outlast")
    pasted = notes[notes.index("kubectl rollout") : notes.index("\n\nBefore an uninstall")]
    # Under another name, since the example is there already.
    script = re.sub(r"(name: |rj/|\b)neighbours(?=$|-report)", r"\1pasted", pasted, flags=re.MULTILINE)
    script = script.replace("kubectl ", "run_kubectl ")
    place = f"{install.kubectl.program} --kubeconfig {install.cluster.kubeconfig}"
    answer = attempt(["bash", "-euc", f'run_kubectl() {{ {place} "$@"; }}\n{script}'], deadline_seconds=JOB_SECONDS)
    assert answer.returncode == 0, answer.stderr
    assert "condition met" in answer.stdout
    assert "France" in answer.stdout


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


@pytest.fixture
def scaler(install: Install) -> Iterator[None]:
    """KEDA, for as long as a test needs it."""
    for name in keda.IMAGES:
        install.cluster.load_image(image(name))
    install.kubectl.apply(keda.manifests())
    names = [f"deployment/{name}" for name in keda.DEPLOYMENTS]
    available = ("wait", "-n", keda.NAMESPACE, "--for=condition=Available", "--timeout=90s")
    install.kubectl(*available, *names, "apiservice/v1beta1.external.metrics.k8s.io", deadline_seconds=100)
    yield
    # Back to a fixed number, so that no ScaledObject waits for a KEDA that is gone.
    install.install("outlast", OUTLAST)
    install.kubectl("delete", "-f", "-", "--wait=false", stdin=keda.manifests())


def test_keda_brings_workers_for_a_job_and_sends_them_home(install: Install, undisturbed: Json, scaler: None) -> None:
    scaling = {
        "mode": "keda",
        "minReplicas": 0,
        "maxReplicas": 2,
        "scaleDownStabilizationSeconds": 5,
        "keda": {"pollingInterval": 1, "cooldownPeriod": 5},
    }
    install.install("outlast", {**OUTLAST, "worker": {"autoscaling": scaling}})

    def replicas() -> int:
        return int(install.get("deployment", "outlast-worker")["spec"]["replicas"])

    wait_until(lambda: replicas() == 0, what="an idle fleet without workers", deadline_seconds=120)
    install.apply("scaled")
    assert install.finished("scaled")["result"]["sha256"] == undisturbed["result"]["sha256"]
    wait_until(lambda: replicas() == 0, what="the way home of the workers", deadline_seconds=120)


DEV_NAMESPACE = "outlast-install-dev"


def test_the_overlay_to_try_things_out_runs_a_job(install: Install, undisturbed: Json) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": DEV_NAMESPACE, "labels": labels}}
    install.kubectl.apply(yaml.safe_dump(body))
    values = {
        "image": OUTLAST["image"],
        "jobs": {"namespaces": []},  # all namespaces are the other release's too
        "policies": {"enabled": False},
        # No storage is provisioned here.
        "temporal": {"dev": {"persistence": {"enabled": False}}},
    }
    dev = Install(install.cluster, {}, DEV_NAMESPACE)
    try:
        dev.install("outlast", values, "--values", CHARTS / "outlast" / "values-dev.yaml")
        dev.apply("neighbours")
        assert dev.finished("neighbours")["result"]["sha256"] == undisturbed["result"]["sha256"]
        dev.kubectl("delete", "--namespace", DEV_NAMESPACE, "rj/neighbours", "--timeout=30s")
        dev.helm("uninstall", "outlast")
    finally:
        dev.kubectl("delete", "namespace", DEV_NAMESPACE, "--wait=false")


def test_an_uninstall_keeps_the_jobs_and_their_reports(install: Install, undisturbed: Json) -> None:
    install.helm("uninstall", "outlast", "--wait", f"--timeout={INSTALL_SECONDS}s")
    wait_until(lambda: not install.pods("worker"), what="the end of the workers", deadline_seconds=90)
    assert install.status("neighbours") == undisturbed
    assert install.get("configmap", "neighbours-report")["data"]
    kinds = "deployment,service,serviceaccount,role,rolebinding,networkpolicy,poddisruptionbudget,configmap"
    assert install.get(kinds, "--selector", "app.kubernetes.io/instance=outlast")["items"] == []
    install.helm("uninstall", "outlast-crds")
    assert install.status("neighbours") == undisturbed
