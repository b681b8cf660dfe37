"""What a job says that it used against what its history recorded and what the ledger billed; and its report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from outlast.chaos.join import OK, JoinedJob, JoinedStep
from outlast.chaos.proof import Finding, Ruling, counted
from outlast.chaos.records import JobRecord
from outlast.chaos.rules import Case
from outlast.chaos.verdict import Verdict
from outlast.ledger import LedgerRow
from outlast.usage.meter import Usage

MICRO = Decimal(1) / 1_000_000

ROUNDING_USD = MICRO
"""The offline server bills whole millionths of a dollar, rounded up; a recorded cost is exact."""


def usage_is_what_was_recorded(case: Case) -> Ruling:
    """A job's usage is the sum of its recorded responses, and each response costs what the ledger billed for it."""
    findings: list[Finding] = []
    answers = told = 0
    for job in case.jobs:
        for joined in job.steps:
            if joined.step.answer is not None:
                answers += 1
                findings += _unlike_the_bill(joined)
        if job.record.usage is not None:
            told += 1
            findings += _wrong_sums(job.record)
    evidence = f"{counted(answers, 'recorded response')}, {counted(told, 'job')} with usage in the result"
    return Ruling("usage", "Usage and cost are the sum of recorded steps", evidence, tuple(findings), answers)


def report_is_the_undisturbed_one(case: Case, expected_sha256: str) -> Ruling:
    """Every report has the digest of a run that nothing disturbed."""
    findings: list[Finding] = []
    for job in case.jobs:
        found = job.record.report_sha256
        if found is None:
            findings.append(Finding(Verdict.UNKNOWN, f"no report: the job is {job.record.status}", job.record.job))
        elif found != expected_sha256:
            text = f"its report has sha256 {found}, the undisturbed one {expected_sha256}"
            findings.append(Finding(Verdict.FALSE, text, job.record.job))
    evidence = f"sha256 {expected_sha256[:12]}"
    return Ruling("report", "The report is that of an undisturbed run", evidence, tuple(findings), len(case.jobs))


def recorded_usage(job: JobRecord) -> dict[str, Usage]:
    """Usage by role, added up from the recorded responses."""
    by_role: dict[str, Usage] = {}
    for step in job.steps:
        if step.answer is None:
            continue
        one = Usage(
            requests=1,
            input_tokens=step.answer.input_tokens,
            output_tokens=step.answer.output_tokens,
            cost_usd=step.answer.cost_usd or Decimal(0),
            unpriced_requests=int(step.answer.cost_usd is None),
        )
        by_role[step.role] = by_role.get(step.role, Usage()) + one
    return by_role


def money(jobs: Sequence[JoinedJob]) -> dict[str, Any]:
    """What was recorded and what was answered and lost, as the fields of `Figures` of the same names."""
    recorded = [step.answer for job in jobs for step in job.record.steps if step.answer is not None]
    lost = [
        row
        for job in jobs
        for joined in job.steps
        for row in joined.rows
        if row.kind == "model" and row.outcome == OK and not _was_recorded(joined, row.attempt)
    ]
    broken = [row for job in jobs for row in job.rows if row.kind == "model" and row.outcome != OK]
    billed = [row for row in broken if row.cost_micro_usd]
    return {
        "recorded_requests": len(recorded),
        "recorded_cost_usd": sum((answer.cost_usd or Decimal(0) for answer in recorded), Decimal(0)),
        "lost_requests": len(lost),
        "lost_cost_usd": _billed(lost),
        "broken_requests": len(billed),
        "broken_cost_usd": _billed(billed),
    }


def _billed(rows: Sequence[LedgerRow]) -> Decimal:
    return sum(((row.cost_micro_usd or 0) * MICRO for row in rows), Decimal(0))


def _was_recorded(joined: JoinedStep, attempt: int | None) -> bool:
    return joined.step.completed is not None and attempt == joined.step.attempt


def _unlike_the_bill(joined: JoinedStep) -> Iterator[Finding]:
    answer = joined.step.answer
    if answer is None:
        return
    for row in joined.of_attempt(joined.step.attempt or 0):
        if row.kind != "model" or row.outcome != OK:
            continue
        tokens, billed = (answer.input_tokens, answer.output_tokens), (row.input_tokens, row.output_tokens)
        if tokens != billed:
            text = f"recorded {tokens[0]} + {tokens[1]} tokens, row {row.seq} says {billed[0]} + {billed[1]}"
            yield Finding(Verdict.FALSE, text, joined.job, str(joined), (row.seq,))
        if answer.cost_usd is not None and row.cost_micro_usd is not None:
            cost = row.cost_micro_usd * MICRO
            if not 0 <= cost - answer.cost_usd <= ROUNDING_USD:
                text = f"recorded a cost of ${answer.cost_usd}, row {row.seq} says ${cost}"
                yield Finding(Verdict.FALSE, text, joined.job, str(joined), (row.seq,))


def _wrong_sums(job: JobRecord) -> Iterator[Finding]:
    recorded = recorded_usage(job)
    told = job.usage or {}
    for role in sorted({*recorded, *told}):
        if recorded.get(role, Usage()) != told.get(role, Usage()):
            text = f"its result says that the {role} used {told.get(role)}, recorded is {recorded.get(role)}"
            # A response that could not be read is missing in the sum; that is no proof against the result.
            yield Finding(Verdict.UNKNOWN if job.unread else Verdict.FALSE, text, job.job)
