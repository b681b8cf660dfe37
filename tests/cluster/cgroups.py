"""One control group tree for everything the node runs: daemons, container shims and containers alike.

Membership is inherited and cannot be left by forking, so the tree answers for certain which processes are the node's.
That is how `down` finds the ones whose parents are dead.
"""

import contextlib
from pathlib import Path

from tests.cluster.processes import Identity
from tests.cluster.waiting import wait_until

NAME = "outlast-node"
DAEMONS = "daemons"
_MOUNT = Path("/sys/fs/cgroup")
_REMOVAL_DEADLINE_SECONDS = 30


def _is_unified() -> bool:
    return (_MOUNT / "cgroup.controllers").exists()


def roots() -> list[Path]:
    """The tree's folder in every hierarchy: one with cgroup v2, one a controller with v1, both where they are mixed."""
    mounts = (line.split() for line in Path("/proc/self/mounts").read_text().splitlines())
    found = {Path(fields[1]) for fields in mounts if fields[2] in ("cgroup", "cgroup2")}
    return sorted(path / NAME for path in found if path.is_relative_to(_MOUNT))


def create() -> None:
    """Make the tree, with a leaf for the daemons (cgroup v2 allows processes in leaves only)."""
    if _is_unified():
        _enable_controllers(_MOUNT)
    for root in roots():
        (root / DAEMONS).mkdir(parents=True, exist_ok=True)
    if _is_unified():
        _enable_controllers(_MOUNT / NAME)


def _enable_controllers(folder: Path) -> None:
    for controller in (folder / "cgroup.controllers").read_text().split():
        with contextlib.suppress(OSError):  # a controller that is busy elsewhere; the kubelet says which it misses
            (folder / "cgroup.subtree_control").write_text(f"+{controller}")


def join_file() -> Path:
    """Where a process writes its id to belong to the node; with v1, in the hierarchy every process can join."""
    found = roots()
    root = next((path for path in found if path.parent.name == "pids"), found[0])
    return root / DAEMONS / "cgroup.procs"


def members() -> set[Identity]:
    """Every living process in the tree."""
    found: set[Identity] = set()
    for root in roots():
        for procs in root.rglob("cgroup.procs"):
            with contextlib.suppress(OSError):  # a group that went away while we looked
                found.update(filter(None, (Identity.of(int(pid)) for pid in procs.read_text().split())))
    return found


def remove() -> None:
    """Take the tree away once its last member is gone, which for a large process is a while after its death."""
    wait_until(
        lambda: not _rest(),
        what="the removal of the node's control groups",
        deadline_seconds=_REMOVAL_DEADLINE_SECONDS,
        seen=lambda: ", ".join(str(folder) for folder in _rest()),
    )


def _rest() -> list[Path]:
    """Remove what can be removed, children first, and return what is still busy."""
    busy = []
    for root in roots():
        for path in sorted((root, *root.rglob("*")), key=lambda path: -len(path.parts)):
            if path.is_dir():
                try:
                    path.rmdir()
                except FileNotFoundError:
                    continue
                except OSError:
                    busy.append(path)
    return busy
