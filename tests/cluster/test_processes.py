"""A recorded process is itself or nobody: a reused id is never taken for it, and never killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.processes import Identity, record, recorded, start
from tests.cluster.waiting import wait_until


@pytest.fixture
def sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


def identity(process: "subprocess.Popen[bytes]") -> Identity:
    found = Identity.of(process.pid)
    assert found is not None
    return found


def test_a_process_is_itself(sleeper: "subprocess.Popen[bytes]") -> None:
    assert identity(sleeper).alive()
    assert identity(sleeper) == Identity.of(sleeper.pid)


@pytest.mark.parametrize("what", ["earlier in this boot", "in another boot"])
def test_a_reused_id_is_somebody_else(sleeper: "subprocess.Popen[bytes]", what: str) -> None:
    now = identity(sleeper)
    same_boot = what == "earlier in this boot"
    earlier = Identity(now.pid, now.started - 1 if same_boot else now.started, now.boot if same_boot else "another")
    assert not earlier.alive()
    earlier.kill()
    assert sleeper.poll() is None
    assert now.alive()


def test_kill_ends_the_process(sleeper: "subprocess.Popen[bytes]") -> None:
    now = identity(sleeper)
    os.kill(sleeper.pid, signal.SIGSTOP)  # even one that can do nothing itself
    now.kill()
    wait_until(lambda: not now.alive(), what="the end of a killed process", deadline_seconds=5)


def test_a_dead_child_nobody_waited_for_counts_as_dead() -> None:
    with subprocess.Popen([sys.executable, "-c", "pass"]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # dead, and still in the process table
        assert Path(f"/proc/{process.pid}").exists()
        assert Identity.of(process.pid) is None


def test_a_command_name_full_of_parentheses_does_not_mislead(tmp_path: Path) -> None:
    program = tmp_path / "a) S 1 (b"
    program.symlink_to("/bin/sleep")
    with subprocess.Popen([str(program), "600"]) as odd, subprocess.Popen(["sleep", "600"]) as plain:
        wait_until(lambda: " (b" in Path(f"/proc/{odd.pid}/stat").read_text(), what="the new name", deadline_seconds=5)
        assert abs(identity(odd).started - identity(plain).started) < 500  # ticks of 10 ms
        odd.kill()
        plain.kill()


def test_no_such_process() -> None:
    assert Identity.of(2**22 + 1) is None  # above the kernel's largest id


def test_start_records_a_session_of_its_own(tmp_path: Path) -> None:
    started = start(
        "daemon", ["sh", "-c", "echo out; echo err >&2; exec sleep 600"], log=tmp_path / "log", pids=tmp_path
    )
    try:
        assert recorded(tmp_path) == {"daemon": started}
        assert os.getsid(started.pid) == started.pid
        log = tmp_path / "log"
        wait_until(lambda: log.read_text() == "out\nerr\n", what="both streams in the log", deadline_seconds=5)
    finally:
        started.kill()
        wait_until(lambda: not started.alive(), what="the end of the daemon", deadline_seconds=5)
        started.reap()


def test_a_broken_record_counts_as_none(tmp_path: Path, sleeper: "subprocess.Popen[bytes]") -> None:
    record(tmp_path / "good.json", identity(sleeper))
    (tmp_path / "cut.json").write_text('{"pid": 1')
    (tmp_path / "foreign.json").write_text('{"pid": 1}')
    assert recorded(tmp_path) == {"good": identity(sleeper)}
