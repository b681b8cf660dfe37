"""The attempts at one step as bars. Pure.

Temporal keeps start and worker of the last attempt alone. Where a ledger holds the requests of those before, it tells
their times; else they are put between the moment at which the step was asked for and the start of the last one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from outlast.chaos.records import Ending, Failed, StepRecord
from outlast.durable.takeover import OUTLIVED_DRAIN
from outlast.ledger import LedgerRow
from outlast.trace.deaths import Death, Witness, is_cut, worker_in
from outlast.trace.timeline import Bar, Fate
from outlast.trace.workers import worker_name

_FATES = {
    Ending.COMPLETED: Fate.DONE,
    Ending.FAILED: Fate.FAILED,
    Ending.TIMED_OUT: Fate.FAILED,
    Ending.CANCELLED: Fate.CANCELLED,
}

NO_CAUSE = "the history keeps no cause"


@dataclass(frozen=True, slots=True)
class _Span:
    start: float
    end: float
    sure_until: float
    told: bool
    """Whether a ledger told it."""


def attempts_of(
    job: str, step: StepRecord, witness: Witness, requests: Mapping[int, LedgerRow], now: float
) -> list[tuple[str, Bar]]:
    """Each attempt with the signature of its worker, empty when nobody can tell.

    Args:
        job: Id of the job.
        step: The step.
        witness: What is known of workers.
        requests: The first request of each attempt, as far as a ledger holds them.
        now: The time of reading.
    """
    return [*_before(job, step, witness, requests, now), *_last(job, step, witness, requests, now)]


def _last(
    job: str, step: StepRecord, witness: Witness, requests: Mapping[int, LedgerRow], now: float
) -> Iterator[tuple[str, Bar]]:
    attempt = step.attempt or 0
    request = requests.get(attempt)
    known = step.started if step.started is not None else request.started if request else None
    start = max(step.scheduled, known) if known is not None else step.scheduled
    end = max(start, step.closed if step.closed is not None else now)
    worker = step.worker or ""
    fate, why, sure_until = _state(step, attempt), "", end
    if fate is Fate.RUNNING and worker and (death := witness.death_in(start, now, worker)):
        fate, why, sure_until = Fate.CUT, "its worker died", max(start, death.at)
    elif fate in (Fate.RETRIED, Fate.CUT):  # the next attempt is waited for
        why = _why(step.failures[attempt])
        end = sure_until = request.ended or start if request else start
    elif fate in (Fate.FAILED, Fate.CANCELLED):
        why = str(step.ends[0].ending)
    answer = step.answer
    yield (
        worker,
        Bar(
            job=job,
            run=step.run,
            activity=step.activity,
            kind=step.kind,
            role=step.role,
            attempt=attempt,
            start=start,
            end=end,
            sure_until=sure_until,
            fate=fate,
            surmised=bool(attempt) and known is None,
            why=why,
            model=answer.model if answer else "",
            input_tokens=answer.input_tokens if answer else None,
            output_tokens=answer.output_tokens if answer else None,
            cost_usd=answer.cost_usd if answer else None,
        ),
    )


def _state(step: StepRecord, attempt: int) -> Fate:
    if step.ends:
        return _FATES[step.ends[0].ending]
    if attempt in step.failures:
        return _fate(step.failures[attempt])
    return Fate.RUNNING if attempt else Fate.WAITING


def _before(
    job: str, step: StepRecord, witness: Witness, requests: Mapping[int, LedgerRow], now: float
) -> Iterator[tuple[str, Bar]]:
    for attempt in range(1, step.attempt or 0):
        failure = step.failures.get(attempt)
        fate = _fate(failure)
        span = _span(step, attempt, requests, now)
        worker = (worker_in(failure) if failure else "") or witness.near(span.start)
        if fate is Fate.CUT and (death := _death(witness, span, failure)):
            worker = death.worker
            end = min(span.end, max(span.start, death.until))
            span = _Span(span.start, end, min(end, max(span.start, death.at)), span.told)
        yield (
            worker,
            Bar(
                job=job,
                run=step.run,
                activity=step.activity,
                kind=step.kind,
                role=step.role,
                attempt=attempt,
                start=span.start,
                end=span.end,
                sure_until=min(span.end, max(span.start, span.sure_until)),
                fate=fate,
                surmised=not span.told,
                why=_why(failure),
            ),
        )


def _span(step: StepRecord, attempt: int, requests: Mapping[int, LedgerRow], now: float) -> _Span:
    latest = step.started if step.started is not None else step.closed or now
    if request := requests.get(attempt):
        after = [row.started for number, row in requests.items() if number > attempt]
        end = min([request.ended or latest, latest, *after])
        return _Span(request.started, max(request.started, end), request.ended or request.started, told=True)
    share = max(0.0, latest - step.scheduled) / max(1, (step.attempt or 1) - 1)
    start = step.scheduled + share * (attempt - 1)
    return _Span(start, start + share, start + share, told=False)


def _death(witness: Witness, span: _Span, failure: Failed | None) -> Death | None:
    return witness.death_in(span.start, span.end, worker_in(failure) if failure else "")


def _fate(failure: Failed | None) -> Fate:
    if failure is None:
        return Fate.RETRIED
    return Fate.CUT if is_cut(failure) else Fate.RETRIED


def _why(failure: Failed | None) -> str:
    if failure is None:
        return NO_CAUSE
    if worker := worker_in(failure):
        return f"{worker_name(worker)} died"
    if failure.type == OUTLIVED_DRAIN:
        return "it outlived the drain of its worker"
    if failure.timed_out:
        return "its worker fell silent" if failure.type == "HEARTBEAT" else f"{failure} passed"
    return f"{failure.type}: {failure.message}" if failure.message else failure.type
