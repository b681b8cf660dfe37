"""Runs the blocks of one page as one shell session, from top to bottom, as a reader would."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.docs.blocks import ROOT, Block, Home, blocks_of, missing

_NOT_LINKED = (".git", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".venv")
_MARK = "@@ block {number}"


def at_home(page: Path, home: Home) -> list[Block]:
    """The blocks of a page that run somewhere."""
    return [block for block in blocks_of(page) if block.home is home]


def place(folder: Path) -> Path:
    """A folder that looks like a clone, so that commands find their files and leave none behind in the real one."""
    folder.mkdir()
    for entry in ROOT.iterdir():
        if entry.name not in _NOT_LINKED:
            (folder / entry.name).symlink_to(entry)
    return folder


def run_page(blocks: list[Block], folder: Path, env: Mapping[str, str], *, deadline_seconds: float) -> None:
    """Run blocks in order, and fail with the block that failed and what it said."""
    script = ["set -euo pipefail", "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT"]
    for number, block in enumerate(blocks):
        if block.file:
            (folder / block.file).write_text(block.text + "\n")
        else:
            script += [f"echo; echo '{_MARK.format(number=number)}'", *_as_script(block, number)]
    status, output = _run("\n".join(script), folder, env, deadline_seconds)
    parts = re.split(_MARK.format(number=r"(\d+)") + "\n", output)
    ran = {int(number): text for number, text in zip(parts[1::2], parts[2::2], strict=True)}
    last = blocks[max(ran)] if ran else blocks[0]
    assert status == 0, f"{last.where} ended with status {status}:\n{ran.get(max(ran, default=-1), output)[-4000:]}"
    for number, text in ran.items():
        lost = missing(blocks[number].expected, text)
        assert lost is None, f"{blocks[number].where} promises the line {lost!r}, and what came was:\n{text[-4000:]}"


def _as_script(block: Block, number: int) -> list[str]:
    if "background" in block.options:
        said = f".background-{number}"
        look = f"for _ in $(seq 600); do [ -s {said} ] && break; sleep 0.1; done; cat {said}; [ -s {said} ]"
        return [f"( {block.script}\n) >{said} 2>&1 &", look]
    if "dies" in block.options:
        return [f"( {block.script}\n) || true"]
    return [block.script]


def _run(script: str, folder: Path, env: Mapping[str, str], deadline_seconds: float) -> tuple[int, str]:
    log = folder / ".output"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            ["bash", "-c", script],
            cwd=folder,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = process.wait(deadline_seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            status = 124
    return status, log.read_text(errors="replace")
