from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter

import pytest

from outlast.chaos.causes import cause_of, count
from outlast.chaos.interruptions import Interruption, Target
from outlast.chaos.records import Failed
from outlast.chaos.verdict import Verdict
from outlast.ledger import LedgerRow

from .building import SEARCH, joined, row, step

DIED = Failed("WorkerDied", "the worker worker-1 died")
SILENT = Failed("HEARTBEAT", timed_out=True)
REFUSED = Failed("ModelAPIError", "All connection attempts failed.")
DRAINED = Failed("OutlivedDrain", "attempt 1 outlived the drain of its worker")
LIMITED = Failed("ModelHTTPError", "HTTP 429")


@dataclass(frozen=True)
class Case:
    """The first attempt of two was this row; what the history and witnesses say; what the cause is called."""

    name: str
    first: LedgerRow
    verdict: Verdict
    cause: str
    failures: dict[int, Failed] | None = None
    known: tuple[Interruption, ...] = ()
    attempts: int = 2
    """The second row is of the last one."""


def died(at: float, target: Target = Target.WORKER, until: float | None = None) -> Interruption:
    return Interruption(target, at, at if until is None else until, "process 7", "kill test")


CASES = [
    Case("an injected 429", row(outcome="fault:429", fault="429"), Verdict.TRUE, "fault 429", {1: LIMITED}),
    Case("an injected fault needs no history", row(outcome="fault:reset"), Verdict.TRUE, "fault reset"),
    Case("a refusal by the server", row(outcome="error:stopped"), Verdict.TRUE, "refused: stopped"),
    Case("a stall that the client gave up", row(outcome="cut", fault="stall"), Verdict.TRUE, "fault stall"),
    Case("cut by a reported death", row(outcome="cut"), Verdict.TRUE, "cut: worker died", {1: DIED}),
    Case("cut at the end of a drain", row(outcome="cut"), Verdict.TRUE, "cut: outlived the drain", {1: DRAINED}),
    Case("a stall that outlived the drain", row(outcome="cut", fault="stall"), Verdict.TRUE,
         "cut: outlived the drain", {1: DRAINED}),
    Case("cut by a missed heartbeat", row(outcome="cut"), Verdict.TRUE, "cut: heartbeat missed", {1: SILENT}),
    Case("heartbeat, seen", row(outcome="cut"), Verdict.TRUE, "cut: worker died", {1: SILENT}, (died(101.5),)),
    Case("cut by a death that was seen", row(outcome="cut"), Verdict.TRUE, "cut: worker died", known=(died(101.5),)),
    Case("a death before the request began", row(outcome="cut"), Verdict.UNKNOWN, "cut: nobody saw why",
         known=(died(100.9),)),
    Case("a death after the next attempt began", row(outcome="cut"), Verdict.UNKNOWN, "cut: nobody saw why",
         known=(died(110.1),)),
    Case("cut, and nobody knows why", row(outcome="cut"), Verdict.UNKNOWN, "cut: nobody saw why"),
    Case("no end, its server died", row(outcome=None), Verdict.TRUE, "cut: model server died",
         known=(died(101.2), died(101.5, Target.MODEL, 105.0))),
    Case("no end, the worker that wrote it died", row(outcome=None, kind="source", name="factbook", step_kind=SEARCH),
         Verdict.TRUE, "cut: worker died", known=(died(101.5), died(101.5, Target.MODEL, 105.0))),
    Case("no end, the connection was lost", row(outcome=None), Verdict.TRUE, "cut: connection lost", {1: REFUSED}),
    Case("no end, then an outage of three attempts", row(outcome=None), Verdict.TRUE, "cut: connection lost",
         {4: REFUSED}, attempts=5),
    Case("cut, though the history says 429", row(outcome="cut"), Verdict.FALSE, "cut: ModelHTTPError", {1: LIMITED}),
    Case("answered, then the worker died", row(), Verdict.TRUE, "report lost: worker died", {1: DIED}),
    Case("answered, the death was seen", row(), Verdict.TRUE, "report lost: worker died", known=(died(102.5),)),
    Case("answered while Temporal was away", row(), Verdict.TRUE, "report lost: Temporal was away", {1: SILENT},
         (died(90.0, Target.TEMPORAL, 104.0),)),
    Case("answered, then a standstill of three attempts", row(), Verdict.TRUE, "report lost: heartbeat missed",
         {4: SILENT}, attempts=5),
    Case("answered, then a limit that another attempt met", row(), Verdict.UNKNOWN, "report lost: nobody saw why",
         {4: LIMITED}, attempts=5),
    Case("answered, and the history says 429", row(), Verdict.FALSE, "report lost: ModelHTTPError", {1: LIMITED}),
    Case("answered, and asked again for nothing", row(), Verdict.UNKNOWN, "report lost: nobody saw why"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=attrgetter("name"))
def test_cause(case: Case) -> None:
    again = row(seq=2, attempt=case.attempts, started=110.0, kind=case.first.kind, name=case.first.name)
    recorded = step(attempt=case.attempts, started=109.5, completed=111.0, failures=case.failures or {})
    cause = cause_of(joined(recorded, case.first, again), case.first, case.known, skew=0.0)
    assert (cause.verdict, cause.name) == (case.verdict, case.cause), cause.evidence


def test_skew_widens_the_time_in_which_a_death_can_have_struck() -> None:
    first, again = row(outcome="cut"), row(seq=2, attempt=2, started=110.0)
    both = joined(step(attempt=2, started=109.5), first, again)
    assert cause_of(both, first, [died(100.9)], skew=0.2).verdict is Verdict.TRUE


def test_counts_by_name() -> None:
    both = joined(step(attempt=2), row(outcome="fault:429"), row(seq=2, attempt=2))
    cause = cause_of(both, both.rows[0], [], skew=0.0)
    assert count([cause, cause]) == {"fault 429": 2}
