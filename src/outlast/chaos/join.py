"""History and ledger side by side: each step with the requests that name it, and what belongs to nothing.

A ledger outlives the histories that Temporal keeps for some days, so an id may have been that of another job before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from outlast.chaos.records import JobRecord, StepRecord
from outlast.ledger import LedgerRow

OK = "ok"
CUT = "cut"


@dataclass(frozen=True, slots=True)
class LedgerCopy:
    """One ledger as it was read: all of its rows, not those of some job, or gaps mean nothing."""

    origin: str
    """File or URL, for people."""
    rows: tuple[LedgerRow, ...]


@dataclass(frozen=True, slots=True)
class JoinedStep:
    """A step and the requests made for it."""

    job: str
    step: StepRecord
    rows: tuple[LedgerRow, ...]
    """In the order in which they began."""

    def of_attempt(self, number: int) -> tuple[LedgerRow, ...]:
        """The requests of one attempt."""
        return tuple(row for row in self.rows if row.attempt == number)

    def sent_again(self) -> tuple[LedgerRow, ...]:
        """Requests that a later attempt made again, to the same server or source."""
        return tuple(row for row in self.rows if self.next_send(row) is not None)

    def next_send(self, row: LedgerRow) -> LedgerRow | None:
        """The first request of a later attempt to the same server or source."""
        return next(
            (later for later in self.rows if later.name == row.name and _number(later) > _number(row)),
            None,
        )

    def over(self, attempt: int) -> float:
        """The latest moment at which an attempt can have been under way: the first sign of a later one, or the end."""
        signs = [row.started for row in self.rows if _number(row) > attempt]
        if self.step.started is not None and self.step.attempt is not None and self.step.attempt > attempt:
            signs.append(self.step.started)
        if not signs and self.step.closed is not None:
            signs.append(self.step.closed)
        return min(signs, default=float("inf"))

    def __str__(self) -> str:
        return str(self.step)


@dataclass(frozen=True, slots=True)
class JoinedJob:
    """A job and its steps with their requests."""

    record: JobRecord
    steps: tuple[JoinedStep, ...]
    strays: tuple[LedgerRow, ...]
    """Requests that name the job and none of its steps."""
    earlier: tuple[LedgerRow, ...] = ()
    """Requests of a job that had the same id before this one began; its history is gone."""

    @property
    def rows(self) -> tuple[LedgerRow, ...]:
        """Every request that names the job."""
        return (*(row for step in self.steps for row in step.rows), *self.strays)


def join(record: JobRecord, ledgers: Sequence[LedgerCopy], skew: float = 0.0) -> JoinedJob:
    """Put the requests of a job beside its steps."""
    by_step: dict[tuple[str, str], list[LedgerRow]] = {(step.run, step.activity): [] for step in record.steps}
    runs = {run.run for run in record.runs}
    strays: list[LedgerRow] = []
    earlier: list[LedgerRow] = []
    for row in distinct(row for ledger in ledgers for row in ledger.rows if row.job == record.job):
        named = by_step.get((row.run or "", row.activity or ""))
        if named is not None and row.step is not None:
            named.append(row)
        elif row.run is not None and row.run not in runs and row.started < record.began - skew:
            earlier.append(row)
        else:
            strays.append(row)
    steps = (
        JoinedStep(record.job, step, tuple(sorted(by_step[step.run, step.activity], key=lambda row: row.started)))
        for step in record.steps
    )
    return JoinedJob(record, tuple(steps), tuple(strays), tuple(earlier))


def distinct(rows: Iterable[LedgerRow]) -> list[LedgerRow]:
    """Rows of several ledgers without those that are in two of them; the completed one stands."""
    found: dict[tuple[str, int], LedgerRow] = {}
    for row in rows:
        known = found.get((row.request_id, row.seq))
        if known is None or known.is_open:
            found[row.request_id, row.seq] = row
    return list(found.values())


def _number(row: LedgerRow) -> int:
    return row.attempt or 0
