"""Progress as plain lines on standard error: what a log or a pipe gets. A line for each change, none for the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console

from outlast.cli.console import stderr
from outlast.cli.story import ENDED, Begun, Ended, Resumed, Snapshot, Trouble, Where, found
from outlast.render.document import dollars
from outlast.render.plaintext import one_line
from outlast.research.models import Plan
from outlast.research.state import Progress, Stage
from outlast.usage.meter import Usage

_STAGES = {
    Stage.PLANNING: "planning",
    Stage.AWAITING_APPROVAL: "the plan awaits approval",
    Stage.SEARCHING: "searching",
    Stage.ANALYSING: "analysing",
}


class Lines:
    """What lines of every kind of job have in common.

    Args:
        console: Where to.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or stderr()
        self._waiting: str | None = None
        self._told: set[str] = set()
        self._job_id = ""
        self.recorded = 0
        """Searches or questions that were recorded before this command."""

    def began(self, begun: Begun) -> None:
        """Which job, and how to go on with it."""
        self._job_id, self.recorded = begun.job_id, begun.recorded
        verb = "goes on" if begun.known else "started"
        how = f"; resume it with: {begun.again}" if begun.again else ""
        self._line(f"{begun.job_id} {verb} ({begun.place}){how}")

    def resumed(self, resumed: Resumed) -> None:
        """What was replayed."""
        self._line(str(resumed))

    def note(self, text: str) -> None:
        """One line."""
        self._line(text)

    def busy(self, text: str) -> None:
        """One line for all of it."""
        what = text.partition(":")[0]
        if what not in self._told:
            self._told.add(what)
            self._line(what)

    def ended(self, ended: Ended) -> None:
        """Totals."""
        self._line(f"complete after {ended.seconds:.1f} s: {usage_words(ended.usage)}")

    def failed(self, why: str) -> None:
        """Told by `entry`, as every error is."""

    def show_plan(self, plan: Plan) -> None:
        """The plan, a line for each search."""
        self._line(f"plan: {plan.summary}")
        for number, search in enumerate(plan.searches, start=1):
            self._line(f"  {number}. {one_line(search.query)}: {one_line(search.purpose)}")

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Lines are in nobody's way."""
        yield

    def close(self) -> None:
        """Nothing to put back."""

    def _trouble_lines(self, troubles: Sequence[Trouble]) -> Iterator[str]:
        for trouble in troubles:
            seen = f"{trouble.kind} {trouble.attempt} {trouble.reason}"
            if seen not in self._told:
                self._told.add(seen)
                yield f"failed, will be tried again: {one_line(str(trouble), 400)}"

    def _waiting_lines(self, progress: Where) -> Iterator[str]:
        if progress.waiting_for != self._waiting:
            self._waiting = progress.waiting_for
            if progress.waiting_for:
                yield f"waits for {progress.waiting_for}"

    def _line(self, text: str) -> None:
        self._console.print(one_line(text), soft_wrap=True)


class LineView(Lines):
    """Writes lines on a research job.

    Args:
        console: Where to.
    """

    def __init__(self, console: Console | None = None) -> None:
        super().__init__(console)
        self._stage: Stage | None = None
        self._ended_searches: set[int] = set()

    def moved(self, snapshot: Snapshot) -> None:
        """What is new since the last time."""
        progress = snapshot.progress
        for line in (*self._stage_lines(progress), *self._search_lines(progress)):
            self._line(line)
        for line in self._trouble_lines(snapshot.troubles):
            self._line(line)

    def _stage_lines(self, progress: Progress) -> Iterator[str]:
        if progress.stage is not self._stage:
            if (self._stage is None and progress.searches) or self._stage is Stage.PLANNING:
                yield f"plan: {len(progress.searches)} searches"
            self._stage = progress.stage
            if progress.stage in _STAGES:
                yield _STAGES[progress.stage]
        yield from self._waiting_lines(progress)

    def _search_lines(self, progress: Progress) -> Iterator[str]:
        for index, search in enumerate(progress.searches):
            if index in self._ended_searches or search.state not in ENDED:
                continue
            self._ended_searches.add(index)
            count = f"{len(self._ended_searches)}/{len(progress.searches)}"
            yield f"search {count}: {one_line(search.query)} ({found(search)})"


class QuietView(Lines):
    """Tells only what a person has to know: that a job waits, and how to go on with it."""

    def began(self, begun: Begun) -> None:
        """Nothing."""
        self._job_id = begun.job_id

    def resumed(self, resumed: Resumed) -> None:
        """Nothing."""

    def moved(self, snapshot: Snapshot[Any]) -> None:
        """Only what it waits for."""
        waiting = snapshot.progress.waiting_for
        if waiting != self._waiting and waiting:
            self._line(f"{self._job_id} waits for {waiting}")
        self._waiting = waiting

    def busy(self, text: str) -> None:
        """Nothing."""

    def ended(self, ended: Ended) -> None:
        """Nothing."""


def usage_words(usage: Usage) -> str:
    """Usage in one line."""
    more = " or more" if usage.unpriced_requests else ""
    return (
        f"{usage.requests} requests, {usage.input_tokens:,} tokens in, {usage.output_tokens:,} out, "
        f"{dollars(usage.cost_usd)}{more}"
    )
