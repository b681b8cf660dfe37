"""The real install: image, charts, a job to its report, a killed worker, upgrade and rollback under way.

In the order in which a person would do these things. Restricted Pod Security is enforced.
"""

import json
import re
from collections.abc import Iterator

import pytest
import yaml

from tests.charts.helm import CHARTS
from tests.cluster import keda
from tests.cluster.command import attempt
from tests.cluster.images import image
from tests.cluster.installing import INSTALL_SECONDS, JOB_SECONDS, NAMESPACE, OUTLAST, Install, Json
from tests.cluster.podprocesses import kill
from tests.cluster.waiting import wait_until


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


def test_a_killed_worker_changes_nothing_but_the_recovery_figures(install: Install, undisturbed: Json) -> None:
    if not install.cluster.own:
        pytest.skip("containers of another cluster can't be killed from here")
    install.apply("killed")
    install.in_the_middle("killed")
    for pod in install.pods("worker"):
        kill(pod)
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
