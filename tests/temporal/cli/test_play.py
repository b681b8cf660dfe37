"""`outlast play`: a game from its first question to its transcript, through a death, and the verbs that look at it."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import Counter

from .commands import DEADLINE, LOOK_SECONDS
from .conftest import Desk


async def test_a_game_and_the_verbs_that_look_at_it(desk: Desk) -> None:
    command = await desk.run("play", "--secret", "potato", "--id", "g1", "--seed", "3")
    assert command.process.returncode == 0, command
    assert "g1 started (embedded server); resume it with: outlast play --id g1" in command.err
    assert command.out.startswith("# Found after 5 questions: potato\n")
    lines = re.findall(r"^(\d+)\. (.+\?) (.+)$", command.err, re.MULTILINE)
    assert [number for number, *_ in lines] == ["1", "2", "3", "4", "5"]
    assert lines[-1] == ("5", "Is it a potato?", "yes")

    asked = await desk.requests("g1")
    again = await desk.run("play", "--id", "g1", "--quiet")
    assert again.out == command.out
    (listed,) = json.loads((await desk.run("list", "--json")).out)
    assert (listed["kind"], listed["questions_asked"], listed["max_questions"]) == ("TwentyQuestions", 5, 20)
    assert "5 of 20" in (await desk.run("status", "g1")).out
    data = json.loads((await desk.run("report", "g1", "--json")).out)
    assert (data["won"], data["supported"], len(data["turns"])) == (True, True, 5)
    assert "is a TwentyQuestions: it has no plan" in (await desk.run("plan", "g1")).err
    assert await desk.requests("g1") == asked, "looking at a game asks no model"

    for words, said in (
        (("--secret", "carrot"), "belongs to a game with another secret than 'carrot'"),
        (("--model", "offline:small"), "whose model is None, not 'offline:small'"),
    ):
        refused = await desk.run("play", *words, "--id", "g1")
        assert refused.process.returncode == 2
        assert said in refused.err
        assert "potato" not in refused.err


async def test_a_killed_game_goes_on_and_shows_what_was_recorded_as_such(desk: Desk) -> None:
    desk.stall("agent__answerer__*", seconds=2)  # as slow as a model, so that the game is not over before it is killed
    first = await desk.start("play", "--secret", "potato", "--id", "g1", "--seed", "3", "--json")
    await first.progress(lambda progress: len(progress["turns"]) >= 2, "two turns")
    desk.stall("agent__answerer__*")
    stalled = time.time()
    async with asyncio.timeout(DEADLINE):
        while not any(row.is_open and row.started > stalled for row in await desk.offline.rows("g1")):
            await asyncio.sleep(LOOK_SECONDS)
    await first.kill()
    await desk.kill_host()
    desk.heal()

    second = await desk.run("play", "--id", "g1")
    assert second.process.returncode == 0, second
    assert "g1 goes on" in second.err
    assert re.search(r"resumed: \d+ recorded steps replayed in \d+ ms, 1 in flight sent again", second.err), second
    assert "(recorded, not asked again)" in second.err
    assert second.out.startswith("# Found after 5 questions: potato\n")
    sent = Counter(activity for activity, _ in await desk.requests("g1"))
    assert sorted(sent.values()) == [1] * 10 + [2], "every request once, but for the one in flight"


async def test_machines_get_events(desk: Desk) -> None:
    command = await desk.run("play", "--secret", "piano", "--id", "g1", "--failure-rate", "0.2", "--json")
    assert (command.process.returncode, command.err) == (0, ""), command
    names = [event["event"] for event in command.events]
    assert (names[0], names[-2], names[-1]) == ("began", "ended", "result")
    stateless = await desk.run("play", "--secret", "piano", "--stateless", "--json")
    result, other = command.event("result"), stateless.event("result")
    assert result
    assert other
    assert result["turns"] == other["turns"]
    assert "piano" not in json.dumps([e for e in command.events if e["event"] == "began"])


async def test_a_game_on_a_terminal(desk: Desk) -> None:
    terminal = await desk.sit_down("play", "--secret", "potato", "--id", "g1", "--seed", "3")
    await terminal.shows("Twenty Questions about a secret")
    await terminal.shows("Is it a potato?")
    await terminal.shows("Found after 5 questions: potato")
    assert await terminal.end() == 0


async def test_without_an_engine_a_simulated_failure_ends_the_game(desk: Desk) -> None:
    command = await desk.run("play", "--secret", "potato", "--stateless", "--failure-rate", "0.9", "--seed", "1")
    assert command.process.returncode == 1
    assert "The game broke off after" in command.err
    assert "fails on purpose" in command.err
