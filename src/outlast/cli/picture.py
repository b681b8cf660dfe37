"""One frame of a job's progress: a pure function of what is known, so that it can be tested without a terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from outlast.cli.lines import usage_words
from outlast.cli.story import ENDED, Begun, Ended, Resumed, Snapshot, Where, found
from outlast.render.plaintext import one_line
from outlast.research.models import Plan
from outlast.research.state import Progress, SearchProgress, SearchState, Stage

ProgressT = TypeVar("ProgressT", bound=Where)

SPARE_LINES = 14
"""Lines of a terminal that are not for searches: a frame that is higher than the screen would flicker."""

LEAST_SEARCHES = 5
"""Searches shown however low the terminal is."""

_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"

_ORDER = (Stage.PLANNING, Stage.AWAITING_APPROVAL, Stage.SEARCHING, Stage.ANALYSING, Stage.COMPLETE)


@dataclass
class Frame(Generic[ProgressT]):
    """What is known of a job of any kind, drawn when Rich asks for it."""

    began: float
    """Clock reading when the command began."""
    begun: Begun | None = None
    resumed: Resumed | None = None
    snapshot: Snapshot[ProgressT] | None = None
    ended: Ended | None = None
    doing: str = ""

    def moved(self, snapshot: Snapshot[ProgressT]) -> None:
        """Where the job is now."""
        self.snapshot = snapshot

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw."""
        if self.begun is None:
            return
        yield from self._head()
        yield from self._body(options.max_width, console.height)
        if self.snapshot is not None:
            yield from self._troubles(self.snapshot, options.max_width)
        if self.doing and self.ended is None:
            yield Text(one_line(self.doing, options.max_width), style="dim")
        yield self._foot()

    def _head(self) -> Iterator[Text]:
        begun = self.begun
        assert begun is not None  # noqa: S101 - drawn only once it began
        yield Text.assemble(
            ("● ", "cyan"), (one_line(begun.job_id), "bold"), ("  ", ""), (one_line(begun.query), "italic")
        )
        if begun.again:
            yield Text(f"  resume with: {begun.again}", style="dim")
        if self.resumed is not None:
            yield Text(f"  ↺ {self.resumed}", style="green")

    def _body(self, width: int, height: int) -> Iterator[RenderableType]:
        """What is particular to a kind of job."""
        raise NotImplementedError

    def _troubles(self, snapshot: Snapshot[ProgressT], width: int) -> Iterator[Text]:
        for trouble in snapshot.troubles[:3]:
            yield Text(f"  ! {one_line(str(trouble), width - 5)}", style="yellow")
        if len(snapshot.troubles) > 3:
            yield Text(f"  ! and {len(snapshot.troubles) - 3} more steps that failed", style="yellow")

    def _foot(self) -> Text:
        seconds = self.ended.seconds if self.ended else time.monotonic() - self.began
        usage = self.ended.usage if self.ended else (self.snapshot.progress.usage if self.snapshot else None)
        used = f"{usage_words(usage)}, " if usage and usage.requests else ""
        return Text(f"  {used}{seconds:.1f} s", style="bold" if self.ended else "")


@dataclass
class Picture(Frame[Progress]):
    """A research job."""

    recorded: set[int] = field(default_factory=set)
    """Searches that were recorded before this command began with the job."""

    def moved(self, snapshot: Snapshot) -> None:
        """Where the job is now."""
        if self.snapshot is None and self.begun is not None and self.begun.known:
            self.recorded = {i for i, search in enumerate(snapshot.progress.searches) if search.state in ENDED}
        super().moved(snapshot)
        self.doing = "" if snapshot.progress.searches_done else self.doing

    def _body(self, width: int, height: int) -> Iterator[RenderableType]:
        if self.snapshot is None:
            known = self.begun is not None and self.begun.known
            yield self._step(Stage.PLANNING, "Waiting for the first worker" if known else "Planning")
        else:
            yield from self._steps(self.snapshot.progress, width, height)

    def _steps(self, progress: Progress, width: int, height: int) -> Iterator[Text | Table]:
        stage, searches = progress.stage, progress.searches
        yield self._step(Stage.PLANNING, f"Plan: {len(searches)} searches" if searches else "Planning", stage)
        if stage is Stage.AWAITING_APPROVAL:
            yield self._step(Stage.AWAITING_APPROVAL, "The plan awaits your approval", stage)
        if not searches:
            return
        yield self._step(Stage.SEARCHING, f"Searches: {progress.searches_done} of {len(searches)}", stage)
        yield from self._searches(searches, width, max(LEAST_SEARCHES, height - SPARE_LINES))
        yield self._step(Stage.ANALYSING, "Analysis", stage)
        if progress.waiting_for and stage is not Stage.AWAITING_APPROVAL:
            yield Text(f"  waits for {one_line(progress.waiting_for, width - 12)}", style="bold yellow")

    def _step(self, step: Stage, words: str, stage: Stage | None = None) -> Text:
        now = _ORDER.index(stage) if stage is not None else 0
        place = _ORDER.index(step)
        if place < now or self.ended is not None:
            return Text.assemble(("  ✓ ", "green"), words)
        if place > now:
            return Text.assemble(("  · ", "dim"), (words, "dim"))
        return spinning(f" {words}", indent="  ")

    def _searches(self, searches: list[SearchProgress], width: int, room: int) -> Iterator[Table]:
        shown = _most_telling(searches, room)
        grid = Table.grid(padding=(0, 1))
        grid.add_column(width=5, justify="right")
        grid.add_column(max_width=max(20, width - 32), no_wrap=True, overflow="ellipsis")
        grid.add_column(no_wrap=True)
        for index in shown:
            grid.add_row(*self._search(index, searches[index]))
        if len(shown) < len(searches):
            grid.add_row("", Text(f"and {len(searches) - len(shown)} more", style="dim"), "")
        yield grid

    def _search(self, index: int, search: SearchProgress) -> tuple[Text, Text, Text]:
        query = Text(one_line(search.query))
        match search.state:
            case SearchState.DONE:
                mark = ("↺", "recorded, not repeated") if index in self.recorded else ("✓", "")
                return Text(mark[0], style="green"), query, Text(f"{found(search)}  {mark[1]}".rstrip(), style="dim")
            case SearchState.CUT:
                return Text("✗", style="red"), query, Text("cut", style="red")
            case SearchState.RUNNING:
                return spinning(""), query, Text()
            case _:
                return Text("·", style="dim"), Text(query.plain, style="dim"), Text()


def plan_picture(plan: Plan) -> Table:
    """A plan as a table."""
    table = Table(title=one_line(plan.summary), title_justify="left", title_style="bold", box=None, padding=(0, 1))
    table.add_column("", justify="right", style="dim")
    table.add_column("Search")
    table.add_column("Purpose", style="dim")
    for number, search in enumerate(plan.searches, start=1):
        table.add_row(Text(str(number)), Text(one_line(search.query)), Text(one_line(search.purpose)))
    if plan.analysis_instructions:
        table.caption = Text(f"Then: {one_line(plan.analysis_instructions)}")
        table.caption_justify = "left"
    return table


def spinning(words: str, *, indent: str = "") -> Text:
    """Words on something under way."""
    frame = _FRAMES[int(time.monotonic() * 10) % len(_FRAMES)]
    return Text(f"{indent}{frame}{words}", style="cyan")


def _most_telling(searches: list[SearchProgress], room: int) -> list[int]:
    """Which searches to show where there is no room for all: those under way, then those that ended last."""
    if len(searches) <= room:
        return list(range(len(searches)))
    rank = {SearchState.RUNNING: 0, SearchState.CUT: 1, SearchState.DONE: 2, SearchState.PLANNED: 3}
    first = sorted(range(len(searches)), key=lambda i: (rank[searches[i].state], -i))[: room - 1]
    return sorted(first)
