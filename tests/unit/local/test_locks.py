"""Locks that the kernel lets go of when their holder dies."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from outlast.errors import StateError
from outlast.local.locks import FileLock

HOLDER = """
import sys, time
from pathlib import Path
from outlast.local.locks import FileLock
lock = FileLock(Path(sys.argv[1]), shared=sys.argv[2] == "shared")
print(lock.acquire(), flush=True)
time.sleep(60)
"""


def hold(path: Path, mode: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(path), mode], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "True\n"
    return process


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def descriptors() -> int:
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0


def test_one_holder_keeps_all_others_out(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with FileLock(path) as first, FileLock(path) as second, FileLock(path, shared=True) as third:
        assert first.acquire()
        assert not second.acquire()
        assert not third.acquire()
        first.release()
        assert second.acquire()


def test_several_share_and_keep_one_out(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with FileLock(path, shared=True) as first, FileLock(path, shared=True) as second, FileLock(path) as third:
        assert first.acquire()
        assert second.acquire()
        first.release()
        assert not third.acquire()
        second.release()
        assert third.acquire()


async def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    holder = hold(path, "exclusive")
    with FileLock(path) as lock:
        assert not lock.acquire()
        kill(holder)
        assert await lock.wait(10)


async def test_waiting_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with FileLock(path) as holder, FileLock(path) as waiter:
        assert holder.acquire()
        assert not await waiter.wait(0.1)
        waiting = asyncio.create_task(waiter.wait(10))
        await asyncio.sleep(0)
        holder.release()
        assert await waiting


def test_a_lock_leaves_no_descriptor_open(tmp_path: Path) -> None:
    before = descriptors()
    with FileLock(tmp_path / "a.lock") as holder:
        assert holder.acquire()
        for _ in range(10):
            with FileLock(tmp_path / "a.lock") as other:
                assert not other.acquire()
    assert descriptors() == before


def test_a_lock_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r"The lock .* can't be taken: .*\. Set OUTLAST_STATE_DIR"):
        FileLock(tmp_path / "nowhere" / "a.lock").acquire()
