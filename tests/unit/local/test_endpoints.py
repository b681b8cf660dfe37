"""The files of the platform, and what a person is told when they are no good."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from outlast.errors import StateError
from outlast.local.endpoints import LOG_BYTES, Endpoints, PlatformFiles
from outlast.offline.config import OfflineConfig


def endpoints() -> Endpoints:
    return Endpoints(
        pid=1,
        identity="1@host@2",
        temporal="127.0.0.1:1",
        temporal_ui="http://127.0.0.1:2",
        offline="http://127.0.0.1:3",
        offline_config=OfflineConfig(ledger=Path("/somewhere/ledger.db"), latency_scale=2),
        version="0",
    )


def test_what_is_written_is_read(tmp_path: Path) -> None:
    files = PlatformFiles(tmp_path / "state")
    files.prepare()
    assert files.read() is None
    files.write(endpoints())
    assert files.read() == endpoints()
    assert oct((tmp_path / "state").stat().st_mode & 0o777) == "0o700"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x"}', "\udcff\x00"])
def test_a_corrupt_file_counts_as_none(tmp_path: Path, text: str) -> None:
    files = PlatformFiles(tmp_path)
    files.endpoints.write_bytes(text.encode(errors="surrogateescape"))
    assert files.read() is None


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match=r"can't be made: .*\. Set OUTLAST_STATE_DIR to another\."):
        PlatformFiles(tmp_path / "file" / "state").prepare()


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(StateError, match="can't be written to"):
        PlatformFiles(tmp_path).prepare()


def test_endpoints_that_cannot_be_written_are_a_sentence(tmp_path: Path) -> None:
    files = PlatformFiles(tmp_path)
    files.endpoints.with_suffix(".new").mkdir()
    with pytest.raises(StateError, match="can't be written: Is a directory"):
        files.write(endpoints())


def test_a_long_log_is_set_aside(tmp_path: Path) -> None:
    files = PlatformFiles(tmp_path)
    files.log("host").write_bytes(b"x" * (LOG_BYTES + 1))
    os.close(files.open_log("host"))
    assert files.log("host").stat().st_size == 0
    assert (tmp_path / "host.old.log").stat().st_size == LOG_BYTES + 1


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert PlatformFiles(tmp_path).hint() == ""
    full = os.statvfs_result((4096, 4096, 10, 0, 0, 0, 0, 0, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda path: full)
    assert "is full: free some space" in PlatformFiles(tmp_path).hint()
