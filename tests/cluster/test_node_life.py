"""A node's life: up twice, killed, up again, down; and nothing left of it.

These tests need the node to themselves: they come first in the session (see conftest.py) and are skipped while a node
is in use.
"""

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cluster import cgroups, node, remains
from tests.cluster.command import run
from tests.cluster.plugin import CONTEXT_OPTION
from tests.cluster.processes import Identity, recorded
from tests.cluster.waiting import wait_until

_NAMES = ("containerd", "coredns", "etcd", "kube", "pause", "runc")
"""How the command names of the node's processes begin."""


@dataclass(frozen=True)
class Traces:
    """What a node could leave on this machine."""

    processes: frozenset[str]
    mounts: frozenset[str]
    links: frozenset[str]
    routes: frozenset[str]
    network_namespaces: frozenset[str]
    folders: frozenset[str]
    settings: frozenset[str]

    @classmethod
    def now(cls) -> "Traces":
        settings = ("vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops")
        return cls(
            processes=frozenset(_processes()),
            mounts=frozenset(line for line in Path("/proc/self/mounts").read_text().splitlines() if _ours(line)),
            links=frozenset(link["ifname"] for link in json.loads(run(["ip", "-json", "link"]))),
            routes=frozenset(run(["ip", "route"]).splitlines()),
            network_namespaces=frozenset(_network_namespaces()),
            folders=frozenset(str(path) for pattern in _FOLDERS for path in Path("/").glob(pattern)),
            settings=frozenset(f"{name}={Path('/proc/sys', name).read_text()}" for name in settings),
        )


_FOLDERS = (
    "etc/cni/*",
    "opt/containerd",
    "run/containerd",
    "run/netns/*",
    "sys/fs/cgroup/*/kubepods",
    "sys/fs/cgroup/*/outlast*",
    "usr/libexec/kubernetes",
    "var/lib/cni",
    "var/lib/containerd",
    "var/lib/kubelet",
    "var/log/containers",
    "var/log/pods",
    "var/run/kubernetes",
)


def _ours(mount: str) -> bool:
    return str(node.layout().root) in mount or any(word in mount for word in ("nsfs", "kubelet", "containerd"))


def _processes() -> Iterator[str]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        name, state = text[text.index("(") + 1 : text.rindex(")")], text[text.rindex(")") + 2]
        if state not in "ZX" and name.startswith(_NAMES):
            yield f"{stat.parent.name} {name}"


def _network_namespaces() -> Iterator[str]:
    for namespace in Path("/proc").glob("[0-9]*/ns/net"):
        try:
            yield str(namespace.readlink())
        except OSError:
            continue


def end(identities: set[Identity]) -> None:
    """Kill processes and wait until they are dead."""
    for identity in identities:
        identity.kill()
    wait_until(
        lambda: not any(identity.alive() for identity in identities), what="death by SIGKILL", deadline_seconds=10
    )


@pytest.fixture(scope="module")
def before(request: pytest.FixtureRequest) -> Iterator[Traces]:
    """What is on this machine without a node."""
    if request.config.getoption(CONTEXT_OPTION, default=""):
        pytest.skip("another cluster's life is not ours to end")
    if node.status().alive:
        pytest.skip("a node is in use; `python -m tests.cluster down` first to test its life")
    node.down()
    yield Traces.now()
    node.down()


@pytest.fixture
def running(before: Traces) -> None:
    node.up()


@pytest.mark.usefixtures("running")
def test_up_leaves_a_healthy_node_alone_and_returns_at_once() -> None:
    processes = recorded(node.layout().pids)
    start = time.monotonic()
    node.up()
    assert time.monotonic() - start < 1
    assert recorded(node.layout().pids) == processes


@pytest.mark.usefixtures("running")
def test_up_works_after_every_process_was_killed() -> None:
    killed = remains.processes(node.layout())
    assert len(killed) > len(node.DAEMONS)  # containers and their shims too
    end(killed)
    assert not node.status().healthy
    node.up()
    assert node.status().healthy
    assert not killed & remains.processes(node.layout())
    assert "node/node" in node.kubectl()("get", "nodes", "-o", "name")


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("daemon", ["kubelet", "containerd", "kube-apiserver"])
def test_up_notices_one_dead_daemon(daemon: str) -> None:
    end({recorded(node.layout().pids)[daemon]})
    assert node.status().dead == (daemon,)


@pytest.mark.usefixtures("running")
def test_down_spares_a_process_whose_id_a_dead_daemon_had() -> None:
    with subprocess.Popen(["sleep", "600"]) as bystander:
        record = node.layout().pids / "etcd.json"
        etcd = json.loads(record.read_text())
        record.write_text(json.dumps({**etcd, "pid": bystander.pid}))
        node.down()
        assert bystander.poll() is None
        bystander.kill()


def test_down_leaves_nothing(before: Traces) -> None:
    node.up()
    during = Traces.now()
    assert during.processes > before.processes
    assert during.links > before.links
    node.down()
    assert Traces.now() == before
    assert {path.name for path in node.layout().root.iterdir()} == {"log", "node.lock"}
    assert cgroups.members() == set()


def test_down_without_a_node_is_no_error(before: Traces) -> None:
    node.down()
    node.down()
    assert Traces.now() == before
