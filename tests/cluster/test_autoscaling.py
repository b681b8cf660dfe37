"""Workers that come with the load and go with it, by the real KEDA: nothing lost, nothing repeated, nothing cut."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from outlast.chaos.verdict import Verdict
from tests.charts.helm import API_KEY, MUTUAL_TLS, REAL_MODEL, parsed, template
from tests.cluster.custom_metrics import custom_metrics
from tests.cluster.installing import Install, Json
from tests.cluster.scaling import WORKER, Fleet, scaled_fleet
from tests.cluster.waiting import wait_until

JOBS = 40
MOST = 4
SLOTS = 4
DEADLINE_SECONDS = 240

SMALL: Json = {"requests": {"cpu": "20m", "memory": "128Mi"}, "limits": {"memory": "1Gi"}}
"""Room for a fleet on a node of two processors."""


def keda_mode(**values: Any) -> Json:
    """Values of autoscaling with short pauses."""
    pauses = {"scaleDownStabilizationSeconds": 5, "scaleDownPeriodSeconds": 2}
    return {"mode": "keda", **pauses, "keda": {"pollingInterval": 1, "cooldownPeriod": 5}, **values}


@pytest.fixture(scope="module")
def fleet(install: Install) -> Iterator[Fleet]:
    if not install.cluster.own:
        pytest.skip("Temporal and the ledger of another cluster can't be read from here")
    with scaled_fleet(install) as found:
        yield found


def test_a_fleet_comes_from_zero_and_goes_back_to_it(fleet: Fleet) -> None:
    scaling = keda_mode(minReplicas=0, maxReplicas=MOST)
    fleet.scale({"autoscaling": scaling, "maxConcurrentSteps": SLOTS, "resources": SMALL})
    wait_until(lambda: fleet.workers() == (0, 0), what="an idle fleet without workers", deadline_seconds=120)
    course = fleet.carry_out("fleet", JOBS, most=MOST, deadline_seconds=DEADLINE_SECONDS)
    assert course.most_workers == MOST, course
    proof = fleet.proof([f"fleet-{index}" for index in range(JOBS)])
    assert (len(proof.jobs), proof.verdict) == (JOBS, Verdict.TRUE), proof.as_text()
    assert proof.figures.resent_requests == 0, proof.as_text()


LONG_STEPS: Json = {"enabled": True, "latencyScale": 40}
"""Half of the requests take more than 12 s: longer than a scale-down by KEDA and the drain below."""

ONE_SEARCH = "What is the population of France?"


def test_plain_backlog_scaling_cuts_steps_and_ours_none(fleet: Fleet) -> None:
    """The same jobs, with a drain that their steps outlive: first scaled by what waits, then by what is under way."""
    scaling = keda_mode(minReplicas=0, maxReplicas=2)
    short_drain = {"resources": SMALL, "maxConcurrentSteps": SLOTS, "drainSeconds": 3, "autoscaling": scaling}
    fleet.scale(short_drain, offline=LONG_STEPS)
    fleet.scale_plainly()
    names = fleet.submit("plain", 2, ONE_SEARCH)
    cut = wait_until(
        lambda: fleet.proof(names).figures.resent_by_cause or None,
        what="a step that plain scaling cuts",
        deadline_seconds=DEADLINE_SECONDS,
    )
    assert set(cut) == {"cut: outlived the drain"}
    fleet.scale(short_drain, offline=LONG_STEPS)
    ours = fleet.submit("ours", 2, ONE_SEARCH)
    fleet.finish([*names, *ours], deadline_seconds=DEADLINE_SECONDS)
    assert fleet.proof(names).verdict is Verdict.TRUE
    proof = fleet.proof(ours)
    assert proof.verdict is Verdict.TRUE, proof.as_text()
    assert (proof.figures.resent_requests, proof.figures.retried_attempts) == (0, 0), proof.as_text()


def test_a_scale_down_in_the_middle_of_steps_cuts_none(fleet: Fleet) -> None:
    workers, jobs = 3, 12
    # As long as all three have to be there, and then no longer, since one has room for all steps.
    busy = {"resources": SMALL, "maxConcurrentSteps": jobs}
    scaling = keda_mode(minReplicas=workers, maxReplicas=workers, targetSlotsPercent=100)
    fleet.scale({**busy, "autoscaling": scaling}, offline=LONG_STEPS)
    wait_until(lambda: fleet.workers() == (workers, workers), what="three workers", deadline_seconds=120)
    names = fleet.submit("down", jobs, ONE_SEARCH)
    wait_until(lambda: fleet.under_way() >= jobs // 2, what="steps under way", deadline_seconds=60)
    fleet.change({"minReplicaCount": 1})
    wait_until(
        lambda: any(fleet.leaving().values()),
        what="a worker that leaves in the middle of steps",
        deadline_seconds=120,
    )
    fleet.finish(names, deadline_seconds=DEADLINE_SECONDS)
    proof = fleet.proof(names)
    assert proof.verdict is Verdict.TRUE, proof.as_text()
    assert (proof.figures.resent_requests, proof.figures.retried_attempts) == (0, 0), proof.as_text()


@pytest.mark.parametrize("external", [MUTUAL_TLS, API_KEY], ids=["a certificate", "an API key"])
def test_keda_takes_what_is_made_for_temporal_elsewhere(fleet: Fleet, external: Json) -> None:
    values = {**REAL_MODEL, "temporal": {"external": external}, "worker": {"autoscaling": {"mode": "keda"}}}
    kinds = ("TriggerAuthentication", "Service", "ScaledObject", "Deployment")
    objects = [one for one in parsed(template("outlast", values=values).output) if one["kind"] in kinds]
    (scaled,) = (one for one in objects if one["kind"] == "ScaledObject")
    place = ("apply", "--server-side", "--dry-run=server", "--namespace", "default", "-f", "-")
    for one in objects:
        fleet.install.kubectl(*place, stdin=yaml.safe_dump(one))
    scaled["spec"]["minReplicaCount"] = scaled["spec"]["maxReplicaCount"] + 1
    refused = fleet.install.kubectl.attempt(*place, stdin=yaml.safe_dump(scaled))
    assert "denied the request" in refused.stderr


def test_an_hpa_goes_by_slots_in_use(fleet: Fleet, tmp_path: Path) -> None:
    """With what an adapter would serve: full slots of one worker bring a second one, though no CPU is used."""
    scaling = {"mode": "hpa", "minReplicas": 1, "maxReplicas": 2}
    worker = {"autoscaling": scaling, "resources": SMALL, "maxConcurrentSteps": SLOTS}
    fleet.scale(worker, offline=LONG_STEPS)
    asked_for: list[tuple[str, str]] = []

    def read(namespace: str, metric: str) -> dict[str, float]:
        asked_for.append((namespace, metric))
        return {pod["metadata"]["name"]: fleet.slots_used(pod) for pod in fleet.install.pods("worker")}

    with custom_metrics(fleet.install.kubectl, tmp_path, "outlast_slots_used", read):
        # KEDA may have left none behind, and of none an HPA makes none.
        fleet.install.kubectl("scale", "-n", fleet.install.namespace, f"deployment/{WORKER}", "--replicas=1")
        wait_until(lambda: fleet.workers() == (1, 1), what="a fleet of one worker", deadline_seconds=120)
        names = fleet.submit("hpa", SLOTS, ONE_SEARCH)
        wait_until(lambda: fleet.workers()[0] == 2, what="a second worker", deadline_seconds=120)
    fleet.withdraw(names)
    assert set(asked_for) == {(fleet.install.namespace, "outlast_slots_used")}
