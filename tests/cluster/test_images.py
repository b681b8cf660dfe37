"""The images made here behave as the public ones whose names they bear, under the restricted standard."""

from collections.abc import Iterator
from pathlib import Path
from string import Template

import pytest

from tests.cluster import keda
from tests.cluster.handle import Cluster
from tests.cluster.images import IMAGES, image
from tests.cluster.kubectl import Kubectl
from tests.cluster.waiting import wait_until

NAMESPACE = "images-test"
PASSWORD = "p'a$s+w0rd"
_MANIFEST = Path(__file__).parent / "manifests" / "images-test.yaml"
_DEADLINE_SECONDS = 90


@pytest.fixture(scope="module")
def stack(cluster: Cluster) -> Iterator[Kubectl]:
    """PostgreSQL and Temporal, ready; the value runs kubectl."""
    names = {"POSTGRES": "postgres", "ADMIN_TOOLS": "temporal-admin-tools", "SERVER": "temporal-server"}
    for name in names.values():
        cluster.load_image(image(name))
    references = {variable: IMAGES[name].reference for variable, name in names.items()}
    cluster.kubectl.apply(Template(_MANIFEST.read_text()).substitute(references))
    await_ready(cluster.kubectl, "pod/postgres", "pod/temporal")
    yield cluster.kubectl
    cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def await_ready(kubectl: Kubectl, *objects: str) -> None:
    await_condition(kubectl, NAMESPACE, "Ready", *objects)


def await_condition(kubectl: Kubectl, namespace: str, condition: str, *objects: str) -> None:
    words = ("wait", "-n", namespace, f"--for=condition={condition}", f"--timeout={_DEADLINE_SECONDS}s", *objects)
    kubectl(*words, deadline_seconds=_DEADLINE_SECONDS + 10)


def query(kubectl: Kubectl, sql: str, password: str) -> tuple[int, str]:
    # Through the network address: local sockets are trusted, as in the public image.
    connect = f"PGPASSWORD=\"$0\" psql -h $(hostname -i) -U temporal -d first -At -c '{sql}'"
    answer = kubectl.attempt("exec", "-n", NAMESPACE, "postgres", "--", "sh", "-c", connect, password)
    return answer.returncode, answer.stdout.strip() or answer.stderr


def test_postgres_makes_the_first_database_and_takes_arguments(stack: Kubectl) -> None:
    assert query(stack, "show max_connections", PASSWORD) == (0, "150")


def test_postgres_refuses_a_wrong_password(stack: Kubectl) -> None:
    status, said = query(stack, "select 1", "wrong")
    assert status != 0
    assert "password authentication failed" in said


def test_postgres_runs_as_the_user_of_the_public_image(stack: Kubectl) -> None:
    assert stack("exec", "-n", NAMESPACE, "postgres", "--", "id", "-u").strip() == "999"


def test_postgres_keeps_its_data_when_the_container_is_killed(stack: Kubectl) -> None:
    assert query(stack, "create table kept (x int); insert into kept values (42)", PASSWORD)[0] == 0
    stack.attempt("exec", "-n", NAMESPACE, "postgres", "--", "sh", "-c", "kill -INT 1")
    wait_until(lambda: restarts(stack) == 1, what="a restart of the container", deadline_seconds=_DEADLINE_SECONDS)
    await_ready(stack, "pod/postgres")
    assert query(stack, "select x from kept", PASSWORD) == (0, "42")


def restarts(kubectl: Kubectl) -> int:
    pod = kubectl.json("get", "pod", "postgres", "-n", NAMESPACE)
    return int(pod["status"]["containerStatuses"][0]["restartCount"])


def test_temporal_serves(stack: Kubectl) -> None:
    await_ready(stack, "pod/temporal")
    tool = ("exec", "-n", NAMESPACE, "temporal", "-c", "tools", "--", "temporal")
    address = ("--address", stack.json("get", "pod", "temporal", "-n", NAMESPACE)["status"]["podIP"] + ":7233")
    wait_until(
        lambda: "SERVING" in stack.attempt(*tool, "operator", "cluster", "health", *address).stdout,
        what="a serving Temporal",
        deadline_seconds=_DEADLINE_SECONDS,
    )
    stack(*tool, "operator", "namespace", "create", "images", *address)
    assert "Registered" in stack(*tool, "operator", "namespace", "describe", "images", *address)


def test_keda_runs_and_serves_its_metrics_interface(cluster: Cluster) -> None:
    for name in keda.IMAGES:
        cluster.load_image(image(name))
    cluster.kubectl.apply(keda.manifests())
    await_condition(cluster.kubectl, keda.NAMESPACE, "Available", *(f"deployment/{name}" for name in keda.DEPLOYMENTS))
    await_condition(cluster.kubectl, keda.NAMESPACE, "Available", "apiservice/v1beta1.external.metrics.k8s.io")
    cluster.kubectl("delete", "-f", "-", "--wait=false", stdin=keda.manifests())
