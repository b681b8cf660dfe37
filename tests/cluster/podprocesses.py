"""The processes of pods as this machine sees them, for tests that kill them as the kernel does when memory runs out."""

import contextlib
import os
import re
import signal
from pathlib import Path

from tests.cluster.installing import Json

_UID = re.compile(r"pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12})")


def uid_of(process: Path) -> str | None:
    """The uid of the pod that a process belongs to, by the name of its control group.

    Args:
        process: Its folder in /proc.
    """
    found = _UID.search((process / "cgroup").read_text())
    return found[1].replace("_", "-") if found else None


def processes_of(pod: Json) -> list[int]:
    """Process ids of a pod's containers; what holds its network is none of them."""
    uid = pod["metadata"]["uid"]
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # ended meanwhile
            if uid_of(process) == uid and (process / "comm").read_text() != "pause\n":
                found.append(int(process.name))
    return found


def kill(pod: Json) -> None:
    """SIGKILL to all processes of a pod's containers."""
    processes = processes_of(pod)
    assert processes, f"no process of {pod['metadata']['name']} was found"
    for process in processes:
        with contextlib.suppress(ProcessLookupError):  # its parent's death was its own
            os.kill(process, signal.SIGKILL)
