"""The front before a stand-in for llama.cpp: what is handed on, what is refused, and that a hang-up reaches it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import openai
import pytest
from aiohttp import web

from outlast.errors import StateError
from outlast.offline.listening import listen
from outlast.small.front import MAX_BODY_BYTES, served
from outlast.small.limits import NAME, NO_TOOLS, NOTICE, NOTICE_HEADER

TOOL: Any = {"type": "function", "function": {"name": "search", "parameters": {"type": "object"}}}
HELLO: Any = {"model": NAME, "messages": [{"role": "user", "content": "hello"}]}
TOO_LONG = {"code": 400, "message": "request (9031 tokens) exceeds the available context size", "type": "exceed"}


def event(**choice: Any) -> bytes:
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": NAME}
    return b"data: " + json.dumps({**chunk, "choices": [{"index": 0, **choice}]}).encode() + b"\n\n"


@dataclass
class Engine:
    """Streams a word, then waits to be let go on."""

    url: str = ""
    bodies: list[Any] = field(default_factory=list)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    cut: asyncio.Event = field(default_factory=asyncio.Event)

    async def chat(self, http: web.Request) -> web.StreamResponse:
        assert http.headers["Authorization"] == "Bearer secret"
        body = await http.json()
        self.bodies.append(body)
        if body["messages"][0]["content"] == "long":
            return web.json_response({"error": TOO_LONG}, status=400)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(http)
        await response.write(event(delta={"role": "assistant", "content": "Rhine"}))
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cut.set()
            raise
        await response.write(event(delta={"content": "."}, finish_reason="stop") + b"data: [DONE]\n\n")
        return response


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    engine, application = Engine(), web.Application()
    application.router.add_post("/v1/chat/completions", engine.chat)
    runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.2)
    engine.url = await listen(runner, "127.0.0.1", 0, who="stand-in")
    yield engine
    await runner.cleanup()


@pytest.fixture
async def url(engine: Engine) -> AsyncIterator[str]:
    async with served(engine.url, "secret") as url:
        yield url


@pytest.fixture
async def client(url: str) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, timeout=20) as client:
        yield client


async def test_a_stream_is_handed_on_piece_by_piece(engine: Engine, client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(**HELLO, stream=True, temperature=0.5)
    pieces = []
    async for chunk in stream:
        pieces.append(chunk.choices[0].delta.content)
        engine.go_on.set()  # not before the first piece is here
    assert pieces == ["Rhine", "."]
    assert engine.bodies == [{**HELLO, "stream": True, "temperature": 0.5}]


async def test_a_client_that_hangs_up_ends_the_work(engine: Engine, client: openai.AsyncOpenAI) -> None:
    async with await client.chat.completions.create(**HELLO, stream=True) as stream:
        await anext(aiter(stream))
    await asyncio.wait_for(engine.cut.wait(), 20)


@pytest.mark.parametrize(
    ("change", "error", "sentence"),
    [
        ({"tools": [TOOL]}, openai.BadRequestError, NO_TOOLS),
        ({"tools": [TOOL], "tool_choice": "required"}, openai.BadRequestError, NO_TOOLS),
        ({"model": "large"}, openai.NotFoundError, f"The model 'large' does not exist here: this server has {NAME}."),
        ({"messages": []}, openai.BadRequestError, "Invalid value for 'messages': List should have at least 1 item"),
        ({"messages": [{"role": "user", "content": "x" * MAX_BODY_BYTES}]}, openai.APIStatusError, "Entity Too Large"),
    ],
    ids=["tools", "tools that must be called", "another model", "no messages", "a body too large"],
)
async def test_what_it_cannot_do_is_refused_before_the_model_sees_it(
    engine: Engine, client: openai.AsyncOpenAI, change: Any, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error) as refused:
        await client.chat.completions.create(**HELLO | change)
    assert sentence in str(refused.value)
    assert engine.bodies == []


async def test_tools_that_may_not_be_called_do_no_harm(engine: Engine, client: openai.AsyncOpenAI) -> None:
    engine.go_on.set()
    stream = await client.chat.completions.create(**HELLO, tools=[TOOL], tool_choice="none", stream=True)
    assert [chunk.choices[0].finish_reason async for chunk in stream][-1] == "stop"


async def test_what_the_model_refuses_is_handed_on(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="exceeds the available context size"):
        await client.chat.completions.create(model=NAME, messages=[{"role": "user", "content": "long"}])


async def test_an_engine_that_is_gone_is_a_503() -> None:
    async with (
        served("http://127.0.0.1:1", "secret") as url,
        aiohttp.ClientSession() as session,
        session.post(f"{url}/v1/chat/completions", json=HELLO) as answer,
    ):
        assert answer.status == 503
        assert "llama.cpp does not answer" in (await answer.json())["error"]["message"]


@pytest.mark.parametrize("path", ["/v1/models", f"/v1/models/{NAME}", "/healthz", "/v1/nothing"])
async def test_every_response_says_what_it_is(url: str, path: str) -> None:
    async with aiohttp.ClientSession() as session, session.get(url + path) as answer:
        assert answer.headers[NOTICE_HEADER] == NOTICE


async def test_the_model_is_listed_under_its_name(client: openai.AsyncOpenAI) -> None:
    assert [model.id async for model in client.models.list()] == [NAME]


async def test_a_port_in_use_is_a_sentence(engine: Engine, url: str) -> None:
    with pytest.raises(StateError, match=r"The small model's server can't listen on .*: the port is in use"):
        async with served(engine.url, "secret", port=int(url.rpartition(":")[2])):
            pass
