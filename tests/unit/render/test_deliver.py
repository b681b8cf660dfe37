"""A report goes where it was asked to go, whole or not at all."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from outlast.cli.deliver import chosen_format, deliver
from outlast.cli.options import Format
from outlast.cli.output import check_output
from outlast.errors import StateError, UsageError

from .samples import good, hostile


@pytest.mark.parametrize(
    ("wanted", "output", "form"),
    [
        (None, None, Format.MD),
        (None, "report.html", Format.HTML),
        (None, "report.JSON", Format.JSON),
        (None, "report", Format.MD),
        (None, "report.txt", Format.TEXT),
        (Format.JSON, "report.html", Format.JSON),
    ],
)
def test_the_format_follows_the_word_then_the_name(wanted: Format | None, output: str | None, form: Format) -> None:
    assert chosen_format(wanted, Path(output) if output else None) is form


@pytest.mark.parametrize("form", list(Format))
def test_every_format_is_written(tmp_path: Path, form: Format, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "report"
    deliver(good(), form, output)
    text = output.read_text()
    assert "How large is X?" in text
    assert "\x1b" not in text
    assert os.listdir(tmp_path) == ["report"]  # noqa: PTH208 - hidden files too
    deliver(good(), form, None)
    assert "How large is X?" in capsys.readouterr().out


def test_hostile_text_does_not_reach_the_terminal_as_anything_but_text(capsys: pytest.CaptureFixture[str]) -> None:
    deliver(hostile(), Format.TEXT, None)
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "<script>alert(1)</script>" in shown


def test_json_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    deliver(good(), Format.JSON, None)
    assert json.loads(capsys.readouterr().out)["report"]["answer"] == "5 sq km"


def test_a_file_that_cannot_be_written_is_a_sentence_and_leaves_the_old_one(tmp_path: Path) -> None:
    output = tmp_path / "report.md"
    output.write_text("old")
    (tmp_path / ".report.md.new").mkdir()
    with pytest.raises(StateError, match=r"Nothing is lost: `outlast report job-1 --output FILE`"):
        deliver(good(), None, output)
    assert output.read_text() == "old"


def test_a_place_that_is_no_good_is_refused_beforehand(tmp_path: Path) -> None:
    check_output(None)
    check_output(tmp_path / "report.md")
    with pytest.raises(UsageError, match="is a folder"):
        check_output(tmp_path)
    with pytest.raises(UsageError, match="there is no folder"):
        check_output(tmp_path / "none" / "report.md")


def test_a_link_stays_a_link_and_a_pipe_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "link.md").symlink_to("real.md")
    deliver(good(), None, tmp_path / "link.md")
    assert (tmp_path / "link.md").is_symlink()
    assert "How large is X?" in (tmp_path / "real.md").read_text()
    os.mkfifo(tmp_path / "pipe")
    with ThreadPoolExecutor() as threads:
        read = threads.submit((tmp_path / "pipe").read_text)
        deliver(good(), None, tmp_path / "pipe")
        assert "How large is X?" in read.result(timeout=30)
    assert (tmp_path / "pipe").is_fifo()
