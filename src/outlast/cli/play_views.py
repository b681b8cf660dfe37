"""A game as it is played: the transcript on a terminal, or a line for each turn. Only recorded turns are shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import RenderableType
from rich.text import Text

from outlast.cli.lines import Lines
from outlast.cli.picture import SPARE_LINES, Frame, spinning
from outlast.cli.story import Snapshot
from outlast.games.models import Turn
from outlast.games.state import GameProgress, GameStage
from outlast.render.game import COLOURS, counted, said
from outlast.render.plaintext import one_line

REPLAYED = "recorded, not asked again"

LEAST_TURNS = 5
"""Turns shown however low the terminal is."""


class GameLines(Lines):
    """Writes a line for each turn."""

    _shown = 0

    def moved(self, snapshot: Snapshot[GameProgress]) -> None:
        """The turns that are new since the last time."""
        progress = snapshot.progress
        for number, turn in enumerate(progress.turns[self._shown :], start=self._shown + 1):
            again = f" ({REPLAYED})" if number <= self.recorded else ""
            self._line(f"{number}. {one_line(turn.question)} {said(turn)}{again}")
        self._shown = max(self._shown, len(progress.turns))
        for line in (*self._waiting_lines(progress), *self._trouble_lines(snapshot.troubles)):
            self._line(line)


@dataclass
class GamePicture(Frame[GameProgress]):
    """A game on a terminal."""

    def _body(self, width: int, height: int) -> Iterator[RenderableType]:
        if self.snapshot is None:
            yield spinning(" Waiting for the first question", indent="  ")
            return
        progress = self.snapshot.progress
        room = max(LEAST_TURNS, height - SPARE_LINES)
        hidden = max(0, len(progress.turns) - room)
        if hidden:
            yield Text(f"      {counted(hidden)} before these", style="dim")
        for number, turn in enumerate(progress.turns[hidden:], start=hidden + 1):
            yield self._turn(number, turn, width)
        if progress.waiting_for:
            yield Text(f"  waits for {one_line(progress.waiting_for, width - 12)}", style="bold yellow")
        elif progress.stage is GameStage.PLAYING and self.ended is None:
            yield spinning(f" question {len(progress.turns) + 1} of {progress.max_questions}", indent="  ")

    def _turn(self, number: int, turn: Turn, width: int) -> Text:
        recorded = self.begun.recorded if self.begun else 0
        again = f"  {REPLAYED}" if number <= recorded else ""
        question = one_line(turn.question, max(20, width - 30 - len(again)))
        mark = ("↺ ", "green") if again else ("  ", "")
        return Text.assemble(
            mark, (f"{number:>3}. ", "dim"), question, "  ", (said(turn), COLOURS[turn.answer]), (again, "dim")
        )
