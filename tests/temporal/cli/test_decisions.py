"""Decisions from another terminal, or from a script: nobody has to be there when the job asks."""

from __future__ import annotations

import json

import yaml

from .commands import until
from .conftest import Desk


async def test_a_plan_is_edited_and_approved_while_no_worker_runs(desk: Desk) -> None:
    waiting = await desk.ask("a1", 3, "--approve-plan", "--until-waiting")
    assert await waiting.end() == 3, waiting
    assert len(await desk.requests("a1")) == 1
    await until(lambda: not desk.platform_runs(), "a waiting job keeps nothing running")

    status = json.loads((await desk.run("status", "a1", "--json")).out)
    assert (status["stage"], status["polled"]) == ("AwaitingApproval", False)
    assert "`outlast approve a1` lets it go on" in status["advice"]
    shown = await desk.run("plan", "a1")
    plan = yaml.safe_load(shown.out)
    assert [search["query"] for search in plan["searches"]] == [f"place {n} area" for n in range(3)]

    plan["searches"] = plan["searches"][1:]
    (desk.folder / "plan.yaml").write_text(yaml.safe_dump(plan))
    approved = await desk.run("approve", "a1", "--plan", "plan.yaml")
    assert approved.process.returncode == 0, approved
    assert "The plan of a1 is approved. `outlast run --id a1` goes on with it." in approved.err
    assert len(await desk.requests("a1")) == 1, "deciding spends nothing"

    done = await desk.run("run", "--id", "a1")
    assert done.process.returncode == 0, done
    assert "2 areas." in done.out
    late = await desk.run("approve", "a1")
    assert (late.process.returncode, "The job 'a1' is over: Complete." in late.err) == (2, True), late


async def test_a_plan_that_is_no_good_is_refused_and_may_be_mended(desk: Desk) -> None:
    running = await desk.ask("a1", 3, "--approve-plan", "--max-searches", "3")
    await running.progress(lambda e: e["waiting_for"], "the wait")
    (desk.folder / "plan.yaml").write_text(
        yaml.safe_dump({"summary": "x", "searches": [], "analysis_instructions": ""})
    )
    refused = await desk.run("approve", "a1", "--plan", "plan.yaml")
    assert (refused.process.returncode, "The plan plan.yaml is not valid:\n  searches: List" in refused.err) == (
        2,
        True,
    )
    search = {"query": "q", "purpose": "p"}
    plan = {"summary": "x", "searches": [search] * 4, "analysis_instructions": ""}
    (desk.folder / "plan.yaml").write_text(yaml.safe_dump(plan))
    refused = await desk.run("approve", "a1", "--plan", "plan.yaml")
    assert (refused.process.returncode, "The plan has 4 searches; maxSearches is 3" in refused.err) == (2, True), (
        refused
    )
    rejected = await desk.run("reject", "a1", "--reason", "no use")
    assert rejected.process.returncode == 0, rejected
    assert await running.end() == 1
    assert "The plan was rejected: no use" in running.err


async def test_a_job_is_cancelled_while_no_worker_runs(desk: Desk) -> None:
    waiting = await desk.ask("a1", 3, "--approve-plan", "--until-waiting")
    assert await waiting.end() == 3, waiting
    cancelled = await desk.run("cancel", "a1")
    assert (cancelled.process.returncode, "a1 is cancelled." in cancelled.err) == (0, True), cancelled
    again = await desk.run("cancel", "a1")
    assert (again.process.returncode, "is over: Cancelled" in again.err) == (0, True), again
    report = await desk.run("report", "a1")
    assert (report.process.returncode, "The job 'a1' was cancelled." in report.err) == (1, True), report


async def test_a_budget_that_is_used_up_is_raised_by_running_again(desk: Desk) -> None:
    words = ("--max-requests", "3", "--on-exceeded", "Pause")
    paused = await desk.ask("a1", 2, *words, "--until-waiting")
    assert await paused.end() == 3, paused
    note = paused.event("note")
    assert note
    assert "outlast run --id a1" in note["text"]
    early = await desk.run("report", "a1")
    assert (early.process.returncode, "The job 'a1' is not over" in early.err) == (3, True), early
    raised = await desk.run("run", "--id", "a1", "--max-requests", "50")
    assert raised.process.returncode == 0, raised
    assert "a1 has a new budget." in raised.err
    assert "2 areas." in raised.out
