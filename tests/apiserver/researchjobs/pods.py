"""Worker pods without a kubelet: a test says what it would."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from tests.apiserver.researchjobs.jobs import Jobs


def _pod(name: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "labels": {"app.kubernetes.io/name": "outlast", "app.kubernetes.io/component": "worker"},
        },
        "spec": {
            "automountServiceAccountToken": False,
            "nodeName": "node",
            "containers": [{"name": "worker", "image": "example.org/worker:1"}],
        },
    }


def _container(jobs: Jobs, name: str, state: dict[str, Any], restarts: int = 0, phase: str = "Running") -> None:
    """Have the kubelet's word on a container."""
    report = {
        "name": "worker",
        "state": state,
        "lastState": {},
        "ready": False,
        "restartCount": restarts,
        "image": "i",
        "imageID": "i",
    }
    patch = json.dumps({"status": {"phase": phase, "containerStatuses": [report]}})
    jobs.apiserver.kubectl(
        "patch", "pod", name, "-n", jobs.namespace, "--subresource=status", "--type=merge", "-p", patch
    )


def make(jobs: Jobs, name: str) -> str:
    """Make the pod of a worker whose container runs; its uid."""
    kubectl = jobs.apiserver.kubectl
    kubectl.apply(
        json.dumps({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}),
        "-n",
        jobs.namespace,
    )
    kubectl.apply(json.dumps(_pod(name)), "-n", jobs.namespace)
    _container(jobs, name, {"running": {"startedAt": _now()}})
    return str(kubectl.json("get", "pod", name, "-n", jobs.namespace)["metadata"]["uid"])


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def report_dead(jobs: Jobs, name: str) -> None:
    """Report the pod's container terminated."""
    _container(jobs, name, {"terminated": {"exitCode": 137, "finishedAt": _now()}}, phase="Failed")
