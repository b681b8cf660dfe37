"""Moments inside a worker that nobody outside can see: an attempt that has sent nothing yet, or is not reported yet.

A worker of the lab looks for a fuse, a file that names a moment and a kind of step. The first one that takes it
away writes down who it is and holds still, so that whoever lit the fuse can kill what it likes at that very moment. No
other worker has such a thing.
"""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from outlast.durable.observer import Unobserved

BEGUN = "begun"
"""The attempt has begun; its request is not sent yet."""

ANSWERED = "answered"
"""The answer is in; the worker has not reported it yet."""

HOLD_SECONDS = 2.0
"""The longest a worker holds still: less than any heartbeat timeout."""


class HoldPoints(Unobserved):
    """Holds still where a fuse burns.

    Args:
        folder: Where fuses are lit.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def started(self, kind: str) -> None:
        """An attempt has begun."""
        self._pass(BEGUN, kind)

    def ended(self, kind: str, outcome: str, seconds: float) -> None:
        """Its answer is in."""
        if outcome == "ok":
            self._pass(ANSWERED, kind)

    def _pass(self, moment: str, kind: str) -> None:
        fuse = self._folder / "fuse"
        try:
            wanted, glob = fuse.read_text().split()
        except (OSError, ValueError):
            return
        if wanted != moment or not fnmatchcase(kind, glob):
            return
        held = self._folder / "held"
        try:
            fuse.rename(self._folder / f"taken-{os.getpid()}")  # one worker alone takes it
        except OSError:
            return
        draft = self._folder / f"draft-{os.getpid()}"
        draft.write_text(f"{os.getpid()} {kind}")
        draft.rename(held)
        deadline = time.monotonic() + HOLD_SECONDS
        while held.exists() and time.monotonic() < deadline:
            time.sleep(0.001)


@dataclass(frozen=True, slots=True)
class Fuse:
    """The other end: lights fuses and sees who took them.

    Args:
        folder: The same as the workers'.
    """

    folder: Path

    def light(self, moment: str, glob: str) -> None:
        """Have the next worker that reaches a moment hold still there."""
        self.put_out()
        draft = self.folder / "new"
        draft.write_text(f"{moment} {glob}")
        draft.rename(self.folder / "fuse")

    def taken_by(self) -> int | None:
        """Process id of the worker that holds still, None while none does."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            return int((self.folder / "held").read_text().split()[0])
        return None

    def put_out(self) -> None:
        """Let the worker go on, if it lives, and light nothing."""
        for path in (self.folder / "fuse", self.folder / "held", *self.folder.glob("taken-*")):
            path.unlink(missing_ok=True)
