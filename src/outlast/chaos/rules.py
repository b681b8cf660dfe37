"""The invariants on histories, ledgers and re-sends, a pure function each: what it looked at, and what is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from outlast.chaos.causes import cause_of
from outlast.chaos.interruptions import Interruption
from outlast.chaos.join import OK, JoinedJob, JoinedStep, LedgerCopy
from outlast.chaos.proof import Finding, Ruling, counted
from outlast.chaos.records import Status
from outlast.chaos.verdict import Verdict
from outlast.ledger import LedgerRow

ANSWERED = frozenset({"ModelHTTPError", "MalformedResponse"})
"""Error types of attempts that got an answer, if a bad one: their requests arrived somewhere."""

UNRECORDED = "can't be recorded"
"""How the offline server words the refusal of a request that it could not write down."""


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that is judged."""

    jobs: tuple[JoinedJob, ...]
    ledgers: tuple[LedgerCopy, ...]
    known: tuple[Interruption, ...] = ()
    """Deaths that somebody saw, the history included."""
    skew: float = 0.0
    """Seconds by which the clocks of ledger and history may differ; none on one machine."""
    unread: tuple[str, ...] = ()
    """Ledgers that could not be read, in sentences."""

    @property
    def steps(self) -> Iterator[JoinedStep]:
        """Of all jobs."""
        return (step for job in self.jobs for step in job.steps)


def histories_are_whole(case: Case) -> Ruling:
    """Every event of every run is there, and they fit together."""
    findings: list[Finding] = []
    for job in case.jobs:
        findings += [Finding(Verdict.UNKNOWN, sentence, job.record.job) for sentence in job.record.unread]
        findings += [
            Finding(Verdict.FALSE, f"run {run.run}: {flaw}", job.record.job)
            for run in job.record.runs
            for flaw in run.flaws
        ]
    events = sum(run.events for job in case.jobs for run in job.record.runs)
    runs = sum(len(job.record.runs) for job in case.jobs)
    return Ruling(
        "history",
        "The history is whole",
        f"{counted(events, 'event')} of {counted(runs, 'run')}",
        tuple(findings),
        events,
    )


def ledgers_are_whole(case: Case) -> Ruling:
    """No row is missing, none is there twice."""
    findings = [Finding(Verdict.UNKNOWN, sentence) for sentence in case.unread]
    for ledger in case.ledgers:
        seqs = sorted(row.seq for row in ledger.rows)
        for before, seq in zip([0, *seqs], seqs, strict=False):
            if seq == before:
                findings.append(Finding(Verdict.FALSE, f"{ledger.origin} has row {seq} twice", rows=(seq,)))
            elif seq != before + 1:
                missing = f"rows {before + 1} to {seq - 1}" if seq > before + 2 else f"row {seq - 1}"
                findings.append(Finding(Verdict.FALSE, f"{ledger.origin} lacks {missing}", rows=(seq,)))
        ids = Counter(row.request_id for row in ledger.rows)
        findings += [
            Finding(Verdict.FALSE, f"{ledger.origin} has the request {request_id} {times} times")
            for request_id, times in ids.items()
            if times > 1
        ]
    for job in case.jobs:
        began = [joined for joined in job.steps if joined.step.asks_model and joined.step.attempt != 0]
        if began and not any(row.kind == "model" for row in job.rows):
            text = "no ledger here has a model request of this job"
            findings.append(Finding(Verdict.UNKNOWN, text, job.record.job))
    rows = sum(len(ledger.rows) for ledger in case.ledgers)
    of_jobs = sum(len(job.rows) for job in case.jobs)
    evidence = f"{counted(rows, 'row')}, {of_jobs:,} of these jobs" if case.ledgers else "no ledger was read"
    if earlier := sum(len(job.earlier) for job in case.jobs):
        evidence += f"; {earlier:,} of earlier jobs of the same id, whose history is gone"
    return Ruling("ledger", "The ledger is whole", evidence, tuple(findings), of_jobs)


def steps_end_once(case: Case) -> Ruling:
    """A step has one closing event; one that its run left behind has none, and nobody can tell what became of it."""
    findings: list[Finding] = []
    looked_at = 0
    for job in case.jobs:
        statuses = {run.run: run.status for run in job.record.runs}
        for joined in job.steps:
            looked_at += 1
            step = joined.step
            if len(step.ends) > 1:
                ends = ", ".join(f"{end.ending} by event {end.event} at {end.at:.3f}" for end in step.ends)
                findings.append(_against(joined, f"ended {len(step.ends)} times: {ends}"))
            elif not step.ends and statuses[step.run] in (Status.COMPLETED, Status.CONTINUED):
                text = f"its run {statuses[step.run].lower()} without it: abandoned, or its end is missing"
                findings.append(Finding(Verdict.UNKNOWN, text, joined.job, str(joined)))
    completed = sum(joined.step.completed is not None for joined in case.steps)
    evidence = f"{counted(looked_at, 'step')}, {counted(completed, 'recorded result')}"
    return Ruling("completed-once", "Each step is recorded once", evidence, tuple(findings), completed)


def nothing_begins_after_the_end(case: Case) -> Ruling:
    """No request of a step begins once its end is recorded."""
    findings = [
        _against(
            joined,
            f"row {row.seq} (attempt {row.attempt}) began at {row.started:.3f}, {row.started - closed:.3f} s after "
            f"the end of the step was recorded at {closed:.3f}",
            row,
        )
        for joined in case.steps
        if (closed := joined.step.closed) is not None
        for row in joined.rows
        if row.started > closed + case.skew
    ]
    rows = sum(len(joined.rows) for joined in case.steps)
    evidence = counted(rows, "request") + (f", clocks may differ by {case.skew:g} s" if case.skew else "")
    return Ruling("nothing-after", "No request begins after its step is recorded", evidence, tuple(findings), rows)


def requests_are_of_attempts(case: Case) -> Ruling:
    """Every ledger row that names a step is a request of a scheduled attempt, and an attempt asks each server once."""
    findings: list[Finding] = []
    rows = 0
    for job in case.jobs:
        rows += len(job.rows)
        findings += [
            Finding(
                Verdict.FALSE,
                f"row {row.seq} names {row.step_kind}#{row.activity} of run {row.run}, which the history does not have",
                job.record.job,
                rows=(row.seq,),
            )
            for row in job.strays
            if not _is_news(job, row, case.skew)
        ]
        for joined in job.steps:
            findings += [
                _against(joined, sentence, row)
                for row in joined.rows
                if not _is_news(job, row, case.skew)
                for sentence in _misfits(joined, row, case.skew)
            ]
            findings += _repeats(joined)
    evidence = counted(rows, "request")
    return Ruling("mapped", "Each request belongs to a scheduled attempt", evidence, tuple(findings), rows)


def results_have_their_requests(case: Case) -> Ruling:
    """Every recorded result is the answer to a request that a ledger saw answered, in the attempt that recorded it."""
    findings: list[Finding] = []
    results = 0
    models = {row.subject for ledger in case.ledgers for row in ledger.rows if row.kind == "model"}
    for job in case.jobs:
        source_rows = any(row.kind == "source" for row in job.rows)
        for joined in job.steps:
            findings += _unheard_answers(joined)
            if joined.step.completed is None:
                continue
            if joined.step.asks_model:
                results += 1
                findings += _unasked(joined, models)
            elif joined.step.asks_source and source_rows:
                results += 1
                if not any(row.outcome == OK for row in joined.of_attempt(joined.step.attempt or 0)):
                    findings.append(_against(joined, f"recorded attempt {joined.step.attempt}, no search in it is ok"))
    evidence = counted(results, "recorded result")
    return Ruling("answered", "Each recorded result has its request", evidence, tuple(findings), results)


def resends_have_causes(case: Case) -> Ruling:
    """Every request that was made again has a named cause whose time overlaps it."""
    findings: list[Finding] = []
    again = 0
    for joined in case.steps:
        for row in joined.sent_again():
            again += 1
            cause = cause_of(joined, row, case.known, case.skew)
            if cause.verdict is not Verdict.TRUE:
                later = joined.next_send(row)
                text = f"{cause.evidence}; sent again {later.started - row.started:.3f} s later" if later else ""
                rows = (row.seq, later.seq) if later else (row.seq,)
                findings.append(Finding(cause.verdict, text, joined.job, str(joined), rows))
    evidence = f"{counted(again, 'request')} sent again"
    return Ruling("resent", "Each request sent again has a named cause", evidence, tuple(findings))


def nothing_is_left_behind(case: Case, leftovers: Sequence[str]) -> Ruling:
    """Every job came to an end, and what belonged to it alone is gone."""
    findings = [Finding(Verdict.FALSE, sentence) for sentence in leftovers]
    findings += [
        Finding(Verdict.FALSE, "its workflow still runs", job.record.job)
        for job in case.jobs
        if job.record.status is Status.RUNNING
    ]
    evidence = counted(len(case.jobs), "job")
    return Ruling("left-behind", "Nothing is left behind", evidence, tuple(findings), len(case.jobs))


def _misfits(joined: JoinedStep, row: LedgerRow, skew: float) -> Iterator[str]:
    step = joined.step
    if row.step_kind != step.kind:
        yield f"row {row.seq} calls the step {row.step_kind!r}"
    attempt = row.attempt or 0
    if attempt < 1 or (step.attempt is not None and attempt > step.attempt):
        yield f"row {row.seq} names attempt {attempt}, of {step.attempt} that were made"
    if row.started < step.scheduled - skew:
        yield f"row {row.seq} began at {row.started:.3f}, before the step was scheduled at {step.scheduled:.3f}"
    elif attempt == step.attempt and step.started is not None and row.started < step.started - skew:
        yield f"row {row.seq} began at {row.started:.3f}, before attempt {attempt} began at {step.started:.3f}"
    if row.ended is not None and row.ended < row.started:
        yield f"row {row.seq} ended at {row.ended:.3f}, before it began at {row.started:.3f}"


def _repeats(joined: JoinedStep) -> Iterator[Finding]:
    times = Counter((row.attempt, row.name) for row in joined.rows)
    for (attempt, name), count in times.items():
        if count > 1:
            seqs = tuple(row.seq for row in joined.rows if (row.attempt, row.name) == (attempt, name))
            text = f"attempt {attempt} asked {name!r} {count} times: a client retries on its own, or a row is forged"
            yield Finding(Verdict.FALSE, text, joined.job, str(joined), seqs)
    for row in joined.rows:
        first = next(other for other in joined.rows if other.name == row.name)
        if row.sha256 != first.sha256:
            text = f"rows {first.seq} and {row.seq} are not the same request, though they are of one step"
            yield Finding(Verdict.FALSE, text, joined.job, str(joined), (first.seq, row.seq))


def _unasked(joined: JoinedStep, models: set[str | None]) -> Iterator[Finding]:
    step = joined.step
    asked = [row for row in joined.of_attempt(step.attempt or 0) if row.kind == "model"]
    heard = next((row for row in asked if row.outcome == OK), None)
    if heard is None:
        outcomes = ", ".join(f"row {row.seq} ended {row.outcome or 'open'}" for row in asked) or "no ledger row"
        elsewhere = not joined.rows and step.answer is not None and step.answer.model not in models
        text = f"recorded attempt {step.attempt}, for which there is {outcomes}"
        if elsewhere and step.answer is not None:
            text += f": no ledger here is kept by the server of {step.answer.model!r}"
        verdict = Verdict.UNKNOWN if elsewhere else Verdict.FALSE
        yield Finding(verdict, text, joined.job, str(joined), tuple(row.seq for row in asked))
    elif step.answer is not None and step.answer.response_id != response_id(heard):
        text = f"the recorded answer {step.answer.response_id!r} is not the one to row {heard.seq}"
        yield _against(joined, text, heard)


def response_id(row: LedgerRow) -> str:
    """The id that the offline server gives the answer to a request, which ties a recorded result to its row."""
    return f"chatcmpl-{row.sha256[:24]}"


def _unheard_answers(joined: JoinedStep) -> Iterator[Finding]:
    for attempt, failure in joined.step.failures.items():
        answered = failure.type in ANSWERED and UNRECORDED not in failure.message
        if answered and joined.step.asks_model and joined.rows and not joined.of_attempt(attempt):
            text = f"attempt {attempt} failed with {failure} ({failure.message!r}), but no row is of that attempt"
            yield _against(joined, text)


def _is_news(job: JoinedJob, row: LedgerRow, skew: float) -> bool:
    """Whether a running job may have made the request after its history was read."""
    return job.record.status is Status.RUNNING and row.started > job.record.read_at - skew > 0


def _against(joined: JoinedStep, text: str, *rows: LedgerRow) -> Finding:
    return Finding(Verdict.FALSE, text, joined.job, str(joined), tuple(row.seq for row in rows))
