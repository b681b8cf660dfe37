"""Removing a node: every process, mount, namespace, link and file it left, in whatever state a crash left it.

It knows nothing of how the node was started. It finds what belongs to the node by its control group, by the recorded
identities and by its own names, so it works after a kill -9 of everything and after a reboot.
"""

import shutil
from pathlib import Path

from tests.cluster import cgroups, hostfolders, hostsettings, network
from tests.cluster.command import run
from tests.cluster.errors import ClusterError
from tests.cluster.paths import Layout
from tests.cluster.processes import Identity, recorded
from tests.cluster.waiting import wait_until

_KEPT = {"log"}
"""What outlives `down`: the logs, so that a failure can still be read."""
_DEADLINE_SECONDS = 30


def settings_record(layout: Layout) -> Path:
    """Where the machine's settings are remembered while a node runs."""
    return layout.root / "settings.json"


def clear(layout: Layout) -> None:
    """Remove the node, whatever is left of it."""
    wait_until(
        lambda: not _kill(layout),
        what="the end of the node's processes after SIGKILL",
        deadline_seconds=_DEADLINE_SECONDS,
        seen=lambda: ", ".join(_name(identity) for identity in sorted(processes(layout), key=lambda one: one.pid)),
        next_step=lambda: "a process that cannot die waits for the kernel: look at /proc/PID/stack",
    )
    for identity in recorded(layout.pids).values():
        identity.reap()
    network.remove()
    for mount in mounts(layout):
        run(["umount", "--lazy", mount])
    cgroups.remove()
    if layout.root.is_dir():
        hostfolders.remove(layout)
        hostsettings.restore(settings_record(layout))
        _remove_state(layout)


def processes(layout: Layout) -> set[Identity]:
    """Everything of the node that lives."""
    daemons = {identity for identity in recorded(layout.pids).values() if identity.alive()}
    return daemons | cgroups.members()


def mounts(layout: Layout) -> list[str]:
    """What is mounted under the state folder in this machine's own mount namespace, the deepest first."""
    points = (line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines())
    inside = f"{layout.root}/"
    return sorted((point for point in points if point.startswith(inside)), key=len, reverse=True)


def _kill(layout: Layout) -> set[Identity]:
    found = processes(layout)
    for identity in found:
        identity.kill()
    return found


def _name(identity: Identity) -> str:
    try:
        words = Path(f"/proc/{identity.pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        words = [b"?"]
    return f"{identity.pid} ({words[0].decode(errors='replace')})"


def _remove_state(layout: Layout) -> None:
    still = mounts(layout)
    if still:
        raise ClusterError("the state folder still has mounts, so its files stay", seen=", ".join(still))
    for path in layout.root.iterdir():
        if path.name in _KEPT or path.suffix == ".lock":
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
