"""The story of a job as lines, as JSON, and as a picture; foreign text never leaves its place in any of them."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from rich.console import Console

from outlast.cli.jsonlines import JsonView
from outlast.cli.lines import LineView, QuietView
from outlast.cli.live import LiveView
from outlast.cli.picture import Picture
from outlast.cli.story import Begun, Ended, Resumed, Snapshot, Trouble, View, step_name
from outlast.render.plaintext import plain
from outlast.research.models import Plan, PlannedSearch
from outlast.research.state import Progress, SearchProgress, SearchState, Stage
from outlast.usage.meter import Usage

BEGUN = Begun(job_id="n1", query="Who?", known=False, again="outlast run --id n1", place="embedded server")
RESUMED = Resumed(replayed_steps=14, replay_ms=9.2, sent_again=3, elsewhere=0)
USAGE = Usage(requests=12, input_tokens=3456, output_tokens=789, cost_usd=Decimal("0.0123"))
PLAN = Plan(summary="Two.", searches=[PlannedSearch(query="a", purpose="b")], analysis_instructions="Compare.")
TROUBLE = Trouble("agent__analyst__model_request", 2, "429: too many requests", datetime.now(UTC) + timedelta(hours=1))
HOSTILE = "evil\x1b[2J\x1b]0;title\x07\n[bold]x[/bold] \u202e"


def progress(*states: SearchState, stage: Stage = Stage.SEARCHING, waiting_for: str | None = None) -> Progress:
    searches = [
        SearchProgress(query=f"query {n}", state=state, passages=int(state is SearchState.DONE))
        for n, state in enumerate(states)
    ]
    return Progress(stage=stage, searches=searches, usage=USAGE, waiting_for=waiting_for)


def tell(view: View) -> None:
    """A whole life."""
    view.began(BEGUN)
    view.moved(Snapshot(Progress(stage=Stage.PLANNING)))
    view.resumed(RESUMED)
    for _ in range(3):
        view.moved(Snapshot(progress(SearchState.RUNNING, SearchState.PLANNED), [TROUBLE]))
    view.busy("Indexing the notes: 1 of 2")
    view.busy("Indexing the notes: 2 of 2")
    view.moved(Snapshot(progress(SearchState.DONE, SearchState.CUT)))
    view.note("Something.")
    view.moved(Snapshot(progress(SearchState.DONE, SearchState.CUT, stage=Stage.ANALYSING)))
    view.ended(Ended(USAGE, 4.25))
    view.close()


def console(width: int = 100, *, terminal: bool = False, height: int = 60) -> tuple[Console, io.StringIO]:
    file = io.StringIO()
    return Console(file=file, width=width, height=height, force_terminal=terminal, highlight=False, markup=False), file


def test_lines_tell_each_change_once() -> None:
    to, file = console(200)
    tell(LineView(to))
    assert file.getvalue().splitlines() == [
        "n1 started (embedded server); resume it with: outlast run --id n1",
        "planning",
        "resumed: 14 recorded steps replayed in 9 ms, 3 in flight sent again",
        "plan: 2 searches",
        "searching",
        file.getvalue().splitlines()[5],
        "Indexing the notes",
        "search 1/2: query 0 (1 passage)",
        "search 2/2: query 1 (cut)",
        "Something.",
        "analysing",
        "complete after 4.2 s: 12 requests, 3,456 tokens in, 789 out, $0.0123",
    ]
    assert re.fullmatch(
        r"failed, will be tried again: analyst, model request: 429: too many requests \(attempt 2 in \d+ s\)",
        file.getvalue().splitlines()[5],
    )


def test_lines_of_a_job_that_was_there_before() -> None:
    to, file = console(200)
    view = LineView(to)
    view.began(Begun("n1", "Who?", known=True, again="", place="t:7233"))
    view.moved(Snapshot(progress(SearchState.DONE, stage=Stage.AWAITING_APPROVAL, waiting_for="approval of the plan")))
    view.show_plan(PLAN)
    assert file.getvalue().splitlines() == [
        "n1 goes on (t:7233)",
        "plan: 1 searches",
        "the plan awaits approval",
        "waits for approval of the plan",
        "search 1/1: query 0 (1 passage)",
        "plan: Two.",
        "1. a: b",
    ]


def test_a_quiet_view_says_only_what_has_to_be_known() -> None:
    to, file = console(200)
    view = QuietView(to)
    tell(view)
    view.moved(Snapshot(progress(waiting_for="a raise of the budget: budget.maxTokens is 5, used 6")))
    assert file.getvalue().splitlines() == [
        "Something.",
        "n1 waits for a raise of the budget: budget.maxTokens is 5, used 6",
    ]


def test_json_lines_are_events(capsys: pytest.CaptureFixture[str]) -> None:
    tell(JsonView())
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["event"] for event in events] == [
        "began",
        "progress",
        "resumed",
        "progress",
        "progress",
        "note",
        "progress",
        "ended",
    ]
    assert events[0]["job_id"] == "n1"
    assert events[2] == {
        "event": "resumed",
        "replayed_steps": 14,
        "replay_ms": 9.2,
        "sent_again": 3,
        "elsewhere": 0,
    }
    assert events[3]["failing"] == [
        {"step": "agent__analyst__model_request", "attempt": 2, "reason": "429: too many requests"}
    ]
    assert events[-1]["usage"]["cost_usd"] == "0.0123"


def drawn(picture: Picture, width: int = 100, height: int = 60) -> str:
    to, file = console(width, height=height)
    to.print(picture)
    return file.getvalue()


def test_the_picture_of_a_job_under_way() -> None:
    picture = Picture(began=0.0, begun=BEGUN, resumed=RESUMED, recorded={0})
    picture.snapshot = Snapshot(
        progress(SearchState.DONE, SearchState.DONE, SearchState.RUNNING, SearchState.PLANNED, SearchState.CUT),
        [TROUBLE],
    )
    shown = drawn(picture)
    for pattern in (
        r"● n1  Who\?",
        r"resume with: outlast run --id n1",
        r"↺ resumed: 14 recorded steps replayed in 9 ms, 3 in flight sent again",
        r"✓ Plan: 5 searches",
        r"[⠋-⠿] Searches: 3 of 5",
        r"↺ query 0\s+1 passage  recorded, not repeated",
        r"✓ query 1\s+1 passage\s*$",
        r"[⠋-⠿] query 2",
        r"· query 3",
        r"✗ query 4\s+cut",
        r"· Analysis",
        r"! analyst, model request: 429: too many requests \(attempt 2 in \d+ s\)",
        r"12 requests, 3,456 tokens in, 789 out, \$0\.0123, \d",
    ):
        assert re.search(pattern, shown, re.MULTILINE), (pattern, shown)


def test_the_last_picture_has_nothing_open() -> None:
    picture = Picture(began=0.0, begun=BEGUN, ended=Ended(USAGE, 4.25), doing="Indexing")
    picture.snapshot = Snapshot(progress(SearchState.DONE, stage=Stage.ANALYSING))
    shown = drawn(picture)
    assert "✓ Analysis" in shown
    assert "4.2 s" in shown
    assert "Indexing" not in shown
    assert not re.search("[⠋-⠿]", shown)


def test_a_long_plan_fits_a_low_terminal() -> None:
    states = [SearchState.DONE] * 30 + [SearchState.RUNNING] * 3 + [SearchState.PLANNED] * 17
    picture = Picture(began=0.0, begun=BEGUN, snapshot=Snapshot(progress(*states)))
    shown = drawn(picture, height=24)
    assert len(shown.splitlines()) < 24
    assert all(f"query {n}" in shown for n in (30, 31, 32))
    assert re.search(r"and \d+ more", shown)


def test_a_narrow_terminal_cuts_and_does_not_wrap() -> None:
    picture = Picture(began=0.0, begun=BEGUN)
    picture.snapshot = Snapshot(
        Progress(stage=Stage.SEARCHING, searches=[SearchProgress(query="x" * 300, state=SearchState.RUNNING)])
    )
    assert all(len(line) <= 40 for line in drawn(picture, width=40).splitlines())


def test_hostile_text_stays_in_its_place() -> None:
    begun = Begun(job_id="n1", query=HOSTILE, known=False, again="", place="x")
    now = Progress(
        stage=Stage.SEARCHING,
        searches=[SearchProgress(query=HOSTILE, state=SearchState.RUNNING)],
        waiting_for=HOSTILE,
    )
    trouble = Trouble("agent__analyst__model_request", 2, HOSTILE, None)
    picture = Picture(began=0.0, begun=begun, snapshot=Snapshot(now, [trouble]), doing=HOSTILE)
    to, file = console(200)
    view = LineView(to)
    view.began(begun)
    view.moved(Snapshot(now, [trouble]))
    view.note(HOSTILE)
    view.show_plan(Plan(summary=HOSTILE, searches=PLAN.searches, analysis_instructions=HOSTILE))
    for shown in (drawn(picture), file.getvalue()):
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert "evil [bold]x[/bold]" in shown


def test_a_terminal_is_left_as_it_was_found() -> None:
    to, file = console(terminal=True)
    view = LiveView(to)
    tell(view)
    with view.aside():
        pass
    assert file.getvalue().count("\x1b[?25l") == file.getvalue().count("\x1b[?25h")
    assert "✓ Analysis" in plain(file.getvalue())


def test_a_question_takes_the_picture_away_and_brings_it_back() -> None:
    to, file = console(terminal=True)
    view = LiveView(to)
    view.began(BEGUN)
    with view.aside():
        hidden = file.getvalue()
        assert hidden.endswith("\x1b[?25h") or "\x1b[2K" in hidden
    view.close()
    assert file.getvalue().count("\x1b[?25l") == 2


def test_steps_have_names_for_people() -> None:
    assert step_name("agent__searcher__model_request") == "searcher, model request"
    assert step_name("outlast__setup") == "outlast  setup"
