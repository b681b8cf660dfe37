"""Games on Temporal: the same as without, each request and each tool call a step of its own, the secret where it is."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from outlast.chaos.check import check
from outlast.chaos.history import read_job
from outlast.chaos.join import LedgerCopy
from outlast.chaos.verdict import Verdict
from outlast.durable.games import Games
from outlast.errors import JobFailedError, UsageError
from outlast.games.models import GameResult, GameSpec
from outlast.offline.roles.things import things

from .collector import Collector
from .games_lab import game_id, played, playing, spec_of, undisturbed
from .lab import Lab, until, worker_process
from .test_codec import database_files, keys_file, raw_history, spellings
from .wire import Wire

SECRET = "Rumpelstiltskin"
"""No model knows it, so whoever says it was told."""

GAMES, AT_ONCE = 20, 5


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


async def test_an_oracle_is_a_step_and_asks_no_model(lab: Lab) -> None:
    name = game_id()
    spec = spec_of("Holland", oracle=True, seed=2)
    async with playing(lab) as games:
        result = await played(games, spec, name)
        record = await read_job(games.client, name)
    assert (result.won, result.answer) == (True, "Netherlands")
    kinds = Counter(step.kind for step in record.steps)
    assert kinds["outlast__oracle"] == len(result.turns)
    assert "agent__answerer__model_request" not in kinds
    assert list(result.models) == ["questioner"]


async def test_games_whose_steps_fail_come_to_the_same_transcripts_each_call_recorded_once(lab: Lab) -> None:
    specs = {
        game_id(): spec_of(secret, seed=seed, failureRate=0.2)
        for seed, secret in enumerate(list(things().answers)[:GAMES])
    }
    # A machine that is busy with other tests must not look like one that died.
    async with playing(lab, heartbeat_seconds=60) as games:
        free = asyncio.Semaphore(AT_ONCE)

        async def one(name: str, spec: GameSpec) -> GameResult:
            async with free:
                return await played(games, spec, name)

        results = await asyncio.gather(*(one(name, spec) for name, spec in specs.items()))
        records = [await read_job(games.client, name) for name in specs]
        rows = tuple(await lab.offline.rows())
    assert results == [await undisturbed(lab, spec) for spec in specs.values()]
    steps = [step for record in records for step in record.steps]
    failures = Counter(failed.type for step in steps for failed in step.failures.values())
    assert set(failures) == {"SimulatedFailureError"}
    assert failures.total() > len(steps) / 10
    proof = check(records, [LedgerCopy("lab", rows)])
    assert proof.verdict is Verdict.TRUE, proof.as_text()
    assert proof.figures.resent_requests == 0, "a simulated failure strikes before anything is sent"


async def test_the_secret_is_in_no_byte_that_the_questioners_model_is_sent(lab: Lab) -> None:
    async with Wire(lab.offline.url) as wire, playing(lab, offline_url=wire.url) as games:
        result = await played(games, spec_of(SECRET, seed=1))
    asked = [body for body in wire.bodies if b"submit_answer" in body]
    told = [body for body in wire.bodies if b"submit_reply" in body]
    assert (len(asked), len(told)) == (len(result.turns) + 1, len(result.turns))
    assert all(SECRET.encode() in body for body in told)
    hidden = [form.lower() for form in spellings(SECRET)]
    assert not any(form in body.lower() for body in asked for form in hidden)


async def test_the_secret_is_in_no_span(lab: Lab) -> None:
    async with Collector() as collector:
        async with worker_process(lab, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url):
            games = Games((await lab.jobs()).client, lab.queue)
            await played(games, spec_of(SECRET, seed=1))
        sent = b"".join(span.SerializeToString() for span in collector.spans).lower()
    assert b"agent__answerer__model_request" in sent
    assert SECRET.lower().encode() not in sent


async def test_with_a_key_the_secret_stands_nowhere_at_rest(lab: Lab, tmp_path: Path) -> None:
    keys = keys_file(tmp_path / "keys.json", "old")
    for secret, encrypted in (("canary-in-clear-3fe0", False), ("canary-hidden-9c41", True)):
        name = game_id()
        async with playing(lab, encryption_keys_file=keys if encrypted else None) as games:
            result = await played(games, spec_of(secret, maxQuestions=3), name)
            assert result.secret == secret
            at_rest = await raw_history(games.client, name)
        at_rest += b"".join(file.read_bytes() for file in database_files(lab))
        assert any(form in at_rest for form in spellings(secret)) is not encrypted


async def test_an_id_stays_with_its_secret_and_its_players(lab: Lab) -> None:
    name = game_id()
    async with playing(lab) as games:
        await played(games, spec_of("potato", model="offline:small"), name)
        assert not await games.start(name, spec_of("potato", model="offline:small"))
        with pytest.raises(UsageError, match="another secret than 'carrot'") as refused:
            await games.start(name, spec_of("carrot", model="offline:small"))
        assert "potato" not in str(refused.value)
        with pytest.raises(UsageError, match="whose model is 'offline:small', not 'offline:large'"):
            await games.start(name, spec_of("potato", model="offline:large"))
        with pytest.raises(UsageError, match=r"models\.answerer is None, not 'offline:large'"):
            await games.start(name, spec_of("potato", model="offline:small", models={"answerer": "offline:large"}))
        research = await lab.jobs()
        with pytest.raises(UsageError, match="belongs to a TwentyQuestions, no research job"):
            await research.spec(name)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"model": "offline:tiny"}, "no model 'tiny'"),
        ({"model": "openai:nobody-1"}, "OPENAI_API_KEY is not set"),
        ({"models": {"answerer": "offline:tiny"}}, "no model 'tiny'"),
        ({"oracle": True, "secret": "Germny"}, "did you mean 'Germany'"),
    ],
)
async def test_what_a_game_needs_is_checked_before_its_first_step(
    lab: Lab, more: dict[str, object], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    async with playing(lab) as games:
        with pytest.raises(JobFailedError, match=said):
            await played(games, spec_of(**{"secret": "potato", **more}))  # type: ignore[arg-type]
    assert not await lab.offline.rows()


async def test_a_game_answers_for_its_progress_and_is_cancelled(lab: Lab) -> None:
    name = game_id()
    async with playing(lab) as games:
        await games.start(name, spec_of("potato", failureRate=0.9, seed=1))
        progress = await until(lambda: games.progress(name))
        assert (progress.max_questions, progress.waiting_for) == (20, None)
        await games.cancel(name)
        with pytest.raises(JobFailedError, match="was cancelled"):
            await games.result(name)
