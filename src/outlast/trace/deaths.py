"""Who died when, from all that is known: deaths that somebody saw, and those that histories tell of. Pure.

One death leaves several signs: a workflow task that nobody finished, a step that was taken over, a line of whoever
killed. Each bounds the moment from both sides, and signs of one worker that overlap are one death.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from outlast.chaos.causes import SHUT_DOWN
from outlast.chaos.interruptions import Interruption, Target, told_by_history
from outlast.chaos.join import CUT
from outlast.chaos.records import Failed, JobRecord, StepRecord
from outlast.durable.takeover import HAND_ON, WORKER_DIED
from outlast.ledger import LedgerRow
from outlast.trace.workers import row_key

_DIED = re.compile(r"^the worker (?P<worker>.+) died$")
"""What a takeover writes into the attempt that it fails."""


Requests = Mapping[tuple[str, str], Mapping[int, LedgerRow]]
"""The first request of each attempt, by run and activity."""


@dataclass(frozen=True, slots=True)
class Death:
    """Of one worker."""

    worker: str
    """As it signed."""
    at: float
    """The earliest moment at which it can have died."""
    until: float
    """The latest."""


class Witness:
    """What is known of the workers of some jobs.

    Args:
        jobs: The jobs.
        known: Deaths that somebody saw.
        sent: The first request of each attempt, by run and activity: whoever sends is alive.
    """

    def __init__(self, jobs: Sequence[JobRecord], known: Sequence[Interruption], sent: Requests) -> None:
        self._seen = sorted(_sightings(jobs))
        self._sent = sent
        signs = [Death(i.who, i.at, i.until) for i in known if i.target is Target.WORKER and i.who]
        signs += [Death(i.who, i.at, i.until) for job in jobs for i in told_by_history(job)]
        for step, attempt, failure in _failures(jobs):
            if worker_in(failure):
                signs.append(self._taken_over(step, attempt, failure))
            request = self._request(step, attempt)
            # Whoever lost the worker that asked saw the connection close; a request that it answered tells nothing.
            if is_cut(failure) and request is not None and request.outcome == CUT and request.ended is not None:
                worker = worker_in(failure) or self.near(request.started)
                signs.append(Death(worker, request.started, request.ended))
        self.deaths: tuple[Death, ...] = tuple(_merged(signs))

    def death_in(self, start: float, end: float, worker: str = "") -> Death | None:
        """The first death that can have struck between two moments: of one worker, or of any."""
        key = row_key(worker)
        return next(
            (d for d in self.deaths if d.at <= end and d.until >= start and (not worker or row_key(d.worker) == key)),
            None,
        )

    def near(self, at: float) -> str:
        """The worker that was seen last before a moment, else the first one after it; empty when none ever was."""
        before = [worker for when, worker in self._seen if when <= at]
        return before[-1] if before else self._seen[0][1] if self._seen else ""

    def _taken_over(self, step: StepRecord, attempt: int, failure: Failed) -> Death:
        worker = worker_in(failure)
        requests = self._sent.get((step.run, step.activity), {})
        # A takeover is followed by the next attempt at once; its worker lived when the step was asked for.
        until = step.started if step.started is not None else max(step.scheduled, self._last(worker))
        until = min([until, *(row.started for number, row in requests.items() if number > attempt)])
        alive = [at for at, who in self._seen if who == worker and at <= until]
        alive += [row.started for number, row in requests.items() if number == attempt]
        return Death(worker, min(until, max([step.scheduled, *alive])), until)

    def _request(self, step: StepRecord, attempt: int) -> LedgerRow | None:
        return self._sent.get((step.run, step.activity), {}).get(attempt)

    def _last(self, worker: str) -> float:
        return max((at for at, who in self._seen if who == worker), default=0.0)


def worker_in(failure: Failed) -> str:
    """Whose death ended an attempt; empty when that is not what ended it."""
    match = _DIED.match(failure.message) if failure.type == WORKER_DIED else None
    return match["worker"] if match else ""


def is_cut(failure: Failed) -> bool:
    """Whether an attempt failed because its worker was gone, and not by itself."""
    return failure.type in HAND_ON or failure.type == "HEARTBEAT" or failure.type in SHUT_DOWN


def _failures(jobs: Iterable[JobRecord]) -> Iterator[tuple[StepRecord, int, Failed]]:
    return ((step, *told) for job in jobs for step in job.steps for told in step.failures.items())


def _sightings(jobs: Iterable[JobRecord]) -> Iterator[tuple[float, str]]:
    for job in jobs:
        for run in job.runs:
            yield from ((pickup.at, pickup.worker) for pickup in run.pickups)
        for step in job.steps:
            if step.worker and step.started is not None:
                yield step.started, step.worker
            if step.worker and step.completed is not None:
                yield step.completed, step.worker


def _merged(signs: Iterable[Death]) -> list[Death]:
    by_worker: dict[str, list[Death]] = defaultdict(list)
    for sign in sorted(signs, key=lambda sign: (sign.until - sign.at, sign.at)):  # the surest first
        others = by_worker[row_key(sign.worker)]
        same = next((i for i, d in enumerate(others) if d.at <= sign.until and d.until >= sign.at), None)
        if same is None:
            others.append(sign)
        else:
            found = others[same]
            at = max(found.at, sign.at)
            others[same] = Death(found.worker, at, max(at, min(found.until, sign.until)))
    return sorted((death for deaths in by_worker.values() for death in deaths), key=lambda death: death.at)
