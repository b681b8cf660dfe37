"""What makes the controller look at a job, and what does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from outlast.control.controller import Controller
from outlast.control.executor import Outcome
from outlast.control.jobs import JobCache
from outlast.control.observer import Snapshot
from outlast.control.probes import OperatorMetrics
from outlast.control.temporal import TemporalUnreachableError
from outlast.job.observed import FINALIZER, Observed, Workflow
from outlast.settings import Settings
from outlast.telemetry.visits import VisitSpans
from tests.unit.job.builders import running

ID = "ns/job/uid-1"


def body(version: int, **more: Any) -> dict[str, Any]:
    metadata = {"namespace": "ns", "name": "job", "uid": "uid-1", "generation": 1, "resourceVersion": str(version)}
    managed = [{"manager": "kubectl", "fieldsV1": {}}]
    return {"metadata": {**metadata, "managedFields": managed}, "spec": {"query": "Why?"}, **more}


def condition(kind: str, status: str, reason: str) -> dict[str, str]:
    times = {"lastTransitionTime": "2026-01-01T00:00:00Z"}
    return {"type": kind, "status": status, "reason": reason, "message": "", **times}


class World:
    """Temporal, the observer and the executor, as far as the controller asks."""

    held = True

    def __init__(self) -> None:
        self.listed: dict[str, Workflow] = {}
        self.changed_queues: set[str] = set()
        self.abandoned: set[str] = set()
        self.failing = False
        self.answers = False

    def answered_since(self, _: float) -> bool:
        return self.answers

    async def sweep(self, _: str) -> AsyncIterator[tuple[str, Workflow]]:
        if self.failing:
            raise TemporalUnreachableError("Timeout expired.")
        for item in self.listed.items():
            yield item

    async def repolled(self) -> set[str]:
        return self.changed_queues

    async def observe(self, _: object) -> Observed:
        if self.failing:
            raise TemporalUnreachableError("Timeout expired.")
        return Observed()

    async def run(self, *_: object) -> Outcome:
        return Outcome()


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def controller(world: World) -> Controller:
    anything: Any = world
    return Controller(
        cache=JobCache(),
        observer=anything,
        executor=anything,
        workflows=anything,
        snapshot=Snapshot(),
        leadership=world,
        metrics=OperatorMetrics(),
        spans=VisitSpans(Settings()),
    )


async def looked_at(controller: Controller) -> list[str]:
    """The jobs that wait to be looked at; none waits afterwards."""
    found = []
    while len(controller.queue):
        found.append(await controller.queue.take())
        controller.queue.done(found[-1])
    return found


UNREACHABLE = {"conditions": [condition("Accepted", "Unknown", "TemporalUnreachable")]}
FINISHED = {"conditions": [condition("Complete", "True", "ReportWritten")]}


@pytest.mark.parametrize(
    ("finalizers", "status", "first"),
    [([], {}, True), ([FINALIZER], {}, False), ([], UNREACHABLE, True), ([], FINISHED, False)],
    ids=["new", "being started", "seen while Temporal was away", "finished"],
)
async def test_a_job_that_was_not_started_goes_first(
    controller: Controller, finalizers: list[str], status: dict[str, Any], first: bool
) -> None:
    job = body(1, status=status)
    job["metadata"]["finalizers"] = finalizers
    controller.saw(job)
    assert controller.queue.urgent is first
    assert await looked_at(controller) == ["uid-1"]


@pytest.mark.parametrize("version", [4, 5])
async def test_a_version_that_is_known_or_older_is_no_news(controller: Controller, version: int) -> None:
    controller.saw(body(5, status={"trace": "new"}))
    await looked_at(controller)
    controller.saw(body(version, status={"trace": "old"}))
    assert await looked_at(controller) == []
    entry = controller.cache.get("uid-1")
    assert entry is not None
    assert entry.body["status"] == {"trace": "new"}
    assert "managedFields" not in entry.body["metadata"]


async def test_a_workflow_that_no_listing_shows_is_asked_for(controller: Controller, world: World) -> None:
    controller.saw(body(1))
    entry = controller.cache.get("uid-1")
    assert entry is not None
    entry.memory.changed()  # as when its workflow was just started
    await controller._visit(await controller.queue.take())
    controller.queue.done("uid-1")
    await controller.sweep()
    assert await looked_at(controller) == ["uid-1"]
    world.listed = {ID: running()}
    await controller.sweep()
    assert await looked_at(controller) == ["uid-1"]  # it is listed for the first time
    await controller.sweep()
    assert await looked_at(controller) == []
    entry.memory.describe_until = 0.0
    await controller.sweep()
    assert await looked_at(controller) == ["uid-1"]  # once more, now that listings know
    await controller.sweep()
    assert await looked_at(controller) == []


async def test_jobs_are_looked_at_when_the_workers_of_their_queue_come_or_go(
    controller: Controller, world: World
) -> None:
    controller.saw(body(1))
    of_team_a = replace(running(), task_queue="team-a")
    world.listed = {ID: of_team_a, "of/somebody/else": of_team_a}
    await controller.sweep()
    await looked_at(controller)
    world.changed_queues = {"team-b"}
    await controller.sweep()
    assert await looked_at(controller) == []
    world.changed_queues = {"team-a"}
    await controller.sweep()
    assert await looked_at(controller) == ["uid-1"]


@pytest.mark.parametrize("answers", [True, False], ids=["slow", "away"])
async def test_temporal_is_away_only_when_nothing_is_answered(
    controller: Controller, world: World, answers: bool
) -> None:
    controller.saw(body(1))
    world.failing, world.answers = True, answers
    await controller._visit(await controller.queue.take())
    controller.queue.done("uid-1")
    assert controller.snapshot.reachable is answers


@pytest.mark.parametrize(("answers", "looked"), [(True, []), (False, ["uid-1"])], ids=["slow", "away"])
async def test_jobs_are_told_of_a_failed_sweep_only_when_nothing_is_answered(
    controller: Controller, world: World, answers: bool, looked: list[str]
) -> None:
    controller.saw(body(1))
    await looked_at(controller)
    world.failing, world.answers = True, answers
    async with asyncio.timeout(60):
        sweeping = asyncio.create_task(controller._sweep_for_ever())
        before = controller.moved
        while controller.moved == before:
            await asyncio.sleep(0)
        sweeping.cancel()
    assert controller.snapshot.reachable is answers
    assert await looked_at(controller) == looked


async def test_a_listing_that_shows_a_run_just_started_is_believed(controller: Controller, world: World) -> None:
    controller.saw(body(1))
    entry = controller.cache.get("uid-1")
    assert entry is not None
    entry.memory.changed(started_run=running().run_id)
    await controller._visit(await controller.queue.take())
    controller.queue.done("uid-1")
    world.listed = {ID: running()}
    await controller.sweep()
    assert entry.memory.is_shown_by(running())
    assert not entry.memory.is_shown_by(replace(running(), run_id="an earlier one"))
    assert await looked_at(controller) == ["uid-1"]  # it is listed for the first time
    entry.memory.describe_until = 0.0
    await controller.sweep()
    assert await looked_at(controller) == []  # nothing to look for behind that listing
    entry.memory.changed()
    assert not entry.memory.is_shown_by(running())
