"""A one-node cluster as plain processes: up, down, status.

`up` is idempotent: a healthy node is left alone, anything else is removed and made anew. A node has no life beyond
`down`, so nothing here repairs or migrates.

There is one node a machine, since its network addresses are fixed: `up` with another state folder replaces it.
"""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import network, remains, runtime
from tests.cluster.build import component
from tests.cluster.certificates import Endpoint
from tests.cluster.controlplane import ControlPlane
from tests.cluster.errors import ClusterError
from tests.cluster.health import answers_ready
from tests.cluster.images import NODE_IMAGES, image
from tests.cluster.kubectl import Kubectl
from tests.cluster.packages import NODE, require, require_root
from tests.cluster.paths import Layout, state_root
from tests.cluster.processes import recorded
from tests.cluster.startup import Startup

DAEMONS = ("containerd", "etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy")
ENDPOINT = Endpoint(network.NODE_ADDRESS, 6443)


@dataclass(frozen=True)
class Status:
    """What `up` would find."""

    alive: tuple[str, ...]
    dead: tuple[str, ...]
    """Daemons that should run and do not."""
    ready: bool
    """Whether the last start went through to its end and the API server answers now."""

    @property
    def healthy(self) -> bool:
        """Whether `up` has nothing to do."""
        return self.ready and not self.dead


def layout() -> Layout:
    """Where this user's node keeps its state."""
    return Layout(state_root())


def kubectl() -> Kubectl:
    """kubectl as administrator of the node."""
    return Kubectl(component("kubernetes") / "bin" / "kubectl", layout().kubeconfig)


def status() -> Status:
    """Look at the node without changing anything."""
    place = layout()
    known = recorded(place.pids)
    alive = tuple(name for name in DAEMONS if name in known and known[name].alive())
    dead = tuple(name for name in DAEMONS if name not in alive)
    ready = not dead and _finished(place).exists() and answers_ready(ENDPOINT, place)
    return Status(alive, dead, ready)


def up() -> None:
    """Have a healthy node."""
    require_root()
    place = layout()
    with _alone(place):
        if status().healthy:
            return
        require(NODE)
        bin_dir = component("kubernetes") / "bin"
        archives = [image(name) for name in NODE_IMAGES]
        remains.clear(place)
        shutil.rmtree(place.logs, ignore_errors=True)
        place.create()
        try:
            Startup(ControlPlane(bin_dir, place, ENDPOINT)).run(archives)
        except BaseException:
            remains.clear(place)  # the logs stay
            raise
        _finished(place).touch()


def down() -> None:
    """Have no node, and nothing left of one but its logs."""
    require_root()
    place = layout()
    with _alone(place):
        remains.clear(place)


def load(archive: Path) -> None:
    """Put an image archive into the node's store."""
    if not archive.is_file():
        raise ClusterError("there is no such image archive", seen=repr(str(archive)))
    current = status()
    if not current.healthy:
        raise ClusterError(
            "an image can only be loaded into a running node",
            seen=f"not running: {', '.join(current.dead) or 'the API server does not answer'}",
            next_step="python -m tests.cluster up",
        )
    runtime.import_image(archive.resolve(), layout())


def _finished(place: Layout) -> Path:
    return place.root / "finished"


@contextmanager
def _alone(place: Layout) -> Iterator[None]:
    """One `up` or `down` at a time; a second one waits and then finds the work done."""
    place.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (place.root / "node.lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
