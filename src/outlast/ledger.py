"""The ledger: an independent record of every request that reached a model or a source.

It is one half of the proof, and is written outside Temporal, so it must never claim less than what happened: a row is
committed before the work starts and completed once, after it. A row without an end is work that nobody saw end. The
table refuses deletion and second completions itself, so no bug of ours can tidy it up.

Writes take well under a millisecond (`synchronous=NORMAL` in WAL mode: a row survives the death of the process, not
always that of the machine). One instance serves many threads; many processes on one machine may share a file.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal

from outlast._ledger_file import COLUMNS, connect, read_only, translated
from outlast._ledger_row import LedgerRow, Outcome
from outlast.errors import StateError
from outlast.steps import Step

__all__ = ["BUSY_SECONDS", "Entry", "Kind", "Ledger", "LedgerRow", "Outcome", "read_rows"]

Kind = Literal["model", "source"]

BUSY_SECONDS = 5.0
"""How long a write waits for another process before the ledger counts as locked."""

_SELECT = f"SELECT {', '.join(COLUMNS)} FROM requests"  # noqa: S608 - constants of ours


class Ledger:
    """An open ledger.

    Args:
        path: the SQLite file, made with its folders when missing; None keeps the rows in memory until `close`.
        busy_seconds: how long a write waits for other processes.

    Raises:
        StateError: the file is no ledger, corrupt, locked or can't be written.
    """

    def __init__(self, path: Path | None, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self.path = path
        self._busy_seconds = busy_seconds
        self._lock = threading.Lock()
        self._connection = connect(path, busy_seconds)
        self._inode = _inode(path) if path else None

    def begin(
        self,
        *,
        kind: Kind,
        name: str,
        subject: str | None,
        sha256: str,
        step: Step | None = None,
        fault: str | None = None,
        started: float | None = None,
        patience_seconds: float | None = None,
    ) -> str:
        """Commit the row that says a request arrived; call it before the work.

        Args:
            kind: what is asked: a model or a source.
            name: which server or source is asked.
            subject: the model asked for, or the query.
            sha256: hex digest of the request in canonical form; equal requests have equal digests.
            step: the step that asks, None for a foreign client.
            fault: the fault that the request is going to meet, if any.
            started: epoch seconds, now by default.
            patience_seconds: how long to wait for other processes; `busy_seconds` by default.

        Returns:
            The id of the request, for `end`.

        Raises:
            StateError: the row could not be written: the work must not start.
        """
        request_id = f"req_{uuid.uuid4().hex}"
        named = (step.job, step.run, step.activity, step.kind, step.attempt) if step else (None,) * 5
        started = time.time() if started is None else started
        self._write(
            "INSERT INTO requests (request_id, kind, name, job, run, activity, step_kind, attempt, subject, sha256,"
            " fault, started) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (request_id, kind, name, *named, subject, sha256, fault, started),
            patience_seconds,
        )
        return request_id

    def end(
        self, request_id: str, outcome: Outcome, *, ended: float | None = None, patience_seconds: float | None = None
    ) -> None:
        """Complete a row; the first completion stands, later ones change nothing.

        Raises:
            StateError: the row could not be completed and stays open.
        """
        self._write(
            "UPDATE requests SET ended = ?, outcome = ?, status = ?, input_tokens = ?, output_tokens = ?,"
            " cost_micro_usd = ? WHERE request_id = ? AND ended IS NULL",
            (
                time.time() if ended is None else ended,
                outcome.name,
                outcome.status,
                outcome.input_tokens,
                outcome.output_tokens,
                outcome.cost_micro_usd,
                request_id,
            ),
            patience_seconds,
        )

    @contextmanager
    def recording(
        self, *, kind: Kind, name: str, subject: str | None, sha256: str, step: Step | None = None
    ) -> Iterator[Entry]:
        """Record the block: `ok` unless it says otherwise, `error:CLASS` when it raises, `cut` when cancelled.

        Raises:
            StateError: the row before could not be written; the block did not run. A failure to write the row after
                it is raised too, unless the block failed for a reason of its own.
        """
        entry = Entry(self.begin(kind=kind, name=name, subject=subject, sha256=sha256, step=step))
        try:
            yield entry
        except BaseException as error:
            cut = isinstance(error, (asyncio.CancelledError, GeneratorExit, KeyboardInterrupt))
            entry.outcome = Outcome("cut" if cut else f"error:{type(error).__name__}")
            try:
                self.end(entry.request_id, entry.outcome)
            except StateError as unwritten:
                error.add_note(str(unwritten))
            raise
        self.end(entry.request_id, entry.outcome)

    def rows(self, job: str | None = None, *, after: int = 0, limit: int | None = None) -> list[LedgerRow]:
        """The rows in the order in which they began.

        Args:
            job: only rows of this job; None for all, foreign clients included.
            after: only rows whose `seq` is larger, to page through a long ledger.
            limit: this many rows at the most.
        """
        if self.path is not None:
            return read_rows(self.path, job, after=after, limit=limit)
        with self._lock, translated(None):
            return _select(self._connection, job, after, limit)

    def close(self) -> None:
        """Close the file; a closed ledger refuses writes with a StateError."""
        with self._lock:
            self._connection.close()

    def _write(self, statement: str, values: tuple[object, ...], patience_seconds: float | None) -> None:
        patience = self._busy_seconds if patience_seconds is None else max(0.0, patience_seconds)
        deadline = time.monotonic() + patience
        # Writes of other threads take microseconds, so whatever the patience, only one that hangs is given up on.
        if not self._lock.acquire(timeout=patience + 1):
            raise StateError(f"The ledger {self.path} was busy for {patience + 1:.1f} s: another write hangs.")
        try:
            with translated(self.path):
                self._refuse_if_gone()
                left = max(0, int((deadline - time.monotonic()) * 1000))
                self._connection.execute(f"PRAGMA busy_timeout = {left}")
                self._connection.execute(statement, values)
        finally:
            self._lock.release()

    def _refuse_if_gone(self) -> None:
        # SQLite would go on writing to a file that nobody can open any more.
        if self.path is not None and _inode(self.path) != self._inode:
            raise StateError(
                f"The ledger {self.path} was removed or replaced while in use, so nothing more is recorded in it. "
                "Put the file back, or restart to begin a new one."
            )


class Entry:
    """One request in progress, as `Ledger.recording` hands it to its block."""

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self.outcome = Outcome("ok")
        """What the row will say when the block ends without an error; assign to say more."""


def read_rows(path: Path, job: str | None = None, *, after: int = 0, limit: int | None = None) -> list[LedgerRow]:
    """Read a ledger without writing to it, also while others write.

    Raises:
        StateError: there is no such file, it is no ledger, or it is corrupt.
    """
    with translated(path), closing(read_only(path)) as connection:
        return _select(connection, job, after, limit)


def _select(connection: sqlite3.Connection, job: str | None, after: int, limit: int | None) -> list[LedgerRow]:
    where, values = (" AND job = ?", (job,)) if job is not None else ("", ())
    found = connection.execute(
        f"{_SELECT} WHERE seq > ?{where} ORDER BY seq LIMIT ?",
        (after, *values, -1 if limit is None else limit),
    )
    return [LedgerRow(*row) for row in found]


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - on the path of every request, and faster than Path.stat
    except OSError:
        return None
    return found.st_dev, found.st_ino
