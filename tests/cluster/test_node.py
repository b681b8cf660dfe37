"""The node does what a workload needs: scheduling, names, services, logs, exec, limits, and the restricted standard."""

import json
import socket
from collections.abc import Iterator

import pytest

from tests.cluster.handle import Cluster
from tests.cluster.images import image
from tests.cluster.shell import SHELL_IMAGE
from tests.cluster.waiting import wait_until

NAMESPACE = "node-test"
TEXT = "served by a pod"

MANIFEST = f"""
apiVersion: v1
kind: Namespace
metadata: {{name: {NAMESPACE}, labels: {{pod-security.kubernetes.io/enforce: restricted}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: {NAMESPACE}}}
spec:
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 1
      securityContext: {{runAsNonRoot: true, seccompProfile: {{type: RuntimeDefault}}}}
      containers:
        - name: web
          image: {SHELL_IMAGE}
          imagePullPolicy: Never
          command: [sh, -c]
          args:
            - |
              echo '{TEXT}' > /data/index.html
              trap exit TERM
              httpd -f -v -p 8080 -h /data &
              echo started
              wait
          ports: [{{containerPort: 8080}}]
          resources: {{limits: {{memory: 64Mi, cpu: 500m}}}}
          readinessProbe: {{httpGet: {{path: /, port: 8080}}, periodSeconds: 1}}
          securityContext:
            allowPrivilegeEscalation: false
            capabilities: {{drop: [ALL]}}
            readOnlyRootFilesystem: true
          volumeMounts: [{{name: data, mountPath: /data}}]
      volumes: [{{name: data, emptyDir: {{}}}}]
---
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: {NAMESPACE}}}
spec: {{selector: {{app: web}}, ports: [{{port: 80, targetPort: 8080}}]}}
"""


@pytest.fixture(scope="module")
def web(cluster: Cluster) -> Iterator[str]:
    """A small web server behind a service, under the restricted standard; its namespace is the value."""
    cluster.load_image(image("busybox"))
    cluster.kubectl.apply(MANIFEST)
    cluster.kubectl("rollout", "status", "deployment/web", "-n", NAMESPACE, "--timeout=60s", deadline_seconds=70)
    yield NAMESPACE
    cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def inside(cluster: Cluster, *command: str) -> str:
    return cluster.kubectl("exec", "-n", NAMESPACE, "deployment/web", "--", *command)


def test_every_node_is_ready(cluster: Cluster) -> None:
    nodes = cluster.kubectl.json("get", "nodes")["items"]
    conditions = [{c["type"]: c["status"] for c in node["status"]["conditions"]} for node in nodes]
    assert [found["Ready"] for found in conditions] == ["True"] * len(nodes)
    assert nodes


def test_a_pod_reaches_a_service_by_its_name(cluster: Cluster, web: str) -> None:
    assert inside(cluster, "wget", "-q", "-O", "-", f"http://web.{web}.svc.cluster.local/") == f"{TEXT}\n"


def test_a_pod_reaches_itself_through_its_service(cluster: Cluster, web: str) -> None:
    address = cluster.kubectl.json("get", "service", "web", "-n", web)["spec"]["clusterIP"]
    assert inside(cluster, "wget", "-q", "-O", "-", f"http://{address}/") == f"{TEXT}\n"


def test_logs_are_what_the_container_printed(cluster: Cluster, web: str) -> None:
    assert cluster.kubectl("logs", "-n", web, "deployment/web").splitlines()[0] == "started"


def test_the_container_runs_as_nobody_on_a_read_only_root(cluster: Cluster, web: str) -> None:
    assert inside(cluster, "id", "-u") == "65532\n"
    refused = cluster.kubectl.attempt("exec", "-n", web, "deployment/web", "--", "touch", "/file")
    assert "Read-only file system" in refused.stderr


def test_the_kernel_enforces_the_memory_limit(cluster: Cluster, web: str) -> None:
    # The kernel ends the process that grows, or (with cgroup v2) the whole container and this shell with it.
    answer = cluster.kubectl.attempt(
        "exec", "-n", web, "deployment/web", "--", "sh", "-c", "head -c 200m /dev/zero | tail; echo status $?"
    )
    assert "status 137" in answer.stdout or answer.returncode == 137


def test_a_killed_container_is_started_again(cluster: Cluster, web: str) -> None:
    def restarts() -> int:
        pods = cluster.kubectl.json("get", "pods", "-n", web)["items"]
        return sum(status["restartCount"] for pod in pods for status in pod["status"].get("containerStatuses", []))

    before = restarts()
    cluster.kubectl.attempt("exec", "-n", web, "deployment/web", "--", "kill", "1")
    wait_until(lambda: restarts() > before, what="a restart of the container", deadline_seconds=30)


def test_the_service_answers_from_this_machine(cluster: Cluster, web: str) -> None:
    if not cluster.own:
        pytest.skip("services of another cluster have no route from here")
    address = cluster.kubectl.json("get", "service", "web", "-n", web)["spec"]["clusterIP"]
    cluster.kubectl("rollout", "status", "deployment/web", "-n", web, "--timeout=60s", deadline_seconds=70)
    with socket.create_connection((address, 80), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.endswith(f"{TEXT}\n".encode())


def test_nothing_inside_reaches_the_outside(cluster: Cluster, web: str) -> None:
    if not cluster.own:
        pytest.skip("another cluster may have a way out")
    cluster.kubectl("rollout", "status", "deployment/web", "-n", web, "--timeout=60s", deadline_seconds=70)
    probe = ("sh", "-c", "nslookup example.org; nc -w 5 1.1.1.1 443 </dev/null && echo reached")
    answer = cluster.kubectl.attempt("exec", "-n", web, "deployment/web", "--", *probe)
    assert "can't find example.org" in answer.stdout
    assert "Network is unreachable" in answer.stderr or "No route to host" in answer.stderr


def test_the_audit_log_tells_what_a_service_account_was_refused(cluster: Cluster, web: str) -> None:
    if cluster.audit is None:
        pytest.skip("the audit log of another cluster cannot be read")
    before = cluster.audit.position()
    user = f"system:serviceaccount:{web}:default"
    cluster.kubectl.attempt("get", "secrets", "-n", "kube-system", f"--as={user}")
    events = cluster.audit.since(before, user=user)
    assert [(e.verb, e.resource, e.namespace, e.code) for e in events] == [("list", "secrets", "kube-system", 403)]


def test_the_kubeconfig_belongs_to_an_administrator_bound_by_rbac(cluster: Cluster) -> None:
    if not cluster.own:
        pytest.skip("who the user of another cluster is, is not ours to say")
    review = json.loads(cluster.kubectl("auth", "whoami", "-o", "json"))
    assert review["status"]["userInfo"]["username"] == "kubernetes-admin"
    assert "system:masters" not in review["status"]["userInfo"]["groups"]
