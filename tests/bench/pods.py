"""What pods take of this machine while something runs: there is no metrics server, so their processes are read."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from tests.cluster.installing import Json
from tests.cluster.podprocesses import uid_of

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")

EVERY_SECONDS = 2.0


@dataclass
class Taken:
    """By the pods of one component."""

    peak_megabytes: float = 0.0
    """Most resident memory of one pod."""
    cpu_seconds: dict[int, float] = field(default_factory=dict)
    """Of each process since the watch began, the dead ones up to when they were last seen."""


class PodWatch:
    """Reads the processes of pods every other second, in a thread of its own, while the block runs.

    Args:
        pods: Lists the pods; called from that thread.
    """

    def __init__(self, pods: Callable[[], list[Json]]) -> None:
        self._pods = pods
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._before: dict[int, float] = {}
        self.taken: Mapping[str, Taken] = defaultdict(Taken)

    def __enter__(self) -> PodWatch:
        self._look()
        for taken in self.taken.values():
            self._before |= taken.cpu_seconds
            taken.cpu_seconds = dict.fromkeys(taken.cpu_seconds, 0.0)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(EVERY_SECONDS):
            self._look()

    def _look(self) -> None:
        components = {pod["metadata"]["uid"]: _component(pod) for pod in self._pods()}
        resident: dict[str, float] = defaultdict(float)
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # a process that has ended meanwhile
                uid = uid_of(folder)
                if uid is None or uid not in components:
                    continue
                resident[uid] += int((folder / "statm").read_text().split()[1]) * _PAGE / 1e6
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                process, seconds = int(folder.name), (int(fields[11]) + int(fields[12])) / _TICKS
                self.taken[components[uid]].cpu_seconds[process] = seconds - self._before.get(process, 0.0)
        for uid, megabytes in resident.items():
            taken = self.taken[components[uid]]
            taken.peak_megabytes = max(taken.peak_megabytes, megabytes)


def _component(pod: Json) -> str:
    labels = pod["metadata"]["labels"]
    names = (labels.get("app.kubernetes.io/name") or labels.get("app"), labels.get("app.kubernetes.io/component"))
    return " ".join(filter(None, names))
