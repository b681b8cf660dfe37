"""What a ledger says when its file can't be used: always a StateError with a sentence that names the file."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from outlast.errors import StateError
from outlast.ledger import Ledger, Outcome, read_rows

REQUEST: dict[str, Any] = {"kind": "model", "name": "offline", "subject": "large", "sha256": "a" * 64}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@contextmanager
def locked(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


def test_a_locked_file_is_waited_for_and_then_refused(path: Path) -> None:
    ledger = Ledger(path, busy_seconds=0.1)
    with locked(path) as other:
        start = time.monotonic()
        with pytest.raises(StateError, match=rf"{path} is locked by another process.*SQLITE_BUSY"):
            ledger.begin(**REQUEST)
        assert time.monotonic() - start >= 0.1
        assert ledger.rows() == []  # readers are not locked out
        other.execute("ROLLBACK")
        ledger.begin(**REQUEST)
    assert len(ledger.rows()) == 1


def test_no_patience_is_no_wait(path: Path) -> None:
    ledger = Ledger(path, busy_seconds=60)
    with locked(path):
        start = time.monotonic()
        with pytest.raises(StateError, match="is locked"):
            ledger.begin(**REQUEST, patience_seconds=0)
        assert time.monotonic() - start < 10


def test_a_removed_or_replaced_file_is_noticed_and_a_restored_one_too(path: Path) -> None:
    ledger = Ledger(path)
    request_id = ledger.begin(**REQUEST)
    aside = path.rename(path.with_name("aside.db"))
    for attempt in (lambda: ledger.begin(**REQUEST), lambda: ledger.end(request_id, Outcome("ok"))):
        with pytest.raises(StateError, match=r"removed or replaced .* restart to begin a new one"):
            attempt()
    aside.rename(path)
    ledger.end(request_id, Outcome("ok"))
    assert [row.outcome for row in ledger.rows()] == ["ok"]


def test_a_full_disk(path: Path) -> None:
    program = (
        "import pathlib, resource, signal, sys; from outlast.ledger import Ledger\n"
        "ledger = Ledger(pathlib.Path(sys.argv[1]))\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))\n"
        "try:\n"
        "    while True: ledger.begin(kind='model', name='n', subject='large', sha256='d' * 64)\n"
        "except Exception as error: print(type(error).__name__, error)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
        "ledger.begin(kind='model', name='n', subject='healed', sha256='d' * 64)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.startswith(f"StateError The ledger {path} can't be ")
    assert "disk" in done.stdout
    assert read_rows(path)[-1].subject == "healed"


def test_a_full_database(path: Path) -> None:
    ledger = Ledger(path)
    ledger._connection.execute("PRAGMA max_page_count = 8")

    def fill() -> None:
        for _ in range(1000):
            ledger.begin(**REQUEST)

    with pytest.raises(StateError, match=r"the disk is full.*SQLITE_FULL"):
        fill()


def test_a_read_only_file(path: Path) -> None:
    ledger = Ledger(path)
    ledger._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StateError, match="read-only"):
        ledger.begin(**REQUEST)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes where it likes")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StateError, match="can't be opened"):
        Ledger(tmp_path / "ledger.db")


def test_a_file_that_is_no_database(path: Path) -> None:
    path.write_bytes(b"these are notes of mine " * 200)
    for use in (Ledger, read_rows):
        with pytest.raises(StateError, match="is no SQLite database"):
            use(path)
    assert path.read_bytes().startswith(b"these are notes")


def test_a_database_of_something_else(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE requests (id)")
    for use in (Ledger, read_rows):
        with pytest.raises(StateError, match="a database of something else"):
            use(path)


def test_a_corrupt_file(path: Path) -> None:
    ledger = Ledger(path)
    for _ in range(200):
        ledger.begin(**REQUEST)
    ledger.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(StateError, match="is corrupt"):
        read_rows(path)


def test_a_newer_schema(path: Path) -> None:
    Ledger(path).close()
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version = 99")
    for use in (Ledger, read_rows):
        with pytest.raises(StateError, match="Use the newer outlast"):
            use(path)


def test_no_file_and_an_empty_file(path: Path) -> None:
    with pytest.raises(StateError, match=f"There is no ledger at {path}"):
        read_rows(path)
    path.touch()
    with pytest.raises(StateError, match="is empty"):
        read_rows(path)
    assert Ledger(path).rows() == []


def test_a_path_that_can_hold_no_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match="can't be opened"):
        Ledger(tmp_path)
    with pytest.raises(StateError, match="can't be opened"):
        Ledger(tmp_path / "file" / "ledger.db")


def test_a_closed_ledger() -> None:
    ledger = Ledger(None)
    ledger.close()
    with pytest.raises(StateError, match="in memory is closed"):
        ledger.begin(**REQUEST)


def test_work_without_a_row_does_not_start(path: Path) -> None:
    ledger = Ledger(path, busy_seconds=0)
    with locked(path), pytest.raises(StateError, match="is locked"), ledger.recording(**REQUEST):
        pytest.fail("the block ran unrecorded")


def test_an_error_of_the_work_is_not_hidden_by_one_of_the_ledger(path: Path) -> None:
    ledger = Ledger(path, busy_seconds=0)

    def work() -> None:
        with ledger.recording(**REQUEST):
            path.unlink()
            raise LookupError("the work's own")

    with pytest.raises(LookupError, match="own") as caught:
        work()
    assert "removed or replaced" in caught.value.__notes__[0]
