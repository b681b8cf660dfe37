"""Calls verbs in this process, in an environment of the test's own."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from outlast.cli.entry import call


@dataclass(frozen=True, slots=True)
class Said:
    """What a call said, and what it ended with."""

    code: int
    out: str
    err: str


Outlast = Callable[..., Said]


@pytest.fixture
def outlast(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Outlast:
    """Calls a verb; its state folder is the test's, its environment holds no variable of ours."""
    for name in list(os.environ):
        if name.startswith("OUTLAST_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("OUTLAST_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("OUTLAST_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)

    def run(*args: str) -> Said:
        code = call(args)
        captured = capsys.readouterr()
        return Said(code, captured.out, captured.err)

    return run
