"""Runs jobs through a schedule of kills, and has each of them proved."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from temporalio.service import RPCError

from outlast.chaos.check import check
from outlast.chaos.digest import report_sha256
from outlast.chaos.history import read_job
from outlast.chaos.join import LedgerCopy
from outlast.chaos.proof import Proof
from outlast.chaos.records import JobRecord
from outlast.chaos.schedule import Strike, Victim, by_job
from outlast.chaos.verdict import Verdict
from outlast.durable.jobs import Jobs
from outlast.errors import UnreachableError
from outlast.job.spec import ResearchJobSpec
from outlast.ledger import LedgerRow, read_rows
from outlast.research.state import ResearchResult

from .aim import take_aim
from .stage import DEADLINE, Stage

QUESTION = "Which of Portugal's neighbours has the largest population?"
"""Scouts, searches and analyses in a handful of steps."""


@dataclass
class Struck:
    """What one strike did."""

    strike: Strike
    job: str
    at: float = 0.0
    hit: bool = False
    """False when the job had no such moment left."""
    activity: str = ""
    """Step whose request it met, empty when it met none."""


@dataclass(frozen=True)
class Recovery:
    """How soon a step that a kill met in flight went on."""

    told: bool
    elsewhere: float
    """Seconds from the kill to the request of the next attempt."""
    recorded: float
    """Seconds from the kill to the record of its result."""


@dataclass
class Outcome:
    """One job and what became of it."""

    job: str
    struck: list[Struck] = field(default_factory=list)
    result: ResearchResult | None = None
    record: JobRecord | None = None
    proof: Proof | None = None
    seconds: float = 0.0

    @property
    def sha256(self) -> str:
        """Of its report."""
        assert self.result is not None
        return report_sha256(self.result.report)

    @property
    def clean(self) -> bool:
        """Whether everything that has to hold was checked and holds."""
        return self.proof is not None and self.proof.verdict is Verdict.TRUE

    def recoveries(self, rows: Sequence[LedgerRow]) -> list[Recovery]:
        """What became of the steps whose workers were killed in flight."""
        assert self.record is not None
        steps = {step.activity: step for step in self.record.steps}
        found = []
        for struck in self.struck:
            again = [r.started for r in rows if r.activity == struck.activity and r.started > struck.at]
            if struck.strike.victim is Victim.WORKER and struck.activity and again:
                completed = steps[struck.activity].completed
                assert completed is not None
                found.append(Recovery(struck.strike.told, min(again) - struck.at, completed - struck.at))
        return found


async def run_campaign(
    stage: Stage, strikes: Sequence[Strike], tell: Callable[[Outcome], None] = lambda _: None
) -> list[Outcome]:
    """Run as many jobs as the strikes need, one after the other; the first outcome is that of an undisturbed one."""
    outcomes = [await run_job(stage)]
    for together in by_job(strikes):
        outcomes.append(await run_job(stage, together, expected=outcomes[0].sha256))
        tell(outcomes[-1])
    return outcomes


async def run_job(
    stage: Stage,
    strikes: Sequence[Strike] = (),
    *,
    question: str = QUESTION,
    expected: str | None = None,
    standby: bool = False,
) -> Outcome:
    """Run one job through its strikes to its end, and prove it.

    Args:
        stage: With everything running.
        strikes: In the order in which the job reaches them.
        question: What it is asked.
        expected: Digest of the report of an undisturbed run.
        standby: Whether another worker has to stand by before each kill, as in a fleet.
    """
    outcome = Outcome(f"kill-{uuid.uuid4().hex[:8]}")
    jobs = Jobs(stage.client, stage.settings.task_queue)
    began = time.monotonic()
    await jobs.start(outcome.job, ResearchJobSpec(query=question))
    over = asyncio.Event()
    result = asyncio.create_task(_result(jobs, outcome.job, over))
    try:
        for strike in strikes:
            for _ in range(2 if strike.again else 1):
                outcome.struck.append(await _strike(stage, outcome.job, strike, over, standby))
        async with asyncio.timeout(DEADLINE):
            outcome.result = await result
    finally:
        stage.fuse.put_out()
        result.cancel()
    outcome.seconds = time.monotonic() - began
    outcome.record = await read_job(stage.client, outcome.job)
    outcome.proof = prove(stage, outcome.record, expected=expected)
    return outcome


def prove(stage: Stage, *records: JobRecord, expected: str | None = None) -> Proof:
    """Check jobs against the stage's ledger and its deaths."""
    ledger = LedgerCopy(str(stage.ledger), tuple(read_rows(stage.ledger)))
    return check(records, [ledger], stage.known, report_sha256=expected)


async def _strike(stage: Stage, job: str, strike: Strike, over: asyncio.Event, standby: bool) -> Struck:
    struck = Struck(strike, job)
    if standby:
        await stage.all_work()
    async with asyncio.timeout(DEADLINE):
        met = await take_aim(stage, job, strike, over)
    if met is None:
        return struck
    struck.hit, struck.at = True, time.time()
    struck.activity = met.row.activity or "" if met.row else ""
    kill: dict[Victim, Callable[[], Awaitable[None]]] = {
        Victim.WORKER: lambda: stage.kill_worker(met.worker),
        Victim.TEMPORAL: stage.kill_temporal,
        Victim.MODEL: stage.kill_model,
        Victim.EVERYTHING: stage.kill_everything,
    }
    await kill[strike.victim]()
    stage.fuse.put_out()
    await stage.back(struck.at)
    if strike.told and strike.victim in (Victim.WORKER, Victim.EVERYTHING):
        await stage.tell(job)
    return struck


async def _result(jobs: Jobs, job: str, over: asyncio.Event) -> ResearchResult:
    """Wait for the end, through any number of deaths of the server."""
    try:
        while True:
            with contextlib.suppress(UnreachableError, RPCError):
                return await jobs.result(job)
            await asyncio.sleep(0.1)
    finally:
        over.set()
