"""The ledger's SQLite file: its schema, how it is opened, and what SQLite's errors mean to people."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

from outlast._ledger_row import LedgerRow
from outlast.errors import StateError

COLUMNS = tuple(field.name for field in fields(LedgerRow))
"""Columns in the order of `LedgerRow`, so that rows are read by position."""

APPLICATION_ID = 0x6F75746C
"""`outl`: marks the file as ours, so that no other database is written into by a wrong path."""

VERSION = 1
"""Counts up when the schema changes."""

_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS requests (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('model', 'source')),
    name TEXT NOT NULL,
    job TEXT, run TEXT, activity TEXT, step_kind TEXT, attempt INTEGER,
    subject TEXT,
    sha256 TEXT NOT NULL,
    fault TEXT,
    started REAL NOT NULL,
    ended REAL, outcome TEXT, status INTEGER, input_tokens INTEGER, output_tokens INTEGER, cost_micro_usd INTEGER,
    CHECK ((ended IS NULL) = (outcome IS NULL))
);
CREATE INDEX IF NOT EXISTS requests_by_job ON requests (job) WHERE job IS NOT NULL;
CREATE TRIGGER IF NOT EXISTS requests_stay BEFORE DELETE ON requests
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER IF NOT EXISTS requests_end_once BEFORE UPDATE ON requests WHEN OLD.ended IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'a completed row of the ledger does not change'); END;
CREATE TRIGGER IF NOT EXISTS requests_began_once
    BEFORE UPDATE OF seq, request_id, kind, name, job, run, activity, step_kind, attempt, subject, sha256, fault,
        started ON requests
    BEGIN SELECT RAISE(ABORT, 'what a row of the ledger said before the work does not change'); END;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};
COMMIT;
"""

_SENTENCES = {
    sqlite3.SQLITE_BUSY: "is locked by another process. Find it with `fuser {path}` and let it finish, then try again.",
    sqlite3.SQLITE_LOCKED: "is locked by another connection of this process. Let it finish, then try again.",
    sqlite3.SQLITE_READONLY: "can't be written: it is read-only. Check the file's and the folder's permissions.",
    sqlite3.SQLITE_PERM: "can't be opened: permission denied. Check the file's and the folder's permissions.",
    sqlite3.SQLITE_FULL: "can't be written: the disk is full. Free some space, then try again.",
    sqlite3.SQLITE_IOERR: "can't be read or written: the disk reports an error. Check its space and its health.",
    sqlite3.SQLITE_CORRUPT: "is corrupt. Keep a copy for inspection, then move it away to begin a new one.",
    sqlite3.SQLITE_NOTADB: "is no SQLite database. Give another path, or move the file away.",
    sqlite3.SQLITE_CANTOPEN: "can't be opened. Check that the path names a file, in a folder that can be written.",
}


def connect(path: Path | None, busy_seconds: float) -> sqlite3.Connection:
    """Open a ledger for writing, making it when there is none; statements commit one by one.

    Raises:
        StateError: the file is no ledger of ours, or can't be written.
    """
    with translated(path):
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            path or ":memory:", timeout=busy_seconds, isolation_level=None, check_same_thread=False
        )
        try:
            if path is not None:
                _refuse_foreign(connection, path)
                _to_wal(connection, busy_seconds)
            connection.execute("PRAGMA synchronous = NORMAL")
            if _pragma(connection, "user_version") != VERSION:
                connection.executescript(_SCHEMA)
        except BaseException:
            connection.close()
            raise
        return connection


def read_only(path: Path) -> sqlite3.Connection:
    """Open a ledger that is there, without the means to change it; call inside `translated`."""
    if not path.is_file():
        raise StateError(f"There is no ledger at {path}. Check the path; a server makes its ledger when it starts.")
    uri = f"{path.absolute().as_uri()}?mode=ro"
    wal = path.with_name(f"{path.name}-wal")
    if not wal.exists():
        # A copy on read-only media: nobody writes, and SQLite can't make its shared-memory file there.
        uri += "&immutable=1"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=5.0)
    try:
        _refuse_foreign(connection, path)
        if _pragma(connection, "user_version") == 0:
            raise StateError(f"The ledger {path} is empty: no server has finished starting with it.")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def translated(path: Path | None) -> Iterator[None]:
    """Turn what SQLite and the file system raise into a StateError with a sentence."""
    where = f"The ledger {path}" if path is not None else "The ledger in memory"
    try:
        yield
    except sqlite3.ProgrammingError as error:
        raise StateError(f"{where} is closed: {error}") from error
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte is the family, the rest is detail
        sentence = _SENTENCES.get(code, f"can't be used: {error}.").format(path=path)
        detail = getattr(error, "sqlite_errorname", type(error).__name__)
        raise StateError(f"{where} {sentence} [{detail}]") from error
    except OSError as error:
        raise StateError(f"{where} can't be opened: {error.strerror}. Give another path.") from error


def _to_wal(connection: sqlite3.Connection, busy_seconds: float) -> None:
    """Switch to WAL mode, which SQLite refuses at once, without its usual wait, while others open the same file."""
    deadline = time.monotonic() + busy_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
            time.sleep(0.005)
        else:
            return


def _refuse_foreign(connection: sqlite3.Connection, path: Path) -> None:
    # Tables first: whoever makes the file gives it tables and our mark in one transaction.
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables and _pragma(connection, "application_id") != APPLICATION_ID:
        raise StateError(f"{path} is a database of something else, no ledger of outlast. Give another path.")
    version = _pragma(connection, "user_version")
    if version > VERSION:
        raise StateError(
            f"The ledger {path} has schema {version}, this outlast knows up to {VERSION}. Use the newer outlast."
        )


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
