"""Runs jobs through a schedule of blows, and has each of them proved."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from temporalio.client import Client

from outlast.chaos.check import check
from outlast.chaos.history import read_job
from outlast.chaos.outcome import Outcome, Paid, Struck, judged, struck_by
from outlast.chaos.proof import Proof
from outlast.chaos.records import JobRecord
from outlast.chaos.schedule import Strike
from outlast.chaos.target import Blow, Target
from outlast.errors import JobFailedError, UnreachableError
from outlast.job.spec import ResearchJobSpec

AIM_SECONDS = 60.0
"""How long a moment may keep a strike waiting, on a busy machine too."""

JOB_SECONDS = 300.0
"""How long a job may take after its last strike before it counts as lost."""

AWAY_SECONDS = 120.0
"""How long Temporal may be away when a history is read."""

RETRY_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Together:
    """One job of a campaign, and what it meets."""

    name: str
    number: int
    """Of the manifest."""
    spec: ResearchJobSpec
    strikes: tuple[Strike, ...] = ()
    place: int | None = None
    """In the plan; None for an undisturbed twin."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A job that ran through its strikes, with the evidence."""

    outcome: Outcome
    record: JobRecord
    proof: Proof

    @property
    def clean(self) -> bool:
        """Whether everything that has to hold was checked and holds."""
        return self.outcome.clean

    @property
    def job(self) -> str:
        """Its id."""
        return self.outcome.job

    @property
    def sha256(self) -> str | None:
        """Of its report."""
        return self.outcome.sha256

    @property
    def struck(self) -> tuple[Struck, ...]:
        """What each strike did."""
        return self.outcome.struck


async def run_jobs(
    target: Target,
    jobs: Iterable[Together],
    *,
    expected: Callable[[int], str | None] = lambda _: None,
    parallel: int = 1,
    skew: float = 0.0,
    tell: Callable[[Ran], None] = lambda _: None,
    go_on: Callable[[], bool] = lambda: True,
) -> list[Ran]:
    """Run jobs through their strikes.

    Args:
        target: What carries them out.
        jobs: In this order.
        expected: Digest of the undisturbed report, by number of the manifest.
        parallel: How many at once; a blow then meets others too.
        skew: Seconds by which clocks may differ.
        tell: Told of each job when it ended.
        go_on: Asked before each job; no more are begun once it says no.
    """
    ran: list[Ran] = []
    waiting = iter(jobs)

    async def work() -> None:
        for job in waiting:
            if not go_on():
                return
            ran.append(
                await run_job(
                    target,
                    job.spec,
                    job.strikes,
                    name=job.name,
                    number=job.number,
                    place=job.place,
                    expected=expected(job.number),
                    skew=skew,
                )
            )
            tell(ran[-1])

    async with asyncio.TaskGroup() as group:
        for _ in range(parallel):
            group.create_task(work())
    return ran


async def run_job(
    target: Target,
    spec: ResearchJobSpec,
    strikes: Sequence[Strike] = (),
    *,
    name: str | None = None,
    number: int = 0,
    place: int | None = None,
    expected: str | None = None,
    skew: float = 0.0,
    standby: bool = False,
) -> Ran:
    """Run one job through its strikes to its end, and prove it.

    Args:
        target: What carries it out.
        spec: What it is asked.
        strikes: In the order in which the job reaches them.
        name: Its id; a new one by default.
        number: Of the manifest that it was made from.
        place: In a plan.
        expected: Digest of the report of an undisturbed run.
        skew: Seconds by which the clocks of ledger and history may differ.
        standby: Whether everything has to work before each strike, as in a fleet at rest.
    """
    name = name or f"kill-{uuid.uuid4().hex[:8]}"
    began = time.monotonic()
    over = asyncio.Event()
    await target.start(name, spec)
    end = asyncio.create_task(_end(target, name, over))
    blows: list[tuple[Strike, Blow | None]] = []
    failure = ""
    try:
        for strike in strikes:
            for _ in range(2 if strike.again else 1):
                if standby:
                    await target.ready()
                async with asyncio.timeout(AIM_SECONDS):
                    blows.append((strike, await target.strike(name, strike, over)))
        async with asyncio.timeout(JOB_SECONDS):
            await end
    except JobFailedError as error:
        failure = str(error)
    except TimeoutError:
        failure = f"The job {name!r} came to no end in time."
    finally:
        end.cancel()
    seconds = time.monotonic() - began
    workflow = await target.workflow(name)
    record = await _read(target.client, workflow)
    outcome = Outcome(
        job=name,
        workflow=workflow,
        number=number,
        place=place,
        seconds=seconds,
        sha256=record.report_sha256,
        failure=failure,
    )
    return await _proved(target, outcome, record, blows, expected, skew)


async def _proved(
    target: Target,
    outcome: Outcome,
    record: JobRecord,
    blows: Sequence[tuple[Strike, Blow | None]],
    expected: str | None,
    skew: float,
) -> Ran:
    ledgers = await target.ledgers()
    left = await target.leftovers([outcome.job])
    proof = check([record], ledgers, target.known, skew=skew, report_sha256=expected, leftovers=left)
    rows = [row for ledger in ledgers for row in ledger.rows if row.job == outcome.workflow]
    struck = tuple(struck_by(strike, blow, record, rows) for strike, blow in blows)
    return Ran(outcome.model_copy(update={"struck": struck, "paid": Paid.of(rows), **judged(proof)}), record, proof)


async def _read(client: Client, workflow: str) -> JobRecord:
    """Read a history; another job's blow may have taken Temporal away just now."""
    async with asyncio.timeout(AWAY_SECONDS):
        while True:
            with contextlib.suppress(UnreachableError):
                return await read_job(client, workflow)
            await asyncio.sleep(RETRY_SECONDS)


async def _end(target: Target, job: str, over: asyncio.Event) -> None:
    try:
        await target.ended(job)
    finally:
        over.set()
