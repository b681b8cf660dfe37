"""A game as lines, as a picture, as Markdown; foreign text never leaves its place in any of them."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from outlast.cli.deliver import deliver
from outlast.cli.options import Format
from outlast.cli.play_views import GameLines, GamePicture
from outlast.cli.story import Begun, Ended, Resumed, Snapshot
from outlast.errors import UsageError
from outlast.games.models import Answer, GameResult, Turn
from outlast.games.state import GameProgress, GameStage
from outlast.render.game import GameDocument, game_data, game_markdown, game_view
from outlast.usage.meter import Usage

HOSTILE = "Is it \x1b[2Jevil\n[bold]?"
TURNS = [
    Turn(question="Is it alive?", answer=Answer.NO),
    Turn(question=HOSTILE, answer=None),
    Turn(question="Is it a potato?", answer=Answer.COMPLETELY_WRONG),
]
BEGUN = Begun(job_id="g1", query="Twenty Questions", known=True, again="outlast play --id g1", place="here", recorded=1)
LOST = GameResult(
    secret="piano",
    won=False,
    answer="potato",
    explanation="So it seems.",
    evidence=[Turn(question="Is it a potato?", answer=Answer.YES)],
    invented=[Turn(question="Is it a potato?", answer=Answer.YES)],
    turns=TURNS,
    usage={"questioner": Usage(requests=4)},
    models={"questioner": "offline:inventor"},
)


def at(turns: int, waiting_for: str | None = None) -> Snapshot[GameProgress]:
    return Snapshot(
        GameProgress(stage=GameStage.PLAYING, turns=TURNS[:turns], max_questions=20, waiting_for=waiting_for)
    )


def console() -> tuple[Console, io.StringIO]:
    file = io.StringIO()
    return Console(file=file, width=100, height=40, highlight=False, markup=False), file


def test_lines_tell_each_turn_once_and_which_were_recorded() -> None:
    to, file = console()
    view = GameLines(to)
    view.began(BEGUN)
    for turns in (1, 1, 3, 3):
        view.moved(at(turns))
    view.moved(at(3, waiting_for="a raise of the budget"))
    assert file.getvalue().splitlines() == [
        "g1 goes on (here); resume it with: outlast play --id g1",
        "1. Is it alive? no (recorded, not asked again)",
        "2. Is it evil [bold]? can't tell",
        "3. Is it a potato? completely wrong",
        "waits for a raise of the budget",
    ]


def test_the_picture_of_a_game_under_way() -> None:
    to, file = console()
    picture = GamePicture(began=0.0, begun=BEGUN, resumed=Resumed(4, 9.2, 1, 0))
    to.print(picture)
    assert "Waiting for the first question" in file.getvalue()
    picture.moved(at(3))
    to.print(picture)
    shown = file.getvalue()
    assert "resumed: 4 recorded steps replayed in 9 ms, 1 in flight sent again" in shown
    assert "↺   1. Is it alive?  no  recorded, not asked again" in shown
    assert "question 4 of 20" in shown
    assert "\x1b" not in shown
    picture.ended = Ended(Usage(requests=4), 1.0)
    to.print(picture)
    assert file.getvalue().count("question 4 of 20") == 1


def test_a_lost_game_says_what_it_was_and_what_was_invented() -> None:
    document = GameDocument("g1", LOST)
    text = game_markdown(document)
    assert text.startswith("# Not found after 3 questions: potato; it was piano\n")
    assert "> The answer rests on a turn that was never played: Is it a potato? yes" in text
    assert "2. Is it evil [bold]? **can't tell**" in text
    assert "rule-based stand-in" in text
    to, file = console()
    to.print(game_view(document))
    assert "\x1b" not in file.getvalue() + text
    assert (game_data(document)["supported"], game_data(document)["job"]) == (False, "g1")


def test_an_answer_out_of_nothing_is_said_to_be_one() -> None:
    result = LOST.model_copy(update={"evidence": [], "invented": []})
    assert replace(GameDocument("g1", LOST), result=result).doubts == ["The answer rests on no recorded turn."]


def test_a_game_is_written_in_each_format_but_html(tmp_path: Path) -> None:
    for name in ("g.md", "g.json", "g.txt"):
        deliver(GameDocument("g1", LOST), None, tmp_path / name)
        assert "it was piano" in (tmp_path / name).read_text() or '"secret": "piano"' in (tmp_path / name).read_text()
    with pytest.raises(UsageError, match="g1 is a game, which has no HTML page"):
        deliver(GameDocument("g1", LOST), Format.HTML, None)
