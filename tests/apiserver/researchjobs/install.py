"""Puts our definitions and policies into an API server, as the chart does."""

from __future__ import annotations

from tests.apiserver.researchjobs.backend import ROOT
from tests.cluster.apiserver import ApiServer
from tests.cluster.waiting import wait_until


def install(apiserver: ApiServer) -> None:
    """Install, and wait until everything is in force."""
    kubectl = apiserver.kubectl
    kubectl("apply", "--server-side", "-f", str(ROOT / "k8s" / "crds"))
    for plural in ("researchjobs", "researchpolicies"):
        kubectl("wait", "--for=condition=Established", f"crd/{plural}.outlast.dev")
    kubectl("apply", "--server-side", "-f", str(ROOT / "k8s" / "policies"))
    wait_until(lambda: _policies_are_enforced(apiserver), what="the enforcement of our policies", deadline_seconds=60)


def _policies_are_enforced(apiserver: ApiServer) -> bool:
    # The API server reads new policies in the background. A namespace is made whose policy allows nothing we ask for.
    kubectl = apiserver.kubectl
    kubectl.attempt("create", "namespace", "probe")
    policy = "{apiVersion: outlast.dev/v1alpha1, kind: ResearchPolicy, metadata: {name: default}, spec: {sources: [x]}}"
    job = "{apiVersion: outlast.dev/v1alpha1, kind: ResearchJob, metadata: {name: probe}, spec: {query: Why}}"
    kubectl.apply(policy, "-n", "probe")
    answer = kubectl.attempt("create", "-n", "probe", "--dry-run=server", "-f", "-", stdin=job)
    return "bound to this namespace" in answer.stderr
