"""The checker: histories and ledgers in, a proof out. Pure; it never repairs and never assumes.

What it holds a run to (docs/design: the proof): every step has one recorded end, no request begins after it, every
request belongs to a scheduled attempt and every recorded result to an answered request, every request that was made
again has a named cause that overlaps it, and usage is the sum of what is recorded. A run in which nothing was recorded,
or that no ledger watched, is unknown: that everything holds of nothing proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from outlast.chaos import accounts, rules
from outlast.chaos.causes import cause_of, count
from outlast.chaos.interruptions import Interruption, told_by_history
from outlast.chaos.join import JoinedJob, LedgerCopy, join
from outlast.chaos.proof import Figures, Proof
from outlast.chaos.records import JobRecord
from outlast.chaos.rules import Case

RULES = (
    rules.histories_are_whole,
    rules.ledgers_are_whole,
    rules.steps_end_once,
    rules.nothing_begins_after_the_end,
    rules.requests_are_of_attempts,
    rules.results_have_their_requests,
    rules.resends_have_causes,
    accounts.usage_is_what_was_recorded,
)


def check(
    jobs: Sequence[JobRecord],
    ledgers: Sequence[LedgerCopy],
    known: Sequence[Interruption] = (),
    *,
    skew: float = 0.0,
    report_sha256: str | None = None,
    unread: Sequence[str] = (),
    leftovers: Sequence[str] | None = None,
) -> Proof:
    """Check jobs.

    Args:
        jobs: Their histories.
        ledgers: Whole ledgers, of model servers and of sources; rows of other jobs are passed over.
        known: Deaths that somebody saw, beside those that the histories tell of.
        skew: Seconds by which the clocks of ledgers, histories and witnesses may differ; none on one machine.
        report_sha256: Digest of the report that an undisturbed run came to.
        unread: What should have been read and could not be, in sentences.
        leftovers: What these jobs left behind that should be gone, in sentences; None when nobody looked.
    """
    case = Case(
        jobs=tuple(join(job, ledgers, skew) for job in jobs),
        ledgers=tuple(ledgers),
        known=(*known, *(interruption for job in jobs for interruption in told_by_history(job))),
        skew=skew,
        unread=tuple(unread),
    )
    rulings = [rule(case) for rule in RULES]
    if report_sha256 is not None:
        rulings.append(accounts.report_is_the_undisturbed_one(case, report_sha256))
    if leftovers is not None:
        rulings.append(rules.nothing_is_left_behind(case, leftovers))
    return Proof(tuple(job.job for job in jobs), tuple(rulings), _figures(case))


def _figures(case: Case) -> Figures:
    causes = [cause_of(joined, row, case.known, case.skew) for joined in case.steps for row in joined.sent_again()]
    pickups = [pickup for job in case.jobs for run in job.record.runs for pickup in run.pickups[1:]]
    steps = list(case.steps)
    return Figures(
        steps=len(steps),
        requests=sum(len(job.rows) for job in case.jobs),
        resumptions=len(pickups),
        replayed_steps=sum(pickup.replayed for pickup in pickups),
        replay_seconds=sum(pickup.seconds or 0.0 for pickup in pickups),
        retried_attempts=sum(max(0, (joined.step.attempt or 0) - 1) for joined in steps),
        silent_attempts=_silent_attempts(case.jobs),
        resent_requests=len(causes),
        resent_by_cause=count(causes),
        **accounts.money(case.jobs),
    )


def _silent_attempts(jobs: Sequence[JoinedJob]) -> int:
    """Attempts before the last of steps that ask somebody, of which no ledger has a request."""
    return sum(
        not joined.of_attempt(attempt)
        for job in jobs
        for joined in job.steps
        if joined.rows
        for attempt in range(1, joined.step.attempt or 0)
    )
