"""Whatever is killed, the same id goes on where the job was, and pays for no recorded step again."""

from __future__ import annotations

import signal
from collections import Counter

from outlast.local.locks import FileLock

from .commands import Command
from .conftest import Desk


def resumed(command: Command) -> dict[str, int]:
    event = command.event("resumed")
    assert event, command
    return event


async def test_after_a_kill_of_everything_only_what_was_in_flight_is_sent_again(desk: Desk) -> None:
    desk.stall("agent__analyst__*")
    first = await desk.ask("a1", 4)
    await desk.in_flight("a1", 1)
    await first.kill()
    await desk.kill_host()
    desk.heal()

    second = await desk.run("run", "--id", "a1", "--json")
    assert second.process.returncode == 0, second
    told = resumed(second)
    assert told["replayed_steps"] == 2 + 4 * 3, "setup, plan, and three steps a search"
    assert told["sent_again"] == 1
    assert 0 < told["replay_ms"] < 10_000
    sent = Counter(activity for activity, _ in await desk.requests("a1"))
    assert sorted(sent.values()) == [1] * 9 + [2], "every request once, but for the one in flight"
    report = second.event("report")
    assert report
    assert report["report"]["answer"] == "4 areas."


async def test_steps_of_a_dead_command_are_taken_over_while_the_server_lives_on(desk: Desk) -> None:
    # Without the take-over their next attempt would wait for a heartbeat to be missed: ten minutes here.
    patient = {"OUTLAST_HEARTBEAT_SECONDS": "600"}
    desk.stall("agent__searcher__model_request")
    with FileLock(desk.files.users_lock, shared=True) as user:
        assert user.acquire()
        first = await desk.ask("a1", 3, env=patient)
        await desk.in_flight("a1", 3)
        await first.kill()
        desk.heal()
        second = await desk.run("run", "--id", "a1", "--json", env=patient)
    assert second.process.returncode == 0, second
    assert resumed(second)["sent_again"] == 3


async def test_a_host_that_dies_under_a_job_is_replaced(desk: Desk) -> None:
    desk.stall("agent__analyst__*", seconds=5)
    command = await desk.ask("a1", 2)
    await desk.in_flight("a1", 1)
    before = desk.files.read()
    await desk.kill_host()
    desk.heal()
    assert await command.end() == 0, command
    after = desk.files.read()
    assert before
    assert after
    assert (after.temporal, after.temporal_ui) == (before.temporal, before.temporal_ui)
    assert after.pid != before.pid


async def test_sigterm_stops_and_nothing_is_lost(desk: Desk) -> None:
    desk.stall("agent__searcher__*")
    first = await desk.ask("a1", 2)
    await desk.in_flight("a1", 2)
    first.signal(signal.SIGTERM)
    assert await first.end() == 143, first
    note = first.event("note")
    assert note
    assert "under way" in note["text"]
    desk.heal()
    second = await desk.run("run", "--id", "a1", "--json")
    assert second.process.returncode == 0, second
    assert resumed(second)["replayed_steps"] >= 1


async def test_ctrl_c_without_a_terminal_asks_nobody(desk: Desk) -> None:
    desk.stall("agent__planner__*")
    command = await desk.ask("a1")
    await desk.in_flight("a1", 1)
    command.signal(signal.SIGINT)
    await command.heard("stands still until it is run again: outlast run --id a1")
    command.signal(signal.SIGINT)  # once more: do not wait for the step
    assert await command.end() == 130, command
