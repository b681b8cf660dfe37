"""What a test of games on Temporal needs beside a lab."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from outlast.durable.games import Games
from outlast.games.agents import build_game_agents
from outlast.games.models import GameResult, GameSpec
from outlast.games.setup import check_game
from outlast.games.stateless import StatelessGameHost, play_stateless

from .lab import DEADLINE, Lab


def game_id() -> str:
    """An id that no other game has."""
    return f"game-{uuid.uuid4().hex[:10]}"


def spec_of(secret: str, **more: Any) -> GameSpec:
    """A game."""
    return GameSpec.model_validate({"secret": secret, **more})


@asynccontextmanager
async def playing(lab: Lab, **changes: Any) -> AsyncIterator[Games]:
    """A worker that runs as long as the block, and a caller of games."""
    async with lab.running(**changes) as jobs:
        yield Games(jobs.client, lab.queue)


async def played(games: Games, spec: GameSpec, name: str | None = None) -> GameResult:
    """Start a game and wait for its end."""
    name = name or game_id()
    await games.start(name, spec)
    async with asyncio.timeout(DEADLINE):
        return await games.result(name)


async def undisturbed(lab: Lab, spec: GameSpec) -> GameResult:
    """What a game comes to without Temporal and without failures: what every other way has to equal."""
    settings = lab.settings()
    models = lab.models(settings)
    host = StatelessGameHost(lambda game: check_game(game, settings, models))
    return await play_stateless(spec.model_copy(update={"failure_rate": 0.0}), build_game_agents(models=models), host)
