"""The API-server-only tier refuses what a real cluster would refuse, and tells who asked."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.apiserver import ApiServer, api_server
from tests.cluster.processes import recorded


@pytest.fixture(scope="module")
def restricted(apiserver: ApiServer) -> str:
    """A namespace that enforces the restricted Pod Security Standard."""
    name = "restricted"
    apiserver.kubectl("create", "namespace", name)
    apiserver.kubectl("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted")
    return name


def pod(**security: object) -> str:
    manifest: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "probe"},
        "spec": {"containers": [{"name": "probe", "image": "example.org/probe:1", "securityContext": security}]},
    }
    # No controller runs that would make the namespace's default service account.
    manifest["spec"]["automountServiceAccountToken"] = False
    return json.dumps(manifest)


RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def dry_run(apiserver: ApiServer, namespace: str, manifest: str) -> tuple[int, str]:
    answer = apiserver.kubectl.attempt("create", "-n", namespace, "--dry-run=server", "-f", "-", stdin=manifest)
    return answer.returncode, answer.stderr


def test_a_pod_that_meets_the_restricted_standard_is_accepted(apiserver: ApiServer, restricted: str) -> None:
    apiserver.kubectl.apply(
        json.dumps({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}), "-n", restricted
    )
    assert dry_run(apiserver, restricted, pod(**RESTRICTED)) == (0, "")


@pytest.mark.parametrize("left_out", sorted(RESTRICTED))
def test_a_pod_short_of_the_restricted_standard_is_refused(
    apiserver: ApiServer, restricted: str, left_out: str
) -> None:
    status, said = dry_run(apiserver, restricted, pod(**{k: v for k, v in RESTRICTED.items() if k != left_out}))
    assert status == 1
    assert 'violates PodSecurity "restricted:latest"' in said
    assert left_out in said


def test_the_audit_log_tells_who_asked_for_what_and_the_answer(apiserver: ApiServer) -> None:
    before = apiserver.audit.position()
    user = "system:serviceaccount:default:stranger"
    refused = apiserver.kubectl.attempt("get", "secrets", "-n", "kube-system", f"--as={user}")
    assert "Forbidden" in refused.stderr
    events = apiserver.audit.since(before, user=user)
    assert [(e.verb, e.resource, e.namespace, e.code) for e in events] == [("list", "secrets", "kube-system", 403)]


def test_two_run_side_by_side_and_know_nothing_of_each_other(apiserver: ApiServer, tmp_path: Path) -> None:
    with api_server(tmp_path / "other") as other:
        assert other.url != apiserver.url
        other.kubectl("create", "namespace", "only-here")
        assert "NotFound" in apiserver.kubectl.attempt("get", "namespace", "only-here").stderr
        identities = recorded(tmp_path / "other" / "pid")
        assert sorted(identities) == ["etcd", "kube-apiserver"]
        assert all(identity.alive() for identity in identities.values())
    assert not any(identity.alive() for identity in identities.values())
