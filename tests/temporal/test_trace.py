"""A job that lost its worker is drawn as it was, and everyone who tells what it cost tells the same."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from outlast.chaos.history import read_job
from outlast.durable.summaries import describe_job, figures
from outlast.job.spec import ResearchJobSpec
from outlast.offline.faults import AimedFault, FaultConfig, FaultKind
from outlast.render.document import ReportDocument
from outlast.trace.build import build_timeline
from outlast.trace.timeline import Fate, MarkKind
from outlast.usage.meter import Usage

from .lab import DEADLINE, Lab, job_id, until, worker_process
from .test_telemetry import metrics, pages, sends

PLANNER, SEARCHER = "agent__planner__model_request", "agent__searcher__model_request"


async def test_a_killed_worker_and_the_one_that_went_on_are_rows_of_their_own(lab: Lab) -> None:
    name = job_id()
    jobs = await lab.jobs()
    lab.offline.set_faults(FaultConfig(aimed=(AimedFault(kind=FaultKind.STALL, steps=SEARCHER),)))
    async with worker_process(lab) as first:
        await jobs.start(name, ResearchJobSpec(query="areas searches=1"))
        await until(lambda: sends(lab, name, 2))
        running = build_timeline([await read_job(jobs.client, name)])
        first.kill()
    # Seen from outside while it is under way: Temporal tells who is at it since when.
    assert [(bar.kind, bar.surmised) for bar in running.bars if bar.fate is Fate.RUNNING] == [(SEARCHER, False)]
    lab.offline.set_faults(FaultConfig(aimed=(AimedFault(kind=FaultKind.RATE_LIMIT, steps="*analyst*"),)))
    async with worker_process(lab):
        async with asyncio.timeout(DEADLINE):
            await jobs.result(name)

    rows = await lab.offline.rows(name)
    timeline = build_timeline([await read_job(jobs.client, name)], requests=rows)
    dead, living = timeline.rows
    assert [(bar.kind, bar.attempt, bar.fate) for bar in dead.bars] == [
        ("outlast__setup", 1, Fate.DONE),
        (PLANNER, 1, Fate.DONE),
        (SEARCHER, 1, Fate.CUT),
    ]
    assert [mark.kind for mark in dead.marks] == [MarkKind.BEGAN, MarkKind.KILLED]
    assert [mark.kind for mark in living.marks] == [MarkKind.RESUMED]
    cut = dead.bars[-1]
    (asked,) = [row for row in rows if row.activity == cut.activity and row.attempt == 1]
    assert (cut.start, cut.end) == (asked.started, asked.ended)
    retried = [bar for bar in living.bars if bar.fate is Fate.RETRIED]
    assert [(bar.role, bar.surmised, "429" in bar.why) for bar in retried] == [("analyst", False, True)]
    assert all(bar.fate is Fate.DONE for bar in living.bars if bar not in retried)


async def test_status_report_trace_and_metrics_agree_on_what_a_job_cost(lab: Lab) -> None:
    name = job_id()
    jobs = await lab.jobs()
    aims = (
        AimedFault(kind=FaultKind.RATE_LIMIT, steps=PLANNER),
        AimedFault(kind=FaultKind.RESET, steps=SEARCHER),
        AimedFault(kind=FaultKind.MALFORMED, steps="*analyst*"),
    )
    lab.offline.set_faults(FaultConfig(aimed=aims))
    async with pages(lab) as (url, _):
        await jobs.start(name, ResearchJobSpec(query="areas searches=3"))
        async with asyncio.timeout(DEADLINE):
            result = await jobs.result(name)
        counted = await metrics(url)

    timeline = build_timeline([await read_job(jobs.client, name)])
    status = figures((await describe_job(jobs.client, name)).progress)
    report = ReportDocument(name, result).costs[-1].usage
    assert status
    assert timeline.total == status.usage == report
    assert timeline.total.cost_usd > 0
    assert sum((bar.cost_usd or Decimal(0) for bar in timeline.bars), Decimal(0)) == report.cost_usd
    assert timeline.usage == result.usage
    assert counted["outlast_cost_usd_total", ("model", "offline:large")] == pytest.approx(float(report.cost_usd))
    tokens = sum(value for key, value in counted.items() if key[0] == "outlast_tokens_total")
    assert tokens == report.tokens
    assert Usage() != report
