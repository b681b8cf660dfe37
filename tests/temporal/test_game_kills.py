"""A game whose worker is killed at each turn comes to the same transcript, and the proof is clean."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from outlast.chaos.check import check
from outlast.chaos.history import read_job
from outlast.chaos.join import LedgerCopy
from outlast.chaos.lab.aim import makers
from outlast.chaos.lab.stage import Stage, open_rows, stage
from outlast.chaos.records import Status
from outlast.chaos.verdict import Verdict
from outlast.durable.games import Games
from outlast.ledger import LedgerRow, read_rows

from .games_lab import played, spec_of

SIDES = ("agent__answerer__model_request", "agent__questioner__model_request")
"""Whose request is in flight when its worker dies, turn by turn."""

SPEC = spec_of("potato", seed=3)


async def test_killed_at_each_turn_a_game_asks_nothing_again_that_was_recorded(tmp_path: Path) -> None:
    async with stage(tmp_path / "stage", latency_scale=0.5) as on:
        games = Games(on.client, on.settings.task_queue)
        calm = await played(games, SPEC, "calm")
        await games.start("stormy", SPEC)
        kills = await _kill_each_turn(on, len(calm.turns))
        async with asyncio.timeout(60):
            assert await games.result("stormy") == calm
        records = [await read_job(on.client, name) for name in ("calm", "stormy")]
        proof = check(records, [LedgerCopy("stage", tuple(read_rows(on.ledger)))], on.known)
    assert kills == len(calm.turns)
    assert all(record.status is Status.COMPLETED for record in records)
    assert proof.verdict is Verdict.TRUE, proof.as_text()
    assert 0 < proof.figures.resent_requests <= kills
    assert records[0].report_sha256 == records[1].report_sha256


async def _kill_each_turn(on: Stage, turns: int) -> int:
    """Kill the worker that waits for the answer to one request in each turn; return how many were killed."""
    struck: set[str] = set()
    for turn in range(turns):
        row, worker = await _in_flight(on, SIDES[turn % 2], struck)
        struck.add(row.activity or "")
        at = time.time()
        await on.kill_worker(worker)
        await on.back(at)
        await on.tell("stormy")
    return len(struck)


async def _in_flight(on: Stage, kind: str, struck: set[str]) -> tuple[LedgerRow, int]:
    async with asyncio.timeout(60):
        while True:
            for row in open_rows(on.rows("stormy"), kind):
                maker = (await makers(on, "stormy", kind)).get(row.activity or "")
                if row.activity not in struck and maker is not None and maker.attempt == row.attempt:
                    return row, maker.worker
            await asyncio.sleep(0.003)
