"""`outlast run` from a question to a report, and the verbs that look at it afterwards."""

from __future__ import annotations

import json

from .commands import until
from .conftest import Desk
from .script import SOURCE


async def test_a_question_becomes_a_report(desk: Desk) -> None:
    command = await desk.run("run", "The areas of 3 places?", "--id", "a1", "--source", SOURCE)
    assert command.process.returncode == 0, command
    assert command.out.startswith("# The areas of 3 places?\n\n**3 areas.**\n")
    assert "- The area of place 2 is 3 sq km.[^3]" in command.out
    assert "a1 started (embedded server); resume it with: outlast run --id a1" in command.err
    assert "plan: 3 searches" in command.err
    assert "search 3/3: place" in command.err
    assert "complete after " in command.err
    assert "Traceback" not in command.err
    assert len(await desk.requests("a1")) == 1 + 3 * 2 + 1


async def test_the_verbs_that_look_at_a_job(desk: Desk) -> None:
    assert (await desk.run("run", "The areas of 2 places?", "--id", "a1", "-s", SOURCE, "--quiet")).err == ""
    asked = await desk.requests("a1")
    again = await desk.run("run", "The areas of 2 places?", "--id", "a1", "-s", SOURCE)
    assert "a1 was complete already; this is its report." in again.err
    assert (await desk.run("run", "--id", "a1", "--quiet")).out == again.out

    page = desk.folder / "a1.html"
    saved = await desk.run("report", "a1", "-o", str(page))
    assert (saved.process.returncode, saved.out) == (0, ""), saved
    assert "The area of place 1 is 2 sq km" in page.read_text()
    data = json.loads((await desk.run("report", "a1", "--json")).out)
    assert (data["job"], data["report"]["answer"]) == ("a1", "2 areas.")
    assert data["models"] == dict.fromkeys(("planner", "searcher", "analyst"), "offline:large")

    (listed,) = json.loads((await desk.run("list", "--json")).out)
    assert (listed["id"], listed["state"], listed["searches_done"]) == ("a1", "Complete", 2)
    assert listed["usage"]["requests"] == 6
    status = json.loads((await desk.run("status", "a1", "--json")).out)
    assert (status["state"], status["steps"], status["advice"]) == (
        "Complete",
        [],
        "`outlast report a1` prints its report.",
    )
    assert "a1  Complete" in (await desk.run("list")).out
    plan = json.loads((await desk.run("plan", "a1", "--json")).out)
    assert [search["query"] for search in plan["searches"]] == ["place 0 area", "place 1 area"]

    assert await desk.requests("a1") == asked, "looking at a job asks no model"


async def test_machines_get_events(desk: Desk) -> None:
    command = await desk.ask("a1")
    assert await command.end() == 0, command
    assert command.err == ""
    names = [event["event"] for event in command.events]
    assert (names[0], names[-2], names[-1]) == ("began", "ended", "report")
    assert set(names[1:-2]) == {"progress"}
    report = command.event("report")
    assert report
    assert report["report"]["answer"] == "3 areas."
    began = command.event("began")
    assert began
    assert began["ui"].endswith("/namespaces/default/workflows/a1")


async def test_a_stateless_run_is_the_same_without_a_server(desk: Desk) -> None:
    words = ("The areas of 3 places?", "--source", SOURCE, "--format", "json", "--quiet")
    stateless = await desk.run("run", *words, "--stateless", "--id", "s1")
    assert stateless.process.returncode == 0, stateless
    assert not desk.files.database.exists()
    durable = await desk.run("run", *words, "--id", "d1")
    expected, found = json.loads(stateless.out), json.loads(durable.out)
    assert found | {"job": ""} == expected | {"job": ""}
    assert {activity for activity, _ in await desk.requests("s1")} == {"stateless"}


async def test_two_terminals_share_the_platform(desk: Desk) -> None:
    desk.stall("agent__analyst__*")
    first, second = await desk.ask("a1"), await desk.ask("a2")
    await desk.in_flight("a1", 1)
    await desk.in_flight("a2", 1)
    hosts = [event["ui"].partition("/namespaces")[0] for c in (first, second) if (event := c.event("began"))]
    assert len(hosts) == 2
    assert len(set(hosts)) == 1
    await first.kill()
    desk.heal()
    assert (await desk.run("run", "--id", "a1", "--quiet")).process.returncode == 0
    await second.kill()
    asked = len(await desk.requests("a2"))
    assert (await desk.run("run", "The areas of 1 places?", "-s", SOURCE, "--quiet")).process.returncode == 0
    assert len(await desk.requests("a2")) == asked, "a job that was stopped stays stopped while others run"
    assert (await desk.run("run", "--id", "a2", "--quiet")).process.returncode == 0
    await until(lambda: not desk.platform_runs(), "the platform ends when nobody uses it")
