"""Chaos in a real cluster, as its users run it: by `helm test`, and as a Job that is made from the chart's CronJob.

A seed decides who dies when; `CHAOS_STRIKES` makes it longer. Workers, operators and Temporal's roles are deleted by
aim in the middle of jobs; what must hold is checked by the Job itself, and its exit code is the verdict.
"""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster.installing import INSTALL_SECONDS, OUTLAST, TEMPORAL, Install

Json = dict[str, Any]

STRIKES = int(os.environ.get("CHAOS_STRIKES") or 60)
PER_JOB = 3
DEADLINE = 420
LABEL = {"outlast.dev/chaos": "allowed"}

MODEL_STEPS = ["planner", "searcher", "analyst"]

PLAN: Json = {
    "seed": 11,
    "strikes": STRIKES,
    "strikesPerJob": PER_JOB,
    "parallel": 4,
    "bounds": {"kills": 2 * STRIKES, "seconds": DEADLINE - 60},
    "shares": {"again": 0},
    "faults": [
        {"what": ["worker"], "when": {"moments": ["before", "in flight", "recorded"], "steps": MODEL_STEPS}},
        {"what": ["worker"], "how": "delete", "when": {"steps": MODEL_STEPS}},
        {"what": ["operator"], "when": {"moments": ["starting", "finalizing"]}},
        {"what": ["temporal"], "when": {"moments": ["in flight"], "steps": ["searcher", "analyst"]}},
        {"what": ["model server"], "how": "storm", "when": {"moments": ["before"], "steps": ["searcher", "analyst"]}},
    ],
}

STRUCK = {
    **OUTLAST,
    "offline": {"enabled": True, "latencyScale": 2},
    "chaos": {"enabled": True, "execute": True, "activeDeadlineSeconds": DEADLINE, "plan": PLAN},
}


@pytest.fixture(scope="module")
def chaos(install: Install) -> Iterator[Install]:
    """The install, with pods that allow to be struck."""
    install.install("temporal", {**TEMPORAL, "podLabels": LABEL})
    install.install("outlast", STRUCK)
    try:
        yield install
    finally:
        install.install("temporal", TEMPORAL)
        install.install("outlast", OUTLAST)


def logs(install: Install, job: str) -> str:
    return install.kubectl.attempt("logs", "--namespace", install.namespace, f"job/{job}", "--tail=200").stdout


def test_a_pod_without_the_label_is_refused_by_the_api_server(chaos: Install) -> None:
    """The account may delete pods; which ones is decided at admission."""
    account = f"system:serviceaccount:{chaos.namespace}:outlast-chaos"
    (offline,) = chaos.pods("offline")
    name = offline["metadata"]["name"]
    words = ("delete", "pod", name, "--namespace", chaos.namespace, "--dry-run=server", f"--as={account}")
    refused = chaos.kubectl.attempt(*words)
    assert refused.returncode != 0
    assert "only pods with the label outlast.dev/chaos=allowed may be struck" in refused.stderr
    worker = chaos.pods("worker")[0]["metadata"]["name"]
    allowed = chaos.kubectl.attempt(*(worker if word == name else word for word in words))
    assert allowed.returncode == 0, allowed.stderr


@pytest.mark.parametrize(
    ("verb", "what", "elsewhere"),
    [("delete", "pods", "default"), ("get", "secrets", ""), ("create", "pods/exec", ""), ("delete", "deployments", "")],
)
def test_it_may_do_nothing_else(chaos: Install, verb: str, what: str, elsewhere: str) -> None:
    account = f"system:serviceaccount:{chaos.namespace}:outlast-chaos"
    place = ("--namespace", elsewhere or chaos.namespace, f"--as={account}")
    assert chaos.kubectl.attempt("auth", "can-i", verb, what, *place).stdout.strip() == "no"


def test_helm_test_proves_that_a_killed_worker_costs_nothing(chaos: Install) -> None:
    answer = chaos.helm("test", "outlast", "--filter", "name=outlast-test-resumption", f"--timeout={INSTALL_SECONDS}s")
    assert "Phase:          Succeeded" in answer
    told = json.loads(chaos.get("configmap", "outlast-chaos-test-report")["data"]["report.json"])
    assert (told["verdict"], told["hit"], told["kills"]) == ("true", 1, 1)


def test_many_blows_on_many_jobs_lose_nothing(chaos: Install) -> None:
    chaos.kubectl("create", "job", "--namespace", chaos.namespace, "--from=cronjob/outlast-chaos", "chaos-1")
    try:
        condition = (
            "wait",
            "--namespace",
            chaos.namespace,
            "--for=jsonpath={.status.conditions[?(@.status=='True')].type}",
            "job/chaos-1",
            f"--timeout={DEADLINE}s",
        )
        chaos.kubectl.attempt(*condition, deadline_seconds=DEADLINE + 10)
        status = chaos.get("job", "chaos-1")["status"]
        assert status.get("succeeded") == 1, f"{json.dumps(status)}\n{logs(chaos, 'chaos-1')}"
        report = chaos.get("configmap", "outlast-chaos-report")["data"]
        told = json.loads(report["report.json"])
        print(logs(chaos, "chaos-1")[-3_000:])
        assert told["verdict"] == report["verdict"] == "true"
        assert told["clean"] == told["jobs"] == -(-STRIKES // PER_JOB)
        assert told["hit"] >= 0.8 * STRIKES, [
            one for job in told["outcomes"] for one in job["struck"] if not one["hit"]
        ]
        assert told["violations"] == []
        assert "Nothing was lost" in report["report.html"]
        assert chaos.get("researchjobs", "--selector", "outlast.dev/chaos-campaign=chaos")["items"] == []
    finally:
        chaos.kubectl.attempt("delete", "job", "chaos-1", "--namespace", chaos.namespace, "--wait=false")
