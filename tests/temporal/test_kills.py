"""Real processes, killed at aimed moments: the report is that of an undisturbed run, and the proof is clean.

A seed decides who dies when. `KILL_SEED` repeats a run, `KILL_COUNT` makes it longer;
`outlast chaos run PLAN` runs a longer one.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import statistics
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from outlast.chaos.campaign import Ran, Together, run_job, run_jobs
from outlast.chaos.cluster.moments import moment
from outlast.chaos.history import read_job
from outlast.chaos.lab.aim import makers, take_aim
from outlast.chaos.lab.stage import Stage, stage, until
from outlast.chaos.plan import QUESTION
from outlast.chaos.records import Status
from outlast.chaos.schedule import Moment, Stop, Strike, Victim, by_job, schedule
from outlast.durable.jobs import Jobs
from outlast.job.spec import Budget, OnExceeded, ResearchJobSpec
from outlast.offline.faults import AimedFault, FaultConfig, FaultKind, decide
from outlast.offline.remote import put_faults
from outlast.research.models import CutReason

pytestmark = pytest.mark.asyncio(loop_scope="module")

SEED = int(os.environ.get("KILL_SEED") or random.randrange(10**6))

COUNT = int(os.environ.get("KILL_COUNT") or 12)

BOUND_SECONDS = 5.0
"""Within which a step has to run elsewhere after its worker was killed, whether anybody reports the death or not."""

NEIGHBOUR = ResearchJobSpec(query=QUESTION)

MANY = "Which of Germany's neighbours has the largest population, and how do they rank?"
"""Some twenty model requests."""

BACKOFF_LIMIT = 5

STRUCK_AT_LEAST = 4

BUDGET = 8
"""Model requests; the question of many parts would take some twenty."""

CUTS = [
    Strike(Victim.WORKER, Moment.IN_FLIGHT, Stop.PLANNER, told=True),
    Strike(Victim.EVERYTHING, Moment.RECORDED, Stop.SCOUT, told=True),
]
"""Before a budget is used up that leaves no room for all searches."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def on(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with stage(tmp_path_factory.mktemp("kills")) as on:
        yield on


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def calm(on: Stage) -> Ran:
    """A job that nothing disturbs."""
    outcome = await run_job(on, NEIGHBOUR)
    assert outcome.clean, _text(outcome)
    return outcome


@pytest.mark.parametrize("seed", [SEED])
async def test_whatever_dies_the_report_is_the_same_and_the_proof_is_clean(on: Stage, seed: int) -> None:
    calm = await run_job(on, NEIGHBOUR)
    jobs = [
        Together(f"kill-{seed}-{number}", 0, NEIGHBOUR, strikes)
        for number, strikes in enumerate(by_job(schedule(seed, COUNT)))
    ]
    outcomes = [calm, *await run_jobs(on, jobs, expected=lambda _: calm.sha256)]
    struck = [one for outcome in outcomes for one in outcome.struck]
    for outcome in outcomes:
        assert outcome.clean, _text(outcome)
        assert outcome.sha256 == outcomes[0].sha256
    hits = sum(one.hit for one in struck)
    print(f"seed {seed}: {hits} strikes, {len(outcomes)} jobs, all clean")
    assert hits >= 0.7 * COUNT, [one.aim for one in struck if not one.hit]


async def test_a_step_in_flight_goes_on_elsewhere_in_seconds_though_nobody_reports_the_death(
    on: Stage, calm: Ran
) -> None:
    recoveries = await _recoveries(on, calm, told=False, kills=2)
    print(f"untold: running elsewhere after {[round(one, 2) for one in recoveries]} s")
    assert all(one < BOUND_SECONDS for one in recoveries), recoveries


async def test_a_step_in_flight_goes_on_elsewhere_at_once_when_the_death_is_reported(on: Stage, calm: Ran) -> None:
    recoveries = await _recoveries(on, calm, told=True, kills=3)
    print(f"told: running elsewhere after {[round(one, 2) for one in recoveries]} s")
    assert statistics.median(recoveries) < BOUND_SECONDS / 2, recoveries


async def test_a_zombie_that_wakes_up_changes_nothing(on: Stage, calm: Ran) -> None:
    """A worker stands still for longer than its heartbeat; by the time it goes on, another one has done its step."""
    stall = AimedFault(kind=FaultKind.STALL, steps=Stop.SEARCHER)
    await put_faults(str(on.settings.offline_url), FaultConfig(stall_seconds=1.0, aimed=(stall,)))
    name, job = await _begun(on, calm)
    met = await take_aim(on, name, Strike(Victim.WORKER, Moment.IN_FLIGHT, Stop.SEARCHER), asyncio.Event())
    assert met is not None
    assert met.row is not None
    activity = met.row.activity
    os.kill(met.worker, signal.SIGSTOP)
    try:
        await until(lambda: any((row.attempt or 0) > 1 and row.activity == activity for row in on.rows(name)))
    finally:
        os.kill(met.worker, signal.SIGCONT)
    outcome = await job
    assert outcome.clean, _text(outcome)
    causes = outcome.proof.figures.resent_by_cause
    assert set(causes) <= {"cut: heartbeat missed", "report lost: heartbeat missed"}, causes


async def test_a_zombie_that_wakes_up_too_late_sends_nothing(on: Stage, calm: Ran) -> None:
    """It stood still before it sent its request, and wakes up after the step was recorded elsewhere."""
    name, job = await _begun(on, calm)
    met = await take_aim(on, name, Strike(Victim.WORKER, Moment.BEGUN, Stop.SEARCH), asyncio.Event())
    assert met is not None
    (activity,) = [activity for activity, maker in (await makers(on, name)).items() if maker.worker == met.worker]

    async def recorded() -> bool:
        return any(step.completed for step in (await read_job(on.client, name)).steps if step.activity == activity)

    os.kill(met.worker, signal.SIGSTOP)
    try:
        on.fuse.put_out()
        await until(recorded, pause=0.1)
    finally:
        os.kill(met.worker, signal.SIGCONT)
    outcome = await job
    assert outcome.clean, _text(outcome)
    assert len([row for row in on.rows(name) if row.activity == activity]) == 1


@pytest.mark.parametrize(
    ("when", "stop", "of_worker", "under_way"),
    [
        (Moment.IN_FLIGHT, Stop.SEARCHER, True, True),
        (Moment.RECORDED, Stop.PLANNER, True, False),
        (Moment.BEFORE, Stop.ANALYST, True, False),
        (Moment.FINALIZING, Stop.PLANNER, False, False),
    ],
)
async def test_moments_are_seen_without_help_from_workers(
    on: Stage, calm: Ran, when: Moment, stop: Stop, of_worker: bool, under_way: bool
) -> None:
    """What a cluster aims by: Temporal alone."""
    name, job = await _begun(on, calm)
    seen = await moment(on.client, name, Strike(Victim.WORKER, when, stop), asyncio.Event())
    assert seen is not None
    record = await read_job(on.client, name)
    outcome = await job
    assert outcome.clean, _text(outcome)
    if of_worker:
        assert int(seen.worker.partition("@")[0]) in on.workers
    if under_way:
        (met,) = [step for step in record.steps if step.activity == seen.activity]
        assert met.kind == stop
    assert (record.status is Status.COMPLETED) is (when is Moment.FINALIZING)


async def test_a_fifth_of_all_model_requests_fails_and_the_report_is_the_same(on: Stage) -> None:
    calm = await run_job(on, ResearchJobSpec(query=MANY))
    await put_faults(str(on.settings.offline_url), _storm(on, calm))
    try:
        stormy = await run_job(on, ResearchJobSpec(query=MANY), expected=calm.sha256)
    finally:
        await put_faults(str(on.settings.offline_url), FaultConfig())
    assert stormy.clean, _text(stormy)
    figures = stormy.proof.figures
    answered = [row for row in on.rows(stormy.job) if row.kind == "model" and row.outcome == "ok"]
    assert figures.recorded_requests + figures.lost_requests == len(answered)
    assert figures.lost_requests == 0
    assert figures.resent_requests >= STRUCK_AT_LEAST
    assert all(cause.startswith("fault ") for cause in figures.resent_by_cause), figures.resent_by_cause
    assert max(step.attempt or 0 for step in stormy.record.steps) <= 1 + BACKOFF_LIMIT


@pytest.mark.parametrize("then", [OnExceeded.CONCLUDE, OnExceeded.FAIL])
async def test_a_budget_holds_through_deaths(on: Stage, then: OnExceeded) -> None:
    """It lives in the workflow: what was used before a death is not forgotten, and what was repeated counts once."""
    ran = await run_job(on, ResearchJobSpec(query=MANY, budget=Budget(max_requests=BUDGET, on_exceeded=then)), CUTS)
    assert ran.clean, _text(ran)
    assert all(one.hit for one in ran.struck), _text(ran)
    assert ran.proof.figures.resent_requests >= 1
    assert 1 < ran.proof.figures.recorded_requests <= BUDGET
    if then is OnExceeded.FAIL:
        assert "The budget is used up" in ran.outcome.failure
    else:
        result = await Jobs(on.client, on.settings.task_queue).result(ran.job)
        assert any(cut.reason is CutReason.BUDGET for cut in result.report.cut)


async def test_a_job_that_waits_for_a_raise_outlives_everything(on: Stage) -> None:
    spec = ResearchJobSpec(query=MANY, budget=Budget(max_requests=BUDGET, on_exceeded=OnExceeded.PAUSE))
    jobs = Jobs(on.client, on.settings.task_queue)
    known = set(on.jobs())
    job = asyncio.create_task(run_job(on, spec))
    await until(lambda: set(on.jobs()) - known)
    (name,) = set(on.jobs()) - known

    async def waits() -> bool:
        progress = await jobs.progress(name)
        return progress.usage.requests == BUDGET and "a raise of the budget" in (progress.waiting_for or "")

    await until(waits, pause=0.1)
    since = time.time()
    await on.kill_everything()
    await on.back(since)
    await until(waits, pause=0.1)
    assert len([row for row in on.rows(name) if row.kind == "model"]) == BUDGET
    await jobs.set_budget(name, Budget(max_requests=10 * BUDGET, on_exceeded=OnExceeded.PAUSE))
    ran = await job
    assert ran.clean, _text(ran)
    assert ran.proof.figures.recorded_requests > BUDGET


async def _begun(on: Stage, calm: Ran) -> tuple[str, asyncio.Task[Ran]]:
    """A job that has asked its first question, while every worker stands by."""
    await on.all_work()
    known = set(on.jobs())
    job = asyncio.create_task(run_job(on, NEIGHBOUR, expected=calm.sha256))
    await until(lambda: set(on.jobs()) - known)
    (name,) = set(on.jobs()) - known
    return name, job


def _storm(on: Stage, calm: Ran) -> FaultConfig:
    """A fifth of requests fails, of every kind: from the first seed by which several of these requests are struck."""
    requests = [row.sha256 for row in on.rows(calm.job) if row.kind == "model"]
    for seed in range(SEED, SEED + 1000):
        storm = FaultConfig(rate=0.2, stall_seconds=0.4, retry_after_seconds=0.1, seed=seed)
        drawn = [fault.kind for sha256 in requests if (fault := decide(storm, 0, sha256, 1))]
        if len([kind for kind in drawn if kind is not FaultKind.STALL]) >= STRUCK_AT_LEAST:
            return storm
    raise AssertionError("a fifth of many requests is never so few")


async def _recoveries(on: Stage, calm: Ran, *, told: bool, kills: int) -> list[float]:
    stops = (Stop.PLANNER, Stop.SEARCHER, Stop.ANALYST)
    strikes = [Strike(Victim.WORKER, Moment.IN_FLIGHT, stop, told=told) for stop in stops[:kills]]
    outcome = await run_job(on, NEIGHBOUR, strikes, expected=calm.sha256, standby=True)
    assert outcome.clean, _text(outcome)
    recoveries = [one.elsewhere for one in outcome.struck if one.elsewhere is not None]
    assert len(recoveries) == kills
    return recoveries


def _text(outcome: Ran) -> str:
    story = "\n".join(f"{one.aim}: {'hit' if one.hit else 'missed'} at {one.at:.3f}" for one in outcome.struck)
    return f"{outcome.job} {outcome.outcome.failure}, read at {time.time():.3f}\n{story}\n{outcome.proof.as_text()}"
