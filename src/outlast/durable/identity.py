"""How a worker process signs its work, and whether the process behind a signature is known to be dead.

Only certainty counts: a step may be taken from a worker when its process is gone, never because it is silent.
"""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path

_SIGNATURE = re.compile(r"^(?P<pid>\d+)@(?P<host>[^@]+)@(?P<started>\d+)$")


def process_identity() -> str:
    """This process as `pid@host@start`; the start time tells it from a later process with the same id."""
    return identity_of(os.getpid())


def identity_of(pid: int) -> str:
    """How a process on this host signs, as long as it lives."""
    return f"{pid}@{socket.gethostname()}@{_started(pid) or 0}"


def is_dead(identity: str) -> bool:
    """Whether the process that signed is known to be gone: it ran on this host, and it runs no more.

    A signature of another host, or of a system that does not tell when its processes started, is never known to be.
    """
    match = _SIGNATURE.match(identity)
    if match is None or match["host"] != socket.gethostname() or match["started"] == "0":
        return False
    return _started(int(match["pid"])) != int(match["started"])


def _started(pid: int) -> int | None:
    """Start of a process in clock ticks since boot (field 22 of proc(5) stat); None when it is gone or unknown."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat[stat.rindex(")") + 2 :].split()
    if fields[0] in "ZX":
        return None  # a zombie does no work any more
    return int(fields[19])
