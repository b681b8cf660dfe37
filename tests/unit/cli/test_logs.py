"""Logs for people and for machines, with what the caller adds, and without what a terminal would obey."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from outlast.cli.logs import JsonFormatter, TextFormatter, log_to_file, log_to_stderr


@pytest.fixture(autouse=True)
def untouched() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers, root.level, logging.raiseExceptions
    yield
    for handler in root.handlers:
        if handler not in before[0]:
            handler.close()
    root.handlers, root.level, logging.raiseExceptions = before


def record(message: str, **added: object) -> logging.LogRecord:
    made = logging.getLogger("outlast.test").makeRecord("outlast.test", 30, "f", 1, message, (), None, extra=added)
    made.created = 0.0
    return made


def test_json_has_a_line_for_each_record() -> None:
    line = json.loads(JsonFormatter().format(record("a\nb", task_queue="q", path=Path("/x"))))
    assert line == {
        "time": "1970-01-01T00:00:00.000+00:00",
        "level": "warning",
        "logger": "outlast.test",
        "message": "a\nb",
        "task_queue": "q",
        "path": "/x",
    }


def test_json_holds_the_traceback_in_the_line() -> None:
    try:
        raise ValueError("x")
    except ValueError:
        made = record("failed")
        made.exc_info = sys.exc_info()
    text = JsonFormatter().format(made)
    assert "\n" not in text
    assert "ValueError: x" in json.loads(text)["exception"]


def test_text_is_one_line_with_what_was_added() -> None:
    assert TextFormatter().format(record("\x1b[31mpolling", task_queue="q")).endswith("WARNING polling  task_queue=q")


def test_a_file_takes_the_log_off_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log_to_file(tmp_path / "state" / "commands.log")
    logging.getLogger("temporalio").warning("noise")
    assert "noise" in (tmp_path / "state" / "commands.log").read_text()
    assert capsys.readouterr() == ("", "")


def test_no_file_is_no_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    log_to_file(tmp_path / "file" / "commands.log")
    logging.getLogger("temporalio").warning("noise")
    assert capsys.readouterr() == ("", "")


def test_a_worker_logs_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    log_to_stderr("json")
    logging.getLogger("outlast.worker").info("polling", extra={"task_queue": "q"})
    assert json.loads(capsys.readouterr().err)["task_queue"] == "q"
