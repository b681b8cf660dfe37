"""What a real API server makes of every rendering: known fields, valid values, and pods of the restricted standard."""

from operator import attrgetter
from typing import Any

import pytest
import yaml

from tests.charts.helm import NAMESPACE, VALUE_SETS, Manifest, ValueSet, manifests, placed, pods
from tests.cluster import keda
from tests.cluster.apiserver import ApiServer
from tests.cluster.kubectl import Kubectl
from tests.cluster.waiting import wait_until

FOREIGN = {"PodMonitor", "PrometheusRule"}
"""Kinds of the Prometheus operator, whose definitions are on no registry here."""

WITH_PODS = [value_set for value_set in VALUE_SETS if value_set.chart != "outlast-crds"]


@pytest.fixture(scope="module")
def kubectl(apiserver: ApiServer) -> Kubectl:
    """kubectl for an API server that knows our kinds and KEDA's, with a namespace that enforces the standard."""
    definitions = manifests(VALUE_SETS[0])
    definitions += [one for one in yaml.safe_load_all(keda.manifests()) if one["kind"] == "CustomResourceDefinition"]
    apiserver.kubectl.apply(yaml.safe_dump_all(definitions))
    names = [f"crd/{one['metadata']['name']}" for one in definitions]
    apiserver.kubectl("wait", "--for=condition=Established", "--timeout=30s", *names)
    for namespace in (NAMESPACE, "red", "blue", "research"):
        labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
        body: Manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}}
        apiserver.kubectl.apply(yaml.safe_dump(body))
    found = [one for value_set in WITH_PODS for one in manifests(value_set) if one["kind"] == "ServiceAccount"]
    apiserver.kubectl.apply(yaml.safe_dump_all(placed(found)))
    return apiserver.kubectl


def dry_run(kubectl: Kubectl, objects: list[Manifest]) -> tuple[int, str]:
    words = ("apply", "--server-side", "--dry-run=server", "--validate=strict", "--warnings-as-errors")
    answer = kubectl.attempt(*words, "-f", "-", stdin=yaml.safe_dump_all(placed(objects)))
    return answer.returncode, answer.stderr


@pytest.mark.parametrize("value_set", VALUE_SETS, ids=attrgetter("name"))
def test_the_api_server_takes_every_object(kubectl: Kubectl, value_set: ValueSet) -> None:
    objects = [one for one in manifests(value_set) if one["kind"] not in FOREIGN]
    assert objects
    assert dry_run(kubectl, objects) == (0, "")


def as_pod(number: int, spec: Manifest) -> Manifest:
    """What a controller would make of a template: only Pods themselves are held to the standard."""
    volumes = [*spec.get("volumes", [])]
    known = {volume["name"] for volume in volumes}
    mounted = {mount["name"] for container in spec["containers"] for mount in container.get("volumeMounts", [])}
    volumes += [{"name": name, "emptyDir": {}} for name in sorted(mounted - known)]  # claims of StatefulSets
    body = {**spec, "volumes": volumes, "restartPolicy": "Never"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"pod-{number}"}, "spec": body}


@pytest.mark.parametrize("value_set", WITH_PODS, ids=attrgetter("name"))
def test_every_pod_meets_the_restricted_standard(kubectl: Kubectl, value_set: ValueSet) -> None:
    made = [as_pod(number, spec) for number, (_, spec) in enumerate(pods(manifests(value_set)))]
    assert made
    assert dry_run(kubectl, made) == (0, "")


@pytest.mark.parametrize("left_out", ["seccompProfile", "runAsNonRoot"])
def test_the_standard_is_enforced(kubectl: Kubectl, left_out: str) -> None:
    (_, spec), *_ = pods(manifests(WITH_PODS[0]))
    security = {name: value for name, value in spec["securityContext"].items() if name != left_out}
    status, said = dry_run(kubectl, [as_pod(0, {**spec, "securityContext": security})])
    assert status != 0
    assert 'violates PodSecurity "restricted:latest"' in said


CAN = {
    ("get", "researchjobs.outlast.dev"),
    ("list", "researchjobs.outlast.dev"),
    ("watch", "researchjobs.outlast.dev"),
    ("patch", "researchjobs.outlast.dev"),
    ("delete", "researchjobs.outlast.dev"),
    ("update", "researchjobs.outlast.dev/status"),
    ("patch", "researchjobs.outlast.dev/status"),
    ("update", "researchjobs.outlast.dev/finalizers"),
    ("get", "configmaps"),
    ("create", "configmaps"),
    ("update", "configmaps"),
    ("create", "events"),
}
VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "approve", "*")
RESOURCES = (
    "researchjobs.outlast.dev",
    "researchjobs.outlast.dev/status",
    "researchjobs.outlast.dev/finalizers",
    "researchpolicies.outlast.dev",
    "configmaps",
    "events",
    "secrets",
    "serviceaccounts",
    "pods",
    "deployments.apps",
    "roles.rbac.authorization.k8s.io",
)


def value_set(name: str) -> ValueSet:
    return next(one for one in VALUE_SETS if one.name == name)


def rights(kubectl: Kubectl, user: str, namespace: str) -> set[tuple[str, str]]:
    """What a user may do, asked of the API server itself."""

    def review(verb: str, resource: str) -> Manifest:
        name, _, group = resource.partition(".")
        group, _, below = group.partition("/")
        if "/" in name:
            name, _, below = name.partition("/")
        attributes: dict[str, Any] = {"namespace": namespace, "verb": verb, "group": group, "resource": name}
        attributes |= {"subresource": below} if below else {}
        spec = {"user": user, "groups": ["system:serviceaccounts"], "resourceAttributes": attributes}
        return {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}

    asked = [(verb, resource) for verb in VERBS for resource in RESOURCES]
    text = yaml.safe_dump_all([review(verb, resource) for verb, resource in asked])
    answer = kubectl("create", "-o", "jsonpath={.status.allowed}{'\\n'}", "-f", "-", stdin=text)
    allowed = answer.split()
    assert len(allowed) == len(asked)
    return {pair for pair, told in zip(asked, allowed, strict=True) if told == "true"}


OPERATOR = f"system:serviceaccount:{NAMESPACE}:research-outlast-operator"
WORKER = f"system:serviceaccount:{NAMESPACE}:research-outlast-worker"


@pytest.fixture(scope="module")
def bound(kubectl: Kubectl) -> Kubectl:
    """The roles of the release that serves the namespaces red and blue, for real."""
    kinds = {"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"}
    objects = [one for one in manifests(value_set("outlast-cloud-keda")) if one["kind"] in kinds]
    kubectl.apply(yaml.safe_dump_all(placed(objects)))
    # The authorizer learns of roles by its own watch.
    wait_until(lambda: rights(kubectl, OPERATOR, "red"), what="the new roles", deadline_seconds=20)
    wait_until(lambda: rights(kubectl, OPERATOR, NAMESPACE), what="the new roles", deadline_seconds=20)
    return kubectl


def test_the_operator_may_do_exactly_its_work_where_the_jobs_are(bound: Kubectl) -> None:
    assert rights(bound, OPERATOR, "red") == CAN
    assert rights(bound, OPERATOR, "blue") == CAN


def test_the_operator_may_only_watch_pods_where_it_runs(bound: Kubectl) -> None:
    assert rights(bound, OPERATOR, NAMESPACE) == {("list", "pods"), ("watch", "pods")}


def test_the_operator_may_do_nothing_elsewhere(bound: Kubectl) -> None:
    assert rights(bound, OPERATOR, "research") == set()


@pytest.mark.parametrize("namespace", ["red", NAMESPACE])
def test_the_worker_may_do_nothing(bound: Kubectl, namespace: str) -> None:
    assert rights(bound, WORKER, namespace) == set()
