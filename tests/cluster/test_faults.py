"""Faults under a running job, on the real install: whatever dies, the report is the same and nothing is paid for twice.

Each job is proved afterwards, from Temporal's history and the ledger of the model server, by the command that everybody
has; what its status says of its recovery has to be what the checker counts.
"""

import json
from collections.abc import Callable

import pytest

from tests.cluster.installing import Install, Json
from tests.cluster.podprocesses import kill
from tests.cluster.waiting import wait_until

READY_SECONDS = 120

FIGURES = {"resumptions": "resumptions", "replayedSteps": "replayed_steps", "retriedAttempts": "retried_attempts"}
"""Of the status, by the checker's names. Which requests were sent again only a ledger tells."""


def proved(install: Install, name: str, undisturbed: Json) -> Json:
    """The status of a job at its end, which has to be the undisturbed one and stand up to the checker."""
    status = install.finished(name)
    assert status["result"]["sha256"] == undisturbed["result"]["sha256"]
    assert status["usage"] == undisturbed["usage"]
    proof = prove(install, status["workflow"]["id"])
    doubts = [one for one in proof["invariants"] if one["verdict"] != "true"]
    assert proof["verdict"] == "true", json.dumps(doubts, indent=1)
    shown = {figure: status["recovery"][figure] for figure in FIGURES}
    assert shown == {figure: proof["figures"][counted] for figure, counted in FIGURES.items()}
    return status


def prove(install: Install, workflow: str) -> Json:
    """What `outlast prove` says of a job, asked inside the cluster."""
    await_ready(install, WORKERS)
    place = ("exec", "--namespace", install.namespace, "deployment/outlast-worker", "--container=worker", "--")
    answer = install.kubectl.attempt(*place, "outlast", "prove", workflow, "--json")
    assert answer.stdout, answer.stderr
    found: Json = json.loads(answer.stdout)
    return found


WORKERS = "outlast-worker"
TEMPORAL_ROLES = ("temporal-frontend", "temporal-history", "temporal-matching", "temporal-worker")


def pods_of(part: str) -> str:
    """The labels of a part's pods, by the name of its workload."""
    name, _, component = part.partition("-")
    return f"app.kubernetes.io/name={name},app.kubernetes.io/component={component}"


def await_ready(install: Install, part: str) -> None:
    """Wait until a part is back, whole."""
    kind = "statefulset" if part == "temporal-postgresql" else "deployment"
    words = ("rollout", "status", "--namespace", install.namespace, f"{kind}/{part}", f"--timeout={READY_SECONDS}s")
    install.kubectl(*words, deadline_seconds=READY_SECONDS + 10)


def kill_all(install: Install, part: str) -> None:
    """Kill the containers of pods, which stay."""
    if not install.cluster.own:
        pytest.skip("containers of another cluster can't be killed from here")
    pods = install.get("pods", "--selector", pods_of(part))["items"]
    assert pods
    for pod in pods:
        kill(pod)


def delete(install: Install, part: str) -> None:
    """Delete pods with hardly any time to say goodbye."""
    selector = ("--namespace", install.namespace, "--selector", pods_of(part))
    install.kubectl("delete", "pods", *selector, "--grace-period=1")


@pytest.mark.parametrize("stage", ["Planning", "Searching", "Analysing"])
def test_every_worker_is_killed_in_each_kind_of_step(install: Install, undisturbed: Json, stage: str) -> None:
    name = f"killed-{stage.lower()}"
    install.apply(name)
    await_stage(install, name, stage)
    kill_all(install, WORKERS)
    assert proved(install, name, undisturbed)["recovery"]["resumptions"] >= 1
    # In new pods the next kill meets no pause of the kubelet's before it starts a container again.
    delete(install, WORKERS)


def test_a_worker_that_is_deleted_while_it_starts_goes_at_once(install: Install) -> None:
    """Its grace period is that of a step under way, and it has none yet."""
    delete(install, WORKERS)
    worker = ("pods", "--namespace", install.namespace, "--selector", pods_of(WORKERS))
    install.kubectl("wait", *worker, "--for=jsonpath={.status.phase}=Running", "--timeout=50s")
    install.kubectl("delete", *worker, "--timeout=45s")


def await_stage(install: Install, name: str, stage: str) -> None:
    """Wait until a job is at a stage, each of which takes seconds."""

    def seen() -> bool:
        now = install.status(name).get("progress", {}).get("stage")
        assert now != "Complete", "the job was over before the test saw the stage"
        return bool(now == stage)

    wait_until(seen, what=f"{stage} of {name}", deadline_seconds=60, seen=lambda: json.dumps(install.status(name)))


@pytest.mark.parametrize("part", ["outlast-operator", *TEMPORAL_ROLES])
def test_a_part_is_deleted_under_a_running_job(install: Install, undisturbed: Json, part: str) -> None:
    gone(install, undisturbed, part, delete)


def test_the_database_is_killed_under_a_running_job(install: Install, undisturbed: Json) -> None:
    """Its data goes with its pod here, so the pod stays."""
    gone(install, undisturbed, "temporal-postgresql", kill_all)


def gone(install: Install, undisturbed: Json, part: str, take_away: Callable[[Install, str], None]) -> None:
    name = f"without-{part}"
    install.apply(name)
    install.in_the_middle(name)
    take_away(install, part)
    proved(install, name, undisturbed)
    await_ready(install, part)
