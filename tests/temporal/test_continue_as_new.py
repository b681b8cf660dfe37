"""A history that grew long goes on as a new run, and nobody can tell from the report."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from unittest.mock import patch

import pytest

from outlast.errors import JobFailedError
from outlast.job.spec import Budget, OnExceeded, ResearchJobSpec
from outlast.ledger import LedgerRow
from outlast.local import temporal as embedded
from outlast.local.temporal import Ports, TemporalServer, free_port
from outlast.offline.faults import AimedFault, FaultConfig, FaultKind
from outlast.offline.server import OfflineServer

from .lab import TICK_SECONDS, Lab, deadlines, history, job_id, until

SEARCHER = "agent__searcher__model_request"
ANALYST = "agent__analyst__model_request"


@pytest.fixture
async def short_histories(tmp_path: Path, offline: OfflineServer) -> AsyncIterator[Lab]:
    """A server that finds a history of 30 events long."""
    limits = {"limit.historyCount.suggestContinueAsNew": "30", **embedded.DYNAMIC_CONFIG}
    with patch.object(embedded, "DYNAMIC_CONFIG", limits):
        server = TemporalServer(
            database=tmp_path / "short.db", log=tmp_path / "short.log", ports=Ports(free_port(), free_port())
        )
        await server.start()
    lab = Lab(server, offline, tmp_path)
    yield lab
    await lab.close()
    await server.stop()


async def test_the_report_and_the_meter_are_those_of_an_undisturbed_job(short_histories: Lab) -> None:
    lab = short_histories
    async with lab.running() as jobs:
        name = job_id()
        await jobs.start(name, ResearchJobSpec(query="areas searches=6"))
        result = await jobs.result(name)
        runs = [run async for run in jobs.client.list_workflows(f"WorkflowId = '{name}'")]
        last = await history(jobs.client, name)
    assert result == await lab.undisturbed("areas searches=6")
    assert len(runs) == 2
    assert len({row.run for row in await lab.offline.rows(name)}) == 2
    # The searches were made in the first run, so the second one knows them from its input alone.
    scheduled = (event.activity_task_scheduled_event_attributes for event in last)
    made = [step.activity_type.name for step in scheduled if step.activity_id]
    assert made == ["outlast__setup", "agent__analyst__model_request"]


async def test_a_budget_that_was_changed_and_what_was_used_of_it_are_handed_on(short_histories: Lab) -> None:
    lab = short_histories
    lab.offline.set_faults(FaultConfig(aimed=(AimedFault(kind=FaultKind.STALL, steps=SEARCHER),), stall_seconds=3))
    async with lab.running() as jobs:
        name = job_id()
        await jobs.start(name, ResearchJobSpec(query="areas searches=6"))
        await until(lambda: sent(lab, name, SEARCHER))
        # One request of the planner and two of each searcher: nothing is left for the analyst in the second run.
        await jobs.set_budget(name, Budget(max_requests=13, on_exceeded=OnExceeded.FAIL))
        with pytest.raises(JobFailedError, match=r"budget\.maxRequests is 13, used 13"):
            await jobs.result(name)
        runs = [run async for run in jobs.client.list_workflows(f"WorkflowId = '{name}'")]
    assert len(runs) == 2
    assert not await sent(lab, name, ANALYST)


async def test_a_deadline_counts_from_the_first_run(short_histories: Lab) -> None:
    lab = short_histories
    async with lab.running() as jobs:
        name = job_id()
        await jobs.start(name, ResearchJobSpec(query="areas searches=6", active_deadline_seconds=300))
        await jobs.result(name)
        runs = [run async for run in jobs.client.list_workflows(f"WorkflowId = '{name}'")]
        first = min(run.start_time for run in runs)
        (due,) = deadlines(await history(jobs.client, name))
    assert len(runs) == 2
    assert abs(due - first.timestamp() - 300) < TICK_SECONDS


async def sent(lab: Lab, name: str, kind: str) -> list[LedgerRow]:
    return [row for row in await lab.offline.rows(name) if row.step_kind == kind]
