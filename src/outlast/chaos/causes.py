"""Why a request was sent again: one name for each, with the evidence, or the admission that nobody can tell.

The ledger speaks first, since it is independent: an injected fault or a refusal is its own evidence. Then the history,
which keeps the failure of the attempt before the last. Only where both are silent do deaths that somebody saw decide,
and only those whose time overlaps.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from outlast.chaos.interruptions import Interruption, Target
from outlast.chaos.join import CUT, OK, JoinedStep
from outlast.chaos.records import Failed
from outlast.chaos.verdict import Verdict
from outlast.durable.takeover import HAND_ON, OUTLIVED_DRAIN, WORKER_DIED
from outlast.ledger import LedgerRow

LOST_CONNECTION = frozenset({"ModelAPIError", "ModelConnectionError", "ModelTimeoutError", "ModelRequestTimeout"})
"""Error types of attempts that ended without an answer from the other side."""

HEARTBEAT = "HEARTBEAT"
"""Type of the timeout that gives a silent worker up."""

OUTAGES = LOST_CONNECTION | {HEARTBEAT}

SHUT_DOWN = frozenset({"WorkerShutdown", "CancelledError", "canceled"})
"""Error types of attempts that a worker gave up because it was told to end."""

_WORDS = {
    Target.WORKER: "worker died",
    Target.TEMPORAL: "Temporal was away",
    Target.MODEL: "model server died",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """Why one request was made again."""

    verdict: Verdict
    """True when it has a name; false when the records contradict each other; unknown when they are silent."""
    name: str
    """Short and stable: `fault 429`, `cut: worker died`, `report lost: heartbeat missed`, ..."""
    evidence: str


def cause_of(joined: JoinedStep, row: LedgerRow, known: Sequence[Interruption], skew: float) -> Cause:
    """Name the cause for which a request was made again.

    Args:
        joined: The step.
        row: The earlier request.
        known: Deaths that somebody saw.
        skew: Seconds by which the clocks of ledger, history and witnesses may differ.
    """
    outcome = row.outcome or "open"
    if outcome.startswith("fault:"):
        return Cause(Verdict.TRUE, f"fault {outcome.removeprefix('fault:')}", f"row {row.seq} ended {outcome}")
    if outcome.startswith("error:"):
        return Cause(Verdict.TRUE, f"refused: {outcome.removeprefix('error:')}", f"row {row.seq} ended {outcome}")
    manner = "report lost" if outcome == OK else CUT
    failure = _failure_of(joined, row)
    start, over = row.started - skew, joined.over(row.attempt or 0) + skew
    seen = [interruption for interruption in known if interruption.overlaps(start, over)]
    ended_with_worker = failure is not None and failure[1].type in HAND_ON
    if row.fault is not None and outcome != OK and not seen and not ended_with_worker:
        return Cause(Verdict.TRUE, f"fault {row.fault}", f"row {row.seq} met the fault and ended {outcome}")
    if failure is not None:
        return _by_history(row, manner, failure[1], seen, attempt=failure[0])
    if seen:
        return Cause(Verdict.TRUE, f"{manner}: {_words(seen, row)}", _sighting(seen, row))
    return Cause(
        Verdict.UNKNOWN,
        f"{manner}: nobody saw why",
        f"row {row.seq} ended {outcome}; the history keeps no failure of attempt {row.attempt} and no death is known "
        "that overlaps it",
    )


def count(causes: Sequence[Cause]) -> dict[str, int]:
    """How often each name occurs, most frequent first."""
    return dict(Counter(cause.name for cause in causes).most_common())


def _failure_of(joined: JoinedStep, row: LedgerRow) -> tuple[int, Failed] | None:
    """Why the attempt that made a request failed, and the number of the attempt whose failure tells it.

    The history keeps the last failure only. That of a later attempt which reached nobody speaks for all before it when
    none in between did either: one outage covers them. A worker that is cut off, or stands still, keeps its place in
    the queue and is given the next attempts as well.
    """
    own = row.attempt or 0
    for attempt in range(own, (joined.step.attempt or 0) + 1):
        if attempt > own and joined.of_attempt(attempt):
            return None
        if (failure := joined.step.failures.get(attempt)) is not None:
            covers = attempt == own or failure.type in OUTAGES
            return (attempt, failure) if covers else None
    return None


def _by_history(row: LedgerRow, manner: str, failure: Failed, seen: Sequence[Interruption], *, attempt: int) -> Cause:
    silent = "" if attempt == row.attempt else ", as the first that the history keeps; those in between reached nobody"
    evidence = f"row {row.seq} ended {row.outcome or 'open'}; attempt {attempt} failed with {failure}{silent}"
    if failure.type == WORKER_DIED:
        return Cause(Verdict.TRUE, f"{manner}: {_WORDS[Target.WORKER]}", f"{evidence}: {failure.message}")
    if failure.type == OUTLIVED_DRAIN:
        return Cause(Verdict.TRUE, f"{manner}: outlived the drain", f"{evidence}: {failure.message}")
    if failure.timed_out:
        why = "heartbeat missed" if failure.type == HEARTBEAT else f"{failure.type} timeout"
    elif failure.type in LOST_CONNECTION:
        why = "connection lost"
    elif failure.type in SHUT_DOWN:
        why = "worker shut down"
    else:
        return Cause(
            Verdict.FALSE, f"{manner}: {failure.type}", f"{evidence}: {failure.message!r}, which the ledger belies"
        )
    if seen:
        why, evidence = _words(seen, row, otherwise=why), f"{evidence}; {_sighting(seen, row)}"
    return Cause(Verdict.TRUE, f"{manner}: {why}", evidence)


def _words(seen: Sequence[Interruption], row: LedgerRow, otherwise: str = "") -> str:
    targets = {interruption.target for interruption in seen}
    # A row without an end was left by whoever keeps the ledger: the model server for models, the worker for sources.
    keeper = Target.MODEL if row.kind == "model" else Target.WORKER
    if row.is_open and keeper in targets:
        return _WORDS[keeper]
    for target in (Target.WORKER, Target.MODEL, Target.TEMPORAL):
        if target in targets:
            return _WORDS[target]
    return otherwise


def _sighting(seen: Sequence[Interruption], row: LedgerRow) -> str:
    first = min(seen, key=lambda interruption: interruption.at)
    after = first.at - row.started
    return f"{first.target} {first.who or 'process'} gone {after:+.3f} s after row {row.seq} began" + (
        f" ({first.known_by})" if first.known_by else ""
    )
