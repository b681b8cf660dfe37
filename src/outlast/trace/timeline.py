"""What a drawing of jobs shows: a row for each worker, a bar for each attempt at a step, a mark for each event.

Plain values, made by `build.py` and read by every renderer. Times are epoch seconds, as in histories and ledgers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from outlast.usage.meter import Usage


class Fate(StrEnum):
    """What became of one attempt at a step."""

    DONE = "done"
    """Its result was recorded."""
    RETRIED = "retried"
    """It failed, and the step was attempted again."""
    CUT = "cut"
    """Its worker died or fell silent, or its report was lost; the step was attempted again."""
    FAILED = "failed"
    """It failed for good."""
    CANCELLED = "cancelled"
    RUNNING = "running"
    """It is under way."""
    WAITING = "waiting"
    """The step waits for a worker, or for its next attempt."""


class MarkKind(StrEnum):
    """What kind of event a mark stands for."""

    BEGAN = "began"
    """A worker took the job up for the first time."""
    RESUMED = "resumed"
    """Another worker took it up, and replayed what was recorded."""
    CONTINUED = "continued"
    """The job went on as a new run, since its history grew long."""
    KILLED = "killed"
    """A worker died."""
    AWAY = "away"
    """Something that jobs need, Temporal or a model server, died or was out of reach."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One attempt at a step."""

    job: str
    run: str
    activity: str
    kind: str
    """Activity type."""
    role: str
    """The agent it serves; empty for other steps."""
    attempt: int
    """0 while the step waits for its first one."""
    start: float
    end: float
    """When its end was recorded, or known at the latest; the time of reading while it is under way."""
    sure_until: float
    """Up to when it certainly went on; before `end` for an attempt that was cut at a moment that nobody saw."""
    fate: Fate
    surmised: bool = False
    """Whether its worker and times were worked out from what surrounds it: Temporal keeps the last attempt alone."""
    why: str = ""
    """What ended it, for one that brought no result."""
    model: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: Decimal | None = None
    """Dollars; None for what no model was asked for, or whose model has no price."""

    @property
    def asks_model(self) -> bool:
        """Whether a recorded response of a model belongs to it."""
        return self.input_tokens is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One event."""

    kind: MarkKind
    at: float
    """When it happened, or the earliest moment at which it can have."""
    until: float
    """The latest such moment; for something that was away, when it was back."""
    text: str
    """A sentence."""
    job: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """What one worker did."""

    name: str
    """Short, for people."""
    identity: str
    """As the worker signs; empty for steps of which nobody can tell who made them."""
    bars: tuple[Bar, ...] = ()
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """One job, or several that ran side by side."""

    title: str
    jobs: tuple[str, ...]
    status: str
    """Of the only job; of several, how many are how."""
    began: float
    ended: float
    """The last recorded moment; the time of reading while a job goes on."""
    rows: tuple[Row, ...]
    """In the order in which workers appeared."""
    marks: tuple[Mark, ...] = ()
    """Events that belong to no worker."""
    usage: dict[str, Usage] = field(default_factory=dict)
    """Recorded usage by role."""
    notes: tuple[str, ...] = ()
    """What could not be read or told, in sentences."""

    @property
    def bars(self) -> list[Bar]:
        """Of all rows, in the order of time."""
        return sorted((bar for row in self.rows for bar in row.bars), key=lambda bar: (bar.start, bar.activity))

    @property
    def events(self) -> list[tuple[str, Mark]]:
        """Marks with the name of their row, in the order of time."""
        told = [("", mark) for mark in self.marks]
        told += [(row.name, mark) for row in self.rows for mark in row.marks]
        return sorted(told, key=lambda pair: pair[1].at)

    @property
    def total(self) -> Usage:
        """Recorded usage of all roles."""
        return sum(self.usage.values(), Usage())

    def count(self, fate: Fate) -> int:
        """How many attempts ended so."""
        return sum(bar.fate is fate for bar in self.bars)


def roles_of(timelines: Iterable[Timeline]) -> list[str]:
    """The agents in them, in the order in which they first acted; renderers colour by position."""
    return list(dict.fromkeys(bar.role for timeline in timelines for bar in timeline.bars if bar.role))
