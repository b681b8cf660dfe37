"""A person at the terminal: what Ctrl-C asks, what a plan's review offers, and what becomes of the job."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

from .commands import until
from .conftest import Desk
from .script import SOURCE

WORDS = ("run", "The areas of 2 places?", "--id", "a1", "--source", SOURCE)


async def state_of(desk: Desk) -> str:
    found: str = json.loads((await desk.run("status", "a1", "--json")).out)["state"]
    return found


async def test_a_job_is_drawn_and_its_report_read(desk: Desk) -> None:
    terminal = await desk.sit_down(*WORDS)
    assert await terminal.end() == 0, terminal
    shown = terminal.text
    for words in (
        "● a1  The areas of 2 places?",
        "resume with: outlast run --id a1",
        "✓ Plan: 2 searches",
        "✓ Searches: 2 of 2",
        "✓ Analysis",
        "2 areas.",
        "confidence high",
        "Findings",
        "The area of place 1 is 2 sq km. [2]",
        "Sources",
        "Cost by role",
        "no language model",
    ):
        assert words in shown, (words, terminal)
    assert terminal.out.count("\x1b[?25l") == terminal.out.count("\x1b[?25h"), "the cursor is back"


async def test_ctrl_c_asks_and_enter_goes_on_watching(desk: Desk) -> None:
    desk.stall("agent__analyst__*", seconds=15)
    terminal = await desk.sit_down(*WORDS)
    await desk.in_flight("a1", 1)
    terminal.type("\x03")
    await terminal.shows("a1 is not over. What shall become of it?")
    terminal.type("?\r")
    await terminal.shows("Please answer l, s, c, Enter.")
    terminal.type("\r")
    assert await terminal.end() == 0, terminal
    assert "2 areas." in terminal.text


async def test_a_job_is_cancelled_at_the_terminal(desk: Desk) -> None:
    desk.stall("agent__analyst__*")
    terminal = await desk.sit_down(*WORDS)
    await desk.in_flight("a1", 1)
    terminal.type("\x03")
    await terminal.shows("cancel it for good")
    terminal.type("c\r")
    await terminal.shows("a1 is cancelled.")
    assert await terminal.end() == 130, terminal
    assert await state_of(desk) == "Cancelled"
    again = await desk.run("run", "--id", "a1")
    assert (again.process.returncode, "was cancelled. Another --id starts it anew." in again.err) == (1, True), again


async def test_a_job_stops_and_goes_on_later(desk: Desk) -> None:
    desk.stall("agent__analyst__*")
    terminal = await desk.sit_down(*WORDS)
    await desk.in_flight("a1", 1)
    terminal.type("\x03")
    await terminal.shows("stop here")
    terminal.type("s\r")
    await terminal.shows("a1 stands still until it is run again: outlast run --id a1")
    await terminal.shows("Waiting for one step under way")
    terminal.type("\x03")
    assert await terminal.end() == 130, terminal
    desk.heal()
    terminal = await desk.sit_down("run", "--id", "a1")
    assert await terminal.end() == 0, terminal
    assert "↺ resumed: 8 recorded steps replayed in " in terminal.text
    assert "1 in flight sent again" in terminal.text
    assert "recorded, not repeated" in terminal.text


async def test_ctrl_c_at_the_question_stops_at_once(desk: Desk) -> None:
    desk.stall("agent__analyst__*")
    terminal = await desk.sit_down(*WORDS)
    await desk.in_flight("a1", 1)
    terminal.type("\x03")
    await terminal.shows("What shall become of it?")
    terminal.type("\x03")
    await terminal.shows("stands still until it is run again")
    terminal.type("\x03")
    assert await terminal.end() == 130, terminal


async def test_a_job_left_running_ends_in_the_background_and_its_process_with_it(desk: Desk) -> None:
    desk.stall("agent__analyst__*", seconds=4)
    terminal = await desk.sit_down(*WORDS)
    await desk.in_flight("a1", 1)
    terminal.type("\x03")
    await terminal.shows("leave it running in the background")
    terminal.type("l\r")
    await until(lambda: "goes on in the background (process " in terminal.text, "the process")
    process = int(terminal.text.partition("(process ")[2].partition(")")[0])
    try:
        assert await terminal.end() == 3, terminal
        await until(lambda: not desk.platform_runs(), "the platform ends after the job")
        assert not _carries_on(process, "a1")
    finally:
        if _carries_on(process, "a1"):
            os.kill(process, signal.SIGKILL)
    report = await desk.run("report", "a1")
    assert "2 areas." in report.out, report


async def test_a_plan_is_approved_at_the_terminal(desk: Desk) -> None:
    terminal = await desk.sit_down(*WORDS, "--approve-plan")
    await terminal.shows("Shall this plan be carried out?")
    terminal.type("a\r")
    assert await terminal.end() == 0, terminal


async def test_a_plan_is_edited_and_rejected_at_the_terminal(desk: Desk) -> None:
    editor = desk.folder / "editor"
    editor.write_text("#!/bin/sh\nsed -i 's/place 1 area/place 9 area/' \"$1\"\n")
    editor.chmod(0o700)
    desk.env["EDITOR"] = str(editor)
    terminal = await desk.sit_down(*WORDS, "--approve-plan")
    await terminal.shows("place 1 area")
    await terminal.shows("edit it")
    terminal.type("e\r")
    await terminal.shows("place 9 area")
    await terminal.shows("decide later")
    terminal.type("r\r")
    await terminal.shows("Why?")
    terminal.type("no use\r")
    assert await terminal.end() == 1, terminal
    assert "The job 'a1' failed: The plan was rejected: no use" in terminal.text


def _carries_on(process: int, job_id: str) -> bool:
    try:
        command = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return job_id.encode() in command
