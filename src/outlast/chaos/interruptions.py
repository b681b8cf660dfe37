"""Deaths that somebody saw: what was killed or went away, and when. Part of the evidence for every re-send.

Whoever kills on purpose, or finds a process dead, appends a line to a file; a checker reads it beside history and
ledger. Lines are only ever added, and one that was cut short by a death of its writer is passed over.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from outlast.chaos.records import JobRecord
from outlast.errors import StateError

FILE = "interruptions.jsonl"
"""Name of the file in the state folder."""


class Target(StrEnum):
    """What can die."""

    WORKER = "worker"
    """A process that makes steps; `outlast run` is one."""
    TEMPORAL = "temporal"
    MODEL = "model"
    """The model server."""


@dataclass(frozen=True, slots=True)
class Interruption:
    """One death, or one time out of reach."""

    target: Target
    at: float
    """Epoch seconds of the earliest moment at which it can have happened."""
    until: float
    """Epoch seconds at which it was over, or known at the latest; `at` for a death that was watched."""
    who: str = ""
    """Identity of the process, empty when unknown."""
    known_by: str = ""
    """Who says so."""

    def overlaps(self, start: float, end: float) -> bool:
        """Whether it can have struck something that was under way from `start` to `end`."""
        return self.at <= end and self.until >= start


def note(path: Path, interruption: Interruption) -> None:
    """Append a death, in one write.

    Raises:
        StateError: the file can't be written.
    """
    line = json.dumps(asdict(interruption)) + "\n"
    try:
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, line.encode())
        finally:
            os.close(file)
    except OSError as error:
        raise StateError(f"The interruption can't be noted in {path}: {error.strerror}.") from None


def noted(path: Path) -> list[Interruption]:
    """What was noted; nothing when there is no file.

    Raises:
        StateError: the file can't be read.
    """
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StateError(f"{path} can't be read: {error.strerror}.") from None
    return [found for line in lines if (found := _parsed(line)) is not None]


def told_by_history(job: JobRecord) -> list[Interruption]:
    """The deaths that the history of a job itself tells of.

    A workflow task that nobody finished bounds the time of a death: it lies between the last sign of the worker and
    the notice, by timeout or by whoever knew. Deaths that cut a step stand at the step, as the failure of an attempt.
    """
    return [
        Interruption(Target.WORKER, silence.since, silence.until, silence.worker, f"a workflow task of {job.job} lost")
        for run in job.runs
        for silence in run.silences
    ]


def _parsed(line: str) -> Interruption | None:
    try:
        found: dict[str, Any] = json.loads(line)
        return Interruption(
            target=Target(found["target"]),
            at=float(found["at"]),
            until=float(found["until"]),
            who=str(found.get("who", "")),
            known_by=str(found.get("known_by", "")),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
