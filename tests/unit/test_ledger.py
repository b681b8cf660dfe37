from __future__ import annotations

import asyncio
import concurrent.futures
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from outlast.errors import StateError
from outlast.ledger import Ledger, LedgerRow, Outcome, read_rows
from outlast.steps import Step

STEP = Step(job="ns/peru", run="r1", activity="7", kind="agent__planner__model_request", attempt=2)
REQUEST: dict[str, Any] = {"kind": "model", "name": "offline", "subject": "large", "sha256": "a" * 64}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ledger.db"


def test_a_row_is_there_before_the_work_and_complete_after_it(path: Path) -> None:
    ledger = Ledger(path)
    request_id = ledger.begin(**REQUEST, step=STEP, fault="429", started=100.5)
    (row,) = read_rows(path)
    assert (row.is_open, row.outcome, row.started, row.step) == (True, None, 100.5, STEP)
    ledger.end(request_id, Outcome("fault:429", 429, 10, 0, 25), ended=101.25)
    assert read_rows(path) == [
        LedgerRow(
            seq=1,
            request_id=request_id,
            kind="model",
            name="offline",
            job="ns/peru",
            run="r1",
            activity="7",
            step_kind="agent__planner__model_request",
            attempt=2,
            subject="large",
            sha256="a" * 64,
            fault="429",
            started=100.5,
            ended=101.25,
            outcome="fault:429",
            status=429,
            input_tokens=10,
            output_tokens=0,
            cost_micro_usd=25,
        )
    ]


def test_a_foreign_client_has_no_step_and_a_clock(path: Path) -> None:
    before = time.time()
    Ledger(path).begin(**REQUEST)
    (row,) = read_rows(path)
    assert row.step is None
    assert before <= row.started <= time.time()


def test_the_first_end_stands(path: Path) -> None:
    ledger = Ledger(path)
    request_id = ledger.begin(**REQUEST)
    ledger.end(request_id, Outcome("ok"))
    ledger.end(request_id, Outcome("cut"))
    ledger.end("req_unknown", Outcome("cut"))
    assert [row.outcome for row in ledger.rows()] == ["ok"]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM requests",
        "UPDATE requests SET outcome = 'cut' WHERE outcome = 'ok'",
        "UPDATE requests SET job = 'ns/other' WHERE outcome IS NULL",
        "UPDATE requests SET ended = 1 WHERE outcome IS NULL",
        "INSERT INTO requests (request_id, kind, name, sha256, started) VALUES ('x', 'gossip', 'n', 's', 1)",
    ],
)
def test_the_file_itself_refuses_to_be_tidied_up(path: Path, statement: str) -> None:
    ledger = Ledger(path)
    ledger.end(ledger.begin(**REQUEST), Outcome("ok"))
    ledger.begin(**REQUEST)
    before = ledger.rows()
    with sqlite3.connect(path) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)
    connection.close()
    assert ledger.rows() == before


@pytest.mark.parametrize("in_memory", [True, False])
def test_rows_are_read_by_job_and_by_page(path: Path, in_memory: bool) -> None:
    ledger = Ledger(None if in_memory else path)
    for number in range(10):
        step = Step(job=f"ns/{number % 2}", run="r", activity=f"{number}", kind="search", attempt=1)
        ledger.begin(kind="source", name="factbook", subject="peru", sha256="b" * 64, step=step)
    assert [row.seq for row in ledger.rows("ns/1")] == [2, 4, 6, 8, 10]
    assert [row.seq for row in ledger.rows("ns/1", after=4, limit=2)] == [6, 8]
    assert [row.seq for row in ledger.rows(limit=3)] == [1, 2, 3]
    assert ledger.rows("ns/none") == []


def test_rows_travel_as_json() -> None:
    ledger = Ledger(None)
    ledger.begin(**REQUEST, step=STEP)
    (row,) = ledger.rows()
    assert LedgerRow.from_json({**row.as_json(), "future": 1}) == row
    with pytest.raises(StateError, match="sha256 missing"):
        LedgerRow.from_json({key: value for key, value in row.as_json().items() if key != "sha256"})


def test_a_block_is_recorded_as_it_ends(path: Path) -> None:
    ledger = Ledger(path)
    with ledger.recording(**REQUEST, step=STEP) as entry:
        assert [row.is_open for row in ledger.rows()] == [True]
        entry.outcome = Outcome("ok", 200, 4, 5, 6)
    for error in (LookupError("x"), asyncio.CancelledError()):
        with pytest.raises(type(error)), ledger.recording(**REQUEST):
            raise error
    rows = ledger.rows()
    assert [row.outcome for row in rows] == ["ok", "error:LookupError", "cut"]
    assert (rows[0].request_id, rows[0].output_tokens) == (entry.request_id, 5)


def test_threads_share_a_ledger(path: Path) -> None:
    ledger = Ledger(path)

    def work(number: int) -> None:
        for _ in range(20):
            with ledger.recording(**REQUEST):
                pass

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    rows = ledger.rows()
    assert [row.seq for row in rows] == list(range(1, 161))
    assert {row.outcome for row in rows} == {"ok"}


def test_processes_share_a_file(path: Path) -> None:
    program = (
        "import sys, pathlib; from outlast.ledger import Ledger\n"
        "print('ready', flush=True); sys.stdin.readline()\n"  # all open the new file at the same moment
        "ledger = Ledger(pathlib.Path(sys.argv[1]))\n"
        "for _ in range(50):\n"
        "    with ledger.recording(kind='source', name='p', subject='q', sha256='c' * 64): pass\n"
    )
    command = [sys.executable, "-c", program, str(path)]
    with ExitStack() as stack:
        workers = [
            stack.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
            for _ in range(4)
        ]
        assert [worker.stdout.readline() for worker in workers if worker.stdout] == ["ready\n"] * 4
        for worker in workers:
            worker.communicate("go\n", timeout=60)
    assert [worker.returncode for worker in workers] == [0] * 4
    rows = read_rows(path)
    assert len(rows) == 200
    assert {row.outcome for row in rows} == {"ok"}


def test_rows_outlive_a_process_that_is_killed(path: Path) -> None:
    program = (
        "import sys, time, pathlib; from outlast.ledger import Ledger, Outcome\n"
        "ledger = Ledger(pathlib.Path(sys.argv[1]))\n"
        "request = dict(kind='model', name='n', subject='large', sha256='d' * 64)\n"
        "ledger.end(ledger.begin(**request), Outcome('ok')); ledger.begin(**request)\n"
        "print('begun', flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert [row.outcome for row in read_rows(path)] == ["ok", None]
    reopened = Ledger(path)
    reopened.begin(**REQUEST)
    assert [row.seq for row in reopened.rows()] == [1, 2, 3]


def test_a_copy_without_its_side_files_is_readable(path: Path, tmp_path: Path) -> None:
    ledger = Ledger(path)
    ledger.begin(**REQUEST)
    ledger.close()
    assert len(read_rows(Path(shutil.copy(path, tmp_path / "copy.db")))) == 1


def test_a_write_takes_well_under_a_millisecond(path: Path) -> None:
    ledger = Ledger(path)
    seconds = []
    for _ in range(300):
        start = time.perf_counter()
        ledger.end(ledger.begin(**REQUEST, step=STEP), Outcome("ok"))
        seconds.append((time.perf_counter() - start) / 2)
    assert sorted(seconds)[150] < 0.001
