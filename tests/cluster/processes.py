"""Long-running processes by identity, not by number: a process id is reused, an id with its start time is not.

Everything here ends only processes whose identity still matches what was recorded when they were started.
"""

import contextlib
import json
import os
import signal
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.cluster.command import Argument
from tests.cluster.errors import ClusterError, tail

_STATE, _START_TIME = 0, 19
"""Positions in /proc/PID/stat after the command's closing parenthesis: fields 3 and 22 of proc(5)."""


@dataclass(frozen=True)
class Identity:
    """One process for the whole life of the machine."""

    pid: int
    started: int
    """Clock ticks from boot to its start."""
    boot: str
    """The boot that the ticks count from."""

    @classmethod
    def of(cls, pid: int) -> "Identity | None":
        """The process that has this id now; None if there is none, or only a dead one nobody has waited for."""
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return None
        fields = stat[stat.rindex(")") + 2 :].split()  # the command may itself hold spaces and parentheses
        if fields[_STATE] in ("Z", "X"):
            return None
        return cls(pid, int(fields[_START_TIME]), _boot_id())

    def alive(self) -> bool:
        """Whether this very process still runs."""
        return Identity.of(self.pid) == self

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Signal this very process, or nobody: the handle is taken first, the identity checked after it."""
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return
        try:
            if self.alive():
                signal.pidfd_send_signal(handle, number)
        except ProcessLookupError:
            pass
        finally:
            os.close(handle)
        self.reap()

    def reap(self) -> None:
        """Forget a dead child of this process; of others' children their parents do."""
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, os.WNOHANG)


def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def start(name: str, argv: Sequence[Argument], *, log: Path, pids: Path) -> Identity:
    """Start a process in a session of its own and record who it is."""
    words = [str(part) for part in argv]
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    pid = os.posix_spawnp(
        words[0],
        words,
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), append, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
        setsigdef=[signal.SIGPIPE],  # Python ignores it; a daemon must not inherit that
    )
    identity = Identity.of(pid)
    if identity is None:
        raise ClusterError(f"{name} ended at once", seen=tail(log), next_step=f"read {log}")
    record(pids / f"{name}.json", identity)
    return identity


def record(path: Path, identity: Identity) -> None:
    """Write an identity down whole, so that a crash leaves either no record or a true one."""
    aside = path.with_suffix(".tmp")
    aside.write_text(json.dumps(asdict(identity)))
    aside.replace(path)


def recorded(pids: Path) -> dict[str, Identity]:
    """Every process that was recorded, by name, alive or not; an unreadable record counts as none."""
    found = {}
    for path in sorted(pids.glob("*.json")):
        with contextlib.suppress(ValueError, TypeError):
            found[path.stem] = Identity(**json.loads(path.read_text()))
    return found
