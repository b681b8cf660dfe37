"""What `outlast run` and `outlast play` have to tell, apart from how it is shown: on a terminal, as lines, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, Protocol

from typing_extensions import TypeVar

from outlast.research.models import CutReason, Plan, Report
from outlast.research.state import Progress, SearchProgress, SearchState, Stage
from outlast.usage.meter import Usage

ProgressT = TypeVar("ProgressT", covariant=True, default=Progress)
ShownT = TypeVar("ShownT", contravariant=True, default=Progress)

ENDED = (SearchState.DONE, SearchState.CUT)


@dataclass(frozen=True, slots=True)
class Begun:
    """A job that is started, or gone on with, now."""

    job_id: str
    query: str
    known: bool
    """Whether it was there before."""
    again: str
    """The command that goes on with it; empty for a run that can't be resumed."""
    place: str
    """Where it runs: `embedded`, an address, or `this process`."""
    ui: str = ""
    """Its page in Temporal's web UI."""
    recorded: int = 0
    """Searches or questions that were recorded before this command."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """How a job was taken up again."""

    replayed_steps: int
    """Recorded steps whose results came from history."""
    replay_ms: float
    sent_again: int
    """Steps that were in flight when their worker died."""
    elsewhere: int
    """Steps that other workers are at."""

    def __str__(self) -> str:
        parts = [f"{_count(self.replayed_steps, 'recorded step')} replayed in {self.replay_ms:.0f} ms"]
        if self.sent_again:
            parts.append(f"{self.sent_again} in flight sent again")
        if self.elsewhere:
            parts.append(f"{self.elsewhere} under way in other workers")
        return "resumed: " + ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Trouble:
    """A step whose last attempt failed."""

    kind: str
    attempt: int
    """The attempt that comes, or runs."""
    reason: str
    next_attempt: datetime | None
    """When it comes; None when it runs."""

    def __str__(self) -> str:
        if self.next_attempt is None:
            when = f"attempt {self.attempt} runs"
        else:
            wait = max(0.0, (self.next_attempt - datetime.now(UTC)).total_seconds())
            when = f"attempt {self.attempt} in {wait:.0f} s" if wait >= 1 else f"attempt {self.attempt} now"
        return f"{step_name(self.kind)}: {self.reason} ({when})"


class Where(Protocol):
    """Progress of any kind of job."""

    usage: Usage
    waiting_for: str | None


@dataclass(frozen=True, slots=True)
class Snapshot(Generic[ProgressT]):
    """Where a job is."""

    progress: ProgressT
    troubles: Sequence[Trouble] = ()


def completed(last: Progress | None, report: Report, usage: Usage) -> Snapshot:
    """What a research job came to by the end, which may have been reached between two looks."""
    cut = {item.subject for item in report.cut if item.reason in (CutReason.SEARCH_FAILED, CutReason.BUDGET)}
    searches = [
        search if search.state in ENDED else search.model_copy(update={"state": _end(search.query, cut)})
        for search in (last.searches if last else []) or _searches(report)
    ]
    return Snapshot(Progress(stage=Stage.COMPLETE, searches=searches, usage=usage))


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended, in this command's eyes."""

    usage: Usage
    seconds: float
    """Since this command began with it."""


class View(Protocol[ShownT]):
    """Shows the story."""

    def began(self, begun: Begun) -> None:
        """A job was started or found."""
        ...

    def resumed(self, resumed: Resumed) -> None:
        """It was taken up again."""
        ...

    def moved(self, snapshot: Snapshot[ShownT]) -> None:
        """Where it is now; told often, also when nothing changed."""
        ...

    def note(self, text: str) -> None:
        """Something that a person should know."""
        ...

    def busy(self, text: str) -> None:
        """Something that takes a while, such as an index that is built; told often, on any thread."""
        ...

    def ended(self, ended: Ended) -> None:
        """It is complete; the report follows."""
        ...

    def failed(self, why: str) -> None:
        """It could not be started, or ended without a report; `entry` tells people."""
        ...

    def show_plan(self, plan: Plan) -> None:
        """The plan, before a person is asked about it."""
        ...

    def aside(self) -> AbstractContextManager[None]:
        """A block in which the terminal belongs to somebody else, such as a question."""
        ...

    def close(self) -> None:
        """Leave the terminal as it was found."""
        ...


def found(search: SearchProgress) -> str:
    """What an ended search brought."""
    if search.state is SearchState.CUT:
        return "cut"
    return "1 passage" if search.passages == 1 else f"{search.passages} passages" if search.passages else "done"


def _searches(report: Report) -> list[SearchProgress]:
    return [SearchProgress(query=search.query, state=SearchState.DONE) for search in report.searches]


def _end(query: str, cut: set[str]) -> SearchState:
    return SearchState.CUT if query in cut else SearchState.DONE


def step_name(kind: str) -> str:
    """An activity type in words: `agent__searcher__model_request` is a searcher's model request."""
    parts = kind.split("__")
    if len(parts) >= 3 and parts[0] == "agent":
        return f"{parts[1]}, {' '.join(parts[2:]).replace('_', ' ')}"
    return kind.replace("_", " ").strip()


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
