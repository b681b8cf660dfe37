"""A frozen attempt that wakes up sends nothing: its step may have been recorded elsewhere meanwhile."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic_ai.exceptions import ModelAPIError
from pydantic_ai.messages import ModelRequest, UserPromptPart
from pydantic_ai.models import ModelRequestParameters
from temporalio.worker import ActivityOutboundInterceptor

from outlast.durable.pulse import Pulse
from outlast.errors import StaleAttemptError
from outlast.llm.resolve import ModelBook
from outlast.settings import Settings
from outlast.sources.recording import Recorder
from outlast.steps import Step, running, sending

STEP = Step(job="ns/peru", run="r1", activity="7", kind="agent__planner__model_request", attempt=2)


def test_outside_of_a_step_anything_may_be_sent() -> None:
    assert sending() is None


def test_a_fresh_attempt_sends() -> None:
    with running(STEP):
        assert sending() == STEP


def test_a_stale_attempt_does_not() -> None:
    with running(STEP, lambda: False), pytest.raises(StaleAttemptError, match="Attempt 2 at agent__planner"):
        sending()
    assert sending() is None


async def test_a_stale_attempt_asks_no_source() -> None:
    asked: list[str] = []
    with running(STEP, lambda: False), pytest.raises(StaleAttemptError):
        async with Recorder(None).recording("factbook", "area", {}):
            asked.append("asked")
    assert asked == []


async def test_an_attempt_that_goes_stale_while_its_request_is_built_sends_nothing() -> None:
    heard: list[bytes] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1))
        writer.close()

    server = await asyncio.start_server(hear, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    book = ModelBook(Settings(offline_url=f"http://127.0.0.1:{port}"))
    try:
        for fresh, requests in (([True, False], 0), ([True, True], 1)):
            said = partial(next, iter(fresh))
            with running(STEP, said), pytest.raises((StaleAttemptError, ModelAPIError)):
                await book.get("offline:large").request(
                    [ModelRequest(parts=[UserPromptPart("Hello")])], None, ModelRequestParameters()
                )
            assert len(heard) == requests
    finally:
        await book.aclose()
        server.close()


async def test_an_attempt_goes_stale_when_its_process_stands_still_and_stays_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    beats: list[Any] = []
    info = SimpleNamespace(heartbeat_timeout=timedelta(seconds=3), heartbeat_details=[])
    outbound = SimpleNamespace(info=lambda: info, heartbeat=lambda *details: beats.append(details))
    loop = asyncio.get_running_loop()
    now = loop.time()
    monkeypatch.setattr(loop, "time", lambda: now)
    pulse = Pulse(cast("ActivityOutboundInterceptor", outbound))
    with pulse.beating():
        for _ in range(5):
            now += 1
            pulse._beat()
            assert pulse.is_fresh()
        now += 3
        assert not pulse.is_fresh()
        pulse._beat()
        assert not pulse.is_fresh()
    assert len(beats) >= 5
