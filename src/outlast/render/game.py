"""A game for people: its transcript, the answer, whether that is right, and whether recorded turns bear it out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from outlast import __version__
from outlast.games.models import Answer, GameResult, Turn
from outlast.render.document import STAND_IN, STAND_IN_NOTICE
from outlast.render.plaintext import one_line

CANT_TELL = "can't tell"
"""Said for an oracle that has nothing on a question."""

COLOURS = {
    Answer.YES: "green",
    Answer.KIND_OF: "green",
    Answer.NOT_REALLY: "yellow",
    Answer.NO: "red",
    Answer.COMPLETELY_WRONG: "bold red",
    None: "dim",
}


@dataclass(frozen=True, slots=True)
class GameDocument:
    """A result, and which game it came from."""

    job_id: str
    result: GameResult
    ended: datetime | None = None

    @property
    def by_stand_in(self) -> bool:
        """Whether rules played any of it."""
        return any(model.startswith(STAND_IN) for model in self.result.models.values())

    @property
    def verdict(self) -> str:
        """Who won, in a line."""
        asked = counted(self.result.steps)
        if self.result.won:
            return f"Found after {asked}: {self.result.answer}"
        return f"Not found after {asked}: {self.result.answer or 'no answer'}; it was {self.result.secret}"

    @property
    def doubts(self) -> list[str]:
        """What recorded turns do not bear out."""
        if self.result.invented:
            return [
                f"The answer rests on a turn that was never played: {turn.question} {said(turn)}"
                for turn in self.result.invented
            ]
        return [] if self.result.supported else ["The answer rests on no recorded turn."]


def said(turn: Turn) -> str:
    """An answer in words."""
    return turn.answer.value if turn.answer else CANT_TELL


def counted(questions: int) -> str:
    """A number of questions."""
    return "1 question" if questions == 1 else f"{questions} questions"


def transcript(turns: list[Turn], *, first: int = 1) -> Table:
    """Turns as a table."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(justify="right", style="dim")
    grid.add_column()
    grid.add_column()
    for number, turn in enumerate(turns, start=first):
        grid.add_row(f"{number}.", Text(one_line(turn.question)), Text(said(turn), style=COLOURS[turn.answer]))
    return grid


def game_view(document: GameDocument) -> RenderableType:
    """The game, to print."""
    return Group(*_blocks(document))


def game_markdown(document: GameDocument) -> str:
    """The game as Markdown."""
    result = document.result
    lines = [f"# {one_line(document.verdict)}", "", one_line(result.explanation), ""]
    lines += [f"> {one_line(doubt)}" for doubt in document.doubts] + ([""] if document.doubts else [])
    lines += [f"{n}. {one_line(turn.question)} **{said(turn)}**" for n, turn in enumerate(result.turns, start=1)]
    if document.by_stand_in:
        lines += ["", f"*{STAND_IN_NOTICE}*"]
    return "\n".join(lines) + "\n"


def game_data(document: GameDocument) -> dict[str, Any]:
    """The game as plain data."""
    data: dict[str, Any] = {"job": document.job_id, "outlast": __version__}
    if document.by_stand_in:
        data["notice"] = STAND_IN_NOTICE
    return {**data, **document.result.model_dump(mode="json"), "supported": document.result.supported}


def _blocks(document: GameDocument) -> Iterator[RenderableType]:
    result = document.result
    yield Text()
    yield Padding(transcript(result.turns), (0, 1))
    yield Text()
    yield Padding(Text(one_line(document.verdict), style="bold green" if result.won else "bold red"), (0, 1))
    yield Padding(Text(one_line(result.explanation)), (0, 1))
    for doubt in document.doubts:
        yield Padding(Text(one_line(doubt), style="yellow"), (0, 1))
    if document.by_stand_in:
        yield Padding(Text(STAND_IN_NOTICE, style="dim"), (0, 1))
