"""What a comparison tells while it goes on: on a terminal, as plain lines, or as JSON lines for machines."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from outlast.cli.console import stderr, stdout
from outlast.cli.lines import QuietView
from outlast.evals.baseline import Regression
from outlast.evals.comparison import Comparison, Run
from outlast.evals.manifest import Manifest
from outlast.render.document import dollars
from outlast.render.jsonreport import dump
from outlast.render.plaintext import one_line

FRAMES_PER_SECOND = 4


@dataclass(frozen=True, slots=True)
class Begun:
    """A comparison that is started, or gone on with, now."""

    id: str
    manifest: Manifest
    runs: int
    """For each model."""
    known: bool
    """Whether it was there before."""
    again: str
    """The command that goes on with it."""


@dataclass(slots=True)
class Tally:
    """What came of one model so far."""

    runs: int
    ended: int = 0
    found: int = 0
    """Runs that were there already."""
    right: int = 0
    invented: int = 0
    cost: float = 0.0

    def add(self, run: Run) -> None:
        """One more."""
        self.ended += 1
        self.right += run.right
        self.invented += not run.honest
        self.cost += float(run.measures.cost_usd)


class CompareView(Protocol):
    """Shows how a comparison goes."""

    def began(self, begun: Begun) -> None:
        """It was started or found."""
        ...

    def found(self, model: str) -> None:
        """A run was there already."""
        ...

    def ended_run(self, model: str, run: Run) -> None:
        """A run was judged."""
        ...

    def note(self, text: str) -> None:
        """Something that a person should know."""
        ...

    def busy(self, text: str) -> None:
        """Something that takes a while; told often, on any thread."""
        ...

    def ended(self, comparison: Comparison, worse: Sequence[Regression]) -> None:
        """It is complete."""
        ...

    def failed(self, why: str) -> None:
        """It could not be started or finished; `entry` tells people."""
        ...

    def close(self) -> None:
        """Leave the terminal as it was found."""
        ...


class WorkerView(QuietView):
    """What a worker has to say, passed on."""

    def __init__(self, view: CompareView) -> None:
        super().__init__()
        self._view = view

    def note(self, text: str) -> None:
        """Passed on."""
        self._view.note(text)

    def busy(self, text: str) -> None:
        """Passed on."""
        self._view.busy(text)


class LinesView:
    """Writes a line for each run, and the comparison as a table in the end.

    Args:
        console: Where lines go to.
        quiet: Whether to write notes alone.
    """

    def __init__(self, console: Console | None = None, *, quiet: bool = False) -> None:
        self._console = console or stderr()
        self._quiet = quiet
        self._told: set[str] = set()
        self.tallies: dict[str, Tally] = {}

    def began(self, begun: Begun) -> None:
        """How to go on with it."""
        self.tallies = {model: Tally(begun.runs) for model in begun.manifest.models}
        verb = "goes on" if begun.known else "started"
        self._line(
            f"{begun.id} {verb}: {begun.manifest.task}, {begun.runs} runs each of {', '.join(self.tallies)}; "
            f"resume it with: {begun.again}"
        )

    def found(self, model: str) -> None:
        """Counted."""
        self.tallies[model].found += 1

    def ended_run(self, model: str, run: Run) -> None:
        """One line."""
        tally = self.tallies[model]
        tally.add(run)
        self._line(f"{model} {tally.ended}/{tally.runs} {run.case}: {verdict_words(run)}")

    def note(self, text: str) -> None:
        """One line, also when quiet."""
        self._console.print(one_line(text), soft_wrap=True)

    def busy(self, text: str) -> None:
        """One line for all of it."""
        what = text.partition(":")[0]
        if what not in self._told:
            self._told.add(what)
            self._line(what)

    def ended(self, comparison: Comparison, worse: Sequence[Regression]) -> None:
        """The table, on standard output."""
        from outlast.cli.compare_table import comparison_view

        if found := sum(tally.found for tally in self.tallies.values()):
            self._line(f"{found} runs were there already and cost nothing again")
        stdout().print(comparison_view(comparison))

    def failed(self, why: str) -> None:
        """Told by `entry`, as every error is."""

    def close(self) -> None:
        """Nothing to put back."""

    def _line(self, text: str) -> None:
        if not self._quiet:
            self._console.print(one_line(text), soft_wrap=True)


class LiveView(LinesView):
    """Draws a bar for each model."""

    def __init__(self, console: Console | None = None) -> None:
        super().__init__(console)
        self._began = time.monotonic()
        self._doing = ""
        self._head = ""
        self._live: Live | None = None

    def began(self, begun: Begun) -> None:
        """Start to draw."""
        self.tallies = {model: Tally(begun.runs) for model in begun.manifest.models}
        self._head = f"{begun.id}  {begun.manifest.task}  resume it with: {begun.again}"
        self._live = Live(
            console=self._console, refresh_per_second=FRAMES_PER_SECOND, get_renderable=self._picture, transient=True
        )
        self._live.start(refresh=True)

    def ended_run(self, model: str, run: Run) -> None:
        """Counted."""
        self._doing = ""
        self.tallies[model].add(run)

    def busy(self, text: str) -> None:
        """A line below the bars."""
        self._doing = text

    def note(self, text: str) -> None:
        """A line above the bars."""
        (self._live.console if self._live else self._console).print(one_line(text), style="yellow")

    def ended(self, comparison: Comparison, worse: Sequence[Regression]) -> None:
        """Bars make room for the table."""
        self.close()
        super().ended(comparison, worse)

    def close(self) -> None:
        """Stop to draw."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _picture(self) -> RenderableType:
        grid = Table.grid(padding=(0, 2))
        for model, tally in self.tallies.items():
            grid.add_row(
                Text(one_line(model), style="bold"),
                ProgressBar(total=tally.runs, completed=tally.ended, width=28),
                f"{tally.ended}/{tally.runs}",
                Text(f"{tally.right} right", style="green"),
                Text(f"{tally.invented} invented", style="red" if tally.invented else "dim"),
                f"${tally.cost:.4f}",
            )
        seconds = f"{time.monotonic() - self._began:.0f} s"
        return Group(Text(self._head, style="dim"), grid, Text(f"{seconds}  {one_line(self._doing, 100)}", style="dim"))


@dataclass(slots=True)
class JsonView:
    """Writes an event a line; the comparison is the last."""

    found_runs: dict[str, int] = field(default_factory=dict)

    def began(self, begun: Begun) -> None:
        """`began`."""
        manifest = begun.manifest.model_dump(mode="json", exclude={"dataset"}, by_alias=True)
        self._write("began", {"id": begun.id, "runs": begun.runs, "known": begun.known, **manifest})

    def found(self, model: str) -> None:
        """Counted."""
        self.found_runs[model] = self.found_runs.get(model, 0) + 1

    def ended_run(self, model: str, run: Run) -> None:
        """`run`."""
        self._write("run", {"model": model, **run.model_dump(mode="json")})

    def note(self, text: str) -> None:
        """`note`."""
        self._write("note", {"text": text})

    def busy(self, text: str) -> None:
        """Nothing: machines can wait."""

    def ended(self, comparison: Comparison, worse: Sequence[Regression]) -> None:
        """`comparison`, the last line but for notes."""
        data = {
            "read_back": self.found_runs,
            "naive_ranking": [result.model for result in comparison.naive_ranking],
            "honest_ranking": [result.model for result in comparison.honest_ranking],
            "flagged": {result.model: result.why for result in comparison.models if result.flagged},
            "worse": [str(regression) for regression in worse],
        }
        self._write("comparison", {**data, "comparison": comparison.model_dump(mode="json")})

    def failed(self, why: str) -> None:
        """`failed`, the last line."""
        self._write("failed", {"why": why})

    def close(self) -> None:
        """Nothing to put back."""

    def _write(self, event: str, data: dict[str, Any]) -> None:
        sys.stdout.write(dump({"event": event, **data}) + "\n")
        sys.stdout.flush()


def chosen_view(*, quiet: bool, as_json: bool) -> CompareView:
    """The view that suits where it goes."""
    if as_json:
        return JsonView()
    if not quiet and sys.stderr.isatty() and not stderr().is_dumb_terminal:
        return LiveView()
    return LinesView(quiet=quiet)


def verdict_words(run: Run) -> str:
    """How a run ended, in a few words."""
    took = run.measures
    cost = dollars(took.cost_usd) + ("+" if took.unpriced_requests else "")
    said = "failed" if run.failure else "right" if run.right else "wrong"
    return f"{said}{'' if run.honest else ', invented'}, {took.steps} steps, {cost}, {took.seconds:.1f} s"
