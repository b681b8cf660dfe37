"""From records of jobs to their timeline. Pure: the same records always make the same drawing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from outlast.chaos.accounts import recorded_usage
from outlast.chaos.interruptions import Interruption, Target
from outlast.chaos.records import JobRecord, RunRecord, Status
from outlast.ledger import LedgerRow
from outlast.trace.attempts import attempts_of
from outlast.trace.deaths import Death, Requests, Witness
from outlast.trace.timeline import Bar, Mark, MarkKind, Row, Timeline
from outlast.trace.workers import row_key, worker_name, worker_names
from outlast.usage.meter import Usage


def build_timeline(
    jobs: Sequence[JobRecord],
    known: Sequence[Interruption] = (),
    requests: Iterable[LedgerRow] = (),
    *,
    title: str | None = None,
) -> Timeline:
    """Put jobs on one timeline.

    Args:
        jobs: Their records; several that ran side by side share rows.
        known: Deaths that somebody saw; what the histories tell is added.
        requests: Rows of ledgers: they tell times of attempts that histories forget.
        title: Of the drawing; the id of the only job by default.
    """
    sent = _by_step(requests)
    witness = Witness(jobs, known, sent)
    bars: dict[str, list[Bar]] = defaultdict(list)
    marks: dict[str, list[Mark]] = defaultdict(list)
    identities: dict[str, str] = {}

    def row(identity: str) -> str:
        key = row_key(identity)
        identities.setdefault(key, identity)
        return key

    for job in jobs:
        now = job.read_at or _last_moment(job)
        for step in job.steps:
            for worker, bar in attempts_of(job.job, step, witness, sent.get((step.run, step.activity), {}), now):
                bars[row(worker)].append(bar)
        for worker, mark in _pickups(job):
            marks[row(worker)].append(mark)
    began = min((job.began for job in jobs), default=0.0)
    ended = max((_end(job, bars) for job in jobs), default=began)
    for death in witness.deaths:
        if death.until >= began and death.at <= ended:
            marks[row(death.worker)].append(_killed(death))
    ordered = sorted(identities, key=lambda key: (not key, _first(bars[key], marks[key])))
    names = worker_names(identities[key] for key in ordered)
    return Timeline(
        title=title or ", ".join(job.job for job in jobs[:1]) or "no job",
        jobs=tuple(job.job for job in jobs),
        status=_status(jobs),
        began=began,
        ended=ended,
        rows=tuple(
            Row(
                names[identities[key]],
                identities[key],
                tuple(sorted(bars[key], key=lambda bar: (bar.start, bar.end))),
                tuple(sorted(marks[key], key=lambda mark: mark.at)),
            )
            for key in ordered
        ),
        marks=tuple(_away(known, began, ended)),
        usage=_usage(jobs),
        notes=tuple(note for job in jobs for note in job.unread),
    )


def _by_step(requests: Iterable[LedgerRow]) -> Requests:
    found: dict[tuple[str, str], dict[int, LedgerRow]] = defaultdict(dict)
    for request in sorted(requests, key=lambda request: request.started):
        if request.run is not None and request.activity is not None and request.attempt is not None:
            found[request.run, request.activity].setdefault(request.attempt, request)
    return found


def _pickups(job: JobRecord) -> Iterator[tuple[str, Mark]]:
    for number, run in enumerate(job.runs):
        for pickup in run.pickups[:1]:
            kind, text = _first_pickup(number, run)
            yield pickup.worker, Mark(kind=kind, at=pickup.at, until=pickup.at, text=text, job=job.job)
        for pickup in run.pickups[1:]:
            took = f" in {pickup.seconds * 1000:.0f} ms" if pickup.seconds is not None else ""
            steps = f"{pickup.replayed} recorded step" + ("s" if pickup.replayed != 1 else "")
            text = f"{worker_name(pickup.worker)} took {job.job} up: {steps} replayed{took}"
            yield (
                pickup.worker,
                Mark(kind=MarkKind.RESUMED, at=pickup.at, until=pickup.at, text=text, job=job.job),
            )


def _first_pickup(number: int, run: RunRecord) -> tuple[MarkKind, str]:
    if number:
        return MarkKind.CONTINUED, f"went on as the new run {run.run}, since its history grew long"
    return MarkKind.BEGAN, "began"


def _killed(death: Death) -> Mark:
    when = "" if death.at == death.until else f", within {death.until - death.at:.1f} s"
    text = f"{worker_name(death.worker)} died{when}"
    return Mark(kind=MarkKind.KILLED, at=death.at, until=death.until, text=text)


def _away(known: Sequence[Interruption], began: float, ended: float) -> Iterator[Mark]:
    for interruption in known:
        if interruption.target is Target.WORKER and interruption.who:
            continue
        if interruption.until >= began and interruption.at <= ended:
            what = {Target.WORKER: "a worker", Target.TEMPORAL: "Temporal", Target.MODEL: "the model server"}
            text = f"{what[interruption.target]} died or was away"
            yield Mark(kind=MarkKind.AWAY, at=interruption.at, until=interruption.until, text=text)


def _end(job: JobRecord, bars: Mapping[str, Sequence[Bar]]) -> float:
    own = [bar.end for found in bars.values() for bar in found if bar.job == job.job]
    return max([job.began, _last_moment(job), *own])


def _last_moment(job: JobRecord) -> float:
    ends = [step.closed for step in job.steps if step.closed is not None]
    return max([job.began, *ends, *(pickup.at for run in job.runs for pickup in run.pickups)])


def _first(bars: Sequence[Bar], marks: Sequence[Mark]) -> float:
    return min([*(bar.start for bar in bars), *(mark.at for mark in marks)], default=0.0)


def _status(jobs: Sequence[JobRecord]) -> str:
    if len(jobs) == 1:
        return jobs[0].status.value
    counts = Counter(job.status for job in jobs)
    return ", ".join(f"{counts[status]} {status.value}" for status in Status if counts[status])


def _usage(jobs: Iterable[JobRecord]) -> dict[str, Usage]:
    usage: dict[str, Usage] = {}
    for job in jobs:
        for role, used in recorded_usage(job).items():
            usage[role] = usage.get(role, Usage()) + used
    return usage
