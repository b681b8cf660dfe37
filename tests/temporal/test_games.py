"""Games on Temporal: the same as without, each request and each tool call a step of its own."""

from __future__ import annotations

from collections import Counter

from outlast.chaos.history import read_job

from .games_lab import game_id, played, playing, spec_of, undisturbed
from .lab import Lab


async def test_a_game_is_the_same_with_temporal_and_without(lab: Lab) -> None:
    spec = spec_of("potato", seed=7)
    async with playing(lab) as games:
        assert await played(games, spec) == await undisturbed(lab, spec)


async def test_each_request_and_each_tool_call_is_a_step_of_its_own(lab: Lab) -> None:
    name = game_id()
    async with playing(lab) as games:
        result = await played(games, spec_of("piano", seed=1), name)
        record = await read_job(games.client, name)
    assert result.won
    turns = len(result.turns)
    assert Counter(step.kind for step in record.steps) == {
        "outlast__game_setup": 1,
        "agent__questioner__model_request": turns + 1,
        "agent__questioner__toolset__game__call_tool": turns,
        "agent__answerer__model_request": turns,
    }
    assert {role: used.requests for role, used in result.usage.items()} == {"questioner": turns + 1, "answerer": turns}
