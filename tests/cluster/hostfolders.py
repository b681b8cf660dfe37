"""Folders of this machine that containerd and the kubelet use whatever they are told, replaced by folders of the node.

They are replaced in the node's mount namespace only, so the node neither sees nor touches what another container engine
on this machine keeps in them. Where one does not exist, an empty one stands in its place while the node runs.
"""

import contextlib
import json
from pathlib import Path

from tests.cluster.paths import Layout

_FOLDERS = (
    Path("/run/containerd"),
    Path("/usr/libexec/kubernetes"),
    Path("/var/lib/cni"),
    Path("/var/lib/kubelet"),
    Path("/var/log/containers"),
)


def prepare(layout: Layout) -> None:
    """Make the node's own folders, and empty ones of this machine to mount them on."""
    missing = [folder for folder in _FOLDERS if not folder.exists()]
    _record(layout).write_text(json.dumps([str(folder) for folder in missing]))
    for folder in missing:
        folder.mkdir()
    for own in replacements(layout).values():
        own.mkdir(parents=True)


def replacements(layout: Layout) -> dict[Path, Path]:
    """Which folder of the node replaces which one of this machine."""
    return {folder: layout.root / "host" / str(folder).strip("/").replace("/", "-") for folder in _FOLDERS}


def remove(layout: Layout) -> None:
    """Remove the empty folders that `prepare` made; the node's own go with its state."""
    if _record(layout).exists():
        for name in json.loads(_record(layout).read_text()):
            with contextlib.suppress(OSError):  # somebody else began to use it meanwhile
                Path(name).rmdir()


def _record(layout: Layout) -> Path:
    return layout.root / "folders.json"
