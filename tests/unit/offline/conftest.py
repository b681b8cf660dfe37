"""Servers on loopback with rules that a test can read at a glance, and the official client to talk to them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Protocol

import openai
import pytest

from outlast.offline.config import OfflineConfig
from outlast.offline.server import OfflineServer
from outlast.offline.turn import Reply, ToolCall, Turn

HELLO: dict[str, Any] = {"model": "large", "messages": [{"role": "user", "content": "hello"}]}


def echo(turn: Turn) -> Reply:
    """Calls every tool it has with the last text, fills a schema, else repeats the last text."""
    text = turn.messages[-1].text
    if turn.messages[-1].role == "tool":
        return Reply(f"{turn.messages[-1].answers} said {text}")
    if turn.tools:
        return Reply(calls=tuple(ToolCall(name, {"text": text}) for name in turn.tools))
    if turn.output_schema:
        return Reply('{"text": "filled"}')
    return Reply(text)


class Serve(Protocol):
    """Start a server; every argument is a field of OfflineConfig."""

    async def __call__(self, respond: Callable[[Turn], Reply] = echo, /, **config: Any) -> OfflineServer: ...


Connect = Callable[[OfflineServer], openai.AsyncOpenAI]
Eventually = Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Serve]:
    async with AsyncExitStack() as stack:

        async def start(respond: Callable[[Turn], Reply] = echo, /, **config: Any) -> OfflineServer:
            settings = {"ledger": tmp_path / "ledger.db", "latency_scale": 0, "drain_seconds": 0.2} | config
            server = OfflineServer(OfflineConfig.model_validate(settings), responder=respond)
            return await stack.enter_async_context(server)

        yield start


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """An official client that does not retry, and tells of no step."""
    async with AsyncExitStack() as stack:

        def make(server: OfflineServer) -> openai.AsyncOpenAI:
            client = openai.AsyncOpenAI(base_url=server.base_url, api_key="none", max_retries=0, timeout=10)
            stack.push_async_callback(client.close)
            return client

        yield make


@pytest.fixture
def eventually() -> Eventually:
    """Wait until a check is truthy; what it last returned is the result, and a deadline the failure."""

    async def wait(check: Callable[[], Awaitable[Any]], seconds: float = 10) -> Any:
        deadline = time.monotonic() + seconds
        while not (found := await check()):
            assert time.monotonic() < deadline, f"not within {seconds} s; the last look showed {found!r}"
            await asyncio.sleep(0.01)
        return found

    return wait


@pytest.fixture
def hello() -> dict[str, Any]:
    """The smallest request."""
    return dict(HELLO)
