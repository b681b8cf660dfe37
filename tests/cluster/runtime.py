"""containerd on the node: its configuration and its image store.

It runs in a mount namespace of its own, which the kubelet joins. The mounts of all pods live there and nowhere else, so
they end with the last process that uses them: nothing is left to unmount after a crash.
"""

from pathlib import Path

from tests.cluster import versions
from tests.cluster.command import Argument, run
from tests.cluster.errors import PlatformError
from tests.cluster.hostfolders import replacements
from tests.cluster.network import cni_configuration
from tests.cluster.paths import Layout

PAUSE_IMAGE = f"registry.k8s.io/pause:{versions.PAUSE}"
_IMPORT_DEADLINE_SECONDS = 300
_SOCKET_PATH_LIMIT = 107
"""A Unix socket's path must fit into sockaddr_un.sun_path, 108 bytes with the closing zero."""
_NAMESPACE = "k8s.io"
"""The containerd namespace in which the kubelet looks for images."""

_ENTER = """\
set -e
mount --make-rshared /
config=$1; shift
while [ $# -gt 0 ]; do mount --bind "$1" "$2"; shift 2; done
exec containerd --config "$config"
"""
"""Arguments: the configuration, then pairs of a folder and the place it is to be seen at."""

_CONFIG = """\
version = 2
root = "{root}/root"
state = "{root}/state"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs"]
[grpc]
  address = "{socket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "{root}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  # In a virtual machine's or container's own root, raising a score may be refused; pods must start all the same.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{root}/cni"
"""


def configure(layout: Layout) -> None:
    """Write what containerd and its network plugins read."""
    if len(str(layout.containerd_socket)) > _SOCKET_PATH_LIMIT:
        raise PlatformError(
            f"the state folder's path is too long for a socket inside it ({_SOCKET_PATH_LIMIT} bytes at most)",
            seen=repr(str(layout.containerd_socket)),
            next_step="set XDG_STATE_HOME to a shorter folder",
        )
    root = layout.containerd_socket.parent
    (root / "cni").mkdir(parents=True, exist_ok=True)
    (root / "cni" / "10-pods.conflist").write_text(cni_configuration(root / "addresses"))
    (root / "config.toml").write_text(_CONFIG.format(root=root, socket=layout.containerd_socket, pause=PAUSE_IMAGE))


def command(layout: Layout) -> list[Argument]:
    """Start containerd where its mounts are shared with its containers and hidden from this machine."""
    config = layout.containerd_socket.parent / "config.toml"
    pairs = [word for machine, own in replacements(layout).items() for word in (own, machine)]
    return ["unshare", "--mount", "--propagation", "private", "--", "sh", "-c", _ENTER, "containerd", config, *pairs]


def import_image(archive: Path, layout: Layout) -> None:
    """Put an image archive into the node's store, under the names it carries."""
    run(
        [*_ctr(layout), "images", "import", archive],
        deadline_seconds=_IMPORT_DEADLINE_SECONDS,
        next_step="is the node up? `python -m tests.cluster status` tells",
    )


def image_names(layout: Layout) -> set[str]:
    """The names of all images in the node's store."""
    return set(run([*_ctr(layout), "images", "list", "--quiet"]).split())


def _ctr(layout: Layout) -> list[Argument]:
    return ["ctr", "--address", layout.containerd_socket, "--namespace", _NAMESPACE]
