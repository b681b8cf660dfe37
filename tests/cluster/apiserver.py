"""An API server without a node: etcd and kube-apiserver on loopback ports, ready in seconds, gone with their owner.

It is enough for everything that objects alone decide: CRDs and their CEL rules, admission, Pod Security, RBAC, watches.
Needs no root and no Debian package, and any number can run at once.
"""

import contextlib
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.audit import AuditLog
from tests.cluster.build import component
from tests.cluster.certificates import Endpoint, issue
from tests.cluster.controlplane import ControlPlane
from tests.cluster.daemons import Daemons
from tests.cluster.kubectl import Kubectl
from tests.cluster.paths import Layout
from tests.cluster.processes import recorded
from tests.cluster.waiting import wait_until

_LOOPBACK = "127.0.0.1"
_DIE_WITH_OWNER = ("setpriv", "--pdeathsig", "KILL", "--")
"""Even a test run that is killed leaves no API server behind."""


@dataclass(frozen=True)
class ApiServer:
    """A running API server."""

    url: str
    kubeconfig: Path
    """Passes every authorizer; use `--as` to ask as somebody else."""
    kubectl: Kubectl
    audit: AuditLog
    restart: Callable[[], None]
    """Kills the API server and starts it again; its database stays."""


@contextlib.contextmanager
def api_server(folder: Path) -> Iterator[ApiServer]:
    """Run an API server that keeps its state in an empty folder, until the block ends.

    Call it from the main thread: the processes end with the thread that started them.
    """
    layout = Layout(folder)
    layout.create()
    etcd_port, etcd_peer_port, port = _free_ports(3)
    bin_dir = component("kubernetes") / "bin"
    plane = ControlPlane(bin_dir, layout, Endpoint(_LOOPBACK, port), etcd_port, etcd_peer_port)
    daemons = Daemons(layout, _DIE_WITH_OWNER)
    try:
        issue(bin_dir, layout, plane.endpoint)
        daemons.start("etcd", plane.etcd())
        daemons.start("kube-apiserver", plane.apiserver())
        daemons.await_apiserver(plane)
        kubeconfig = layout.super_kubeconfig
        yield ApiServer(
            plane.endpoint.url,
            kubeconfig,
            Kubectl(bin_dir / "kubectl", kubeconfig),
            AuditLog(layout.audit_log),
            lambda: _restart(plane, daemons),
        )
    finally:
        _stop(layout)


def _restart(plane: ControlPlane, daemons: Daemons) -> None:
    old = recorded(plane.layout.pids)["kube-apiserver"]
    old.kill()
    wait_until(lambda: not old.alive(), what="the end of the API server", deadline_seconds=30)
    old.reap()
    daemons.start("kube-apiserver", plane.apiserver())
    daemons.await_apiserver(plane)


def _free_ports(count: int) -> list[int]:
    """Ports nobody listens on; all held open until the last is found, so that they differ."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((_LOOPBACK, 0))
        return [int(one.getsockname()[1]) for one in sockets]


def _stop(layout: Layout) -> None:
    identities = list(recorded(layout.pids).values())
    for identity in identities:
        identity.kill()  # an API server with open watches takes a minute to end when asked
    wait_until(
        lambda: not any(identity.alive() for identity in identities),
        what="the end of the API server",
        deadline_seconds=30,
    )
    for identity in identities:
        identity.reap()
