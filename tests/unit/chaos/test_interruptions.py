from __future__ import annotations

from pathlib import Path

import pytest

from outlast.chaos.interruptions import Interruption, Target, note, noted
from outlast.errors import StateError

DEATH = Interruption(Target.WORKER, 10.0, 10.5, "process 7", "kill test")


def test_what_is_noted_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "deaths.jsonl"
    note(path, DEATH)
    note(path, Interruption(Target.MODEL, 11.0, 12.0))
    assert noted(path) == [DEATH, Interruption(Target.MODEL, 11.0, 12.0)]


def test_no_file_is_no_death(tmp_path: Path) -> None:
    assert noted(tmp_path / "none") == []


@pytest.mark.parametrize(
    "line", ['{"target": "wor', "[]", "null", '{"target": "moon", "at": 1, "until": 2}', '{"at": 1}']
)
def test_a_line_that_says_nothing_is_passed_over(tmp_path: Path, line: str) -> None:
    path = tmp_path / "deaths.jsonl"
    note(path, DEATH)
    with path.open("a") as file:
        file.write(line)
    assert noted(path) == [DEATH]


def test_a_file_that_can_not_be_written_or_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="can't be noted"):
        note(tmp_path / "none" / "deaths", DEATH)
    with pytest.raises(StateError, match="can't be read"):
        noted(tmp_path)


def test_overlap() -> None:
    assert DEATH.overlaps(10.2, 11.0)
    assert DEATH.overlaps(9.0, 10.0)
    assert not DEATH.overlaps(10.6, 11.0)
    assert not DEATH.overlaps(8.0, 9.9)
