"""How many games of Twenty Questions this machine plays."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from outlast.durable.games import Games
from outlast.durable.worker import build_worker
from outlast.games.models import GameSpec
from outlast.offline.roles.things import things
from tests.bench.stage import stage

AT_ONCE = 40


async def games_an_hour(folder: Path) -> dict[str, float]:
    """Games an hour, forty at once on one worker, by models that answer at once."""
    async with stage(folder, latency_scale=0) as on, build_worker(on.client, on.settings):
        games = Games(on.client, on.settings.task_queue)
        await _play(games, "warm", 0)
        began = time.perf_counter()
        turns = await asyncio.gather(*(_play(games, f"game-{seed}", seed) for seed in range(AT_ONCE)))
        seconds = time.perf_counter() - began
    return {"games an hour": 3600 * AT_ONCE / seconds, "turns a game": sum(turns) / AT_ONCE}


async def _play(games: Games, name: str, seed: int) -> int:
    secrets = list(things().answers)
    await games.start(name, GameSpec(secret=secrets[seed % len(secrets)], seed=seed))
    return (await games.result(name)).steps
