from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import openai
import pytest

from outlast.errors import ModelSetupError, StateError
from outlast.offline.answer import NOTICE, NOTICE_HEADER
from outlast.offline.characters import PROFILES
from outlast.offline.config import OfflineConfig
from outlast.offline.server import OfflineServer
from outlast.offline.turn import Character, Reply, Turn

TOOLS: Any = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}} for name in ("search", "submit")
]


async def test_a_text_answer(serve: Any, connect: Any, hello: Any) -> None:
    answer = await connect(await serve()).chat.completions.create(**hello)
    assert answer.choices[0].message.content == "hello"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.system_fingerprint == "outlast-offline-rules"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


async def test_parallel_tool_calls_and_their_results(serve: Any, connect: Any, hello: Any) -> None:
    client = connect(await serve())
    first = (await client.chat.completions.create(**hello, tools=TOOLS)).choices[0]
    assert first.finish_reason == "tool_calls"
    assert [(call.function.name, json.loads(call.function.arguments)) for call in first.message.tool_calls] == [
        ("search", {"text": "hello"}),
        ("submit", {"text": "hello"}),
    ]
    results = [{"role": "tool", "tool_call_id": call.id, "content": "42"} for call in first.message.tool_calls]
    messages = [*hello["messages"], first.message.model_dump(exclude_none=True), *results]
    second = await client.chat.completions.create(model="large", messages=messages, tools=TOOLS)
    assert second.choices[0].message.content == "submit said 42"


async def test_a_named_tool_choice(serve: Any, connect: Any, hello: Any) -> None:
    choice = {"type": "function", "function": {"name": "submit"}}
    answer = await connect(await serve()).chat.completions.create(**hello, tools=TOOLS, tool_choice=choice)
    assert [call.function.name for call in answer.choices[0].message.tool_calls] == ["submit"]


async def test_an_answer_by_json_schema(serve: Any, connect: Any, hello: Any) -> None:
    schema = {"name": "out", "strict": True, "schema": {"type": "object", "properties": {"text": {"type": "string"}}}}
    answer = await connect(await serve()).chat.completions.create(
        **hello, response_format={"type": "json_schema", "json_schema": schema}
    )
    assert json.loads(answer.choices[0].message.content) == {"text": "filled"}


async def test_a_streamed_text(serve: Any, connect: Any) -> None:
    said = "The capital of Peru is Lima, says the Factbook. " * 5
    stream = await connect(await serve()).chat.completions.create(
        model="large",
        messages=[{"role": "user", "content": said}],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = [chunk async for chunk in stream]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == said
    assert chunks[-1].usage.completion_tokens == len(said) // 4


async def test_streamed_tool_calls(serve: Any, connect: Any, hello: Any) -> None:
    client = connect(await serve())
    whole = (await client.chat.completions.create(**hello, tools=TOOLS)).choices[0].message.tool_calls
    async with client.chat.completions.stream(**hello, tools=TOOLS) as stream:
        final = (await stream.get_final_completion()).choices[0]
    assert final.finish_reason == "tool_calls"
    assert [call.function.arguments for call in final.message.tool_calls] == [c.function.arguments for c in whole]
    # The ids are those of another request: it differs by `stream`.
    assert len({call.id for call in (*final.message.tool_calls, *whole)}) == 4


async def test_the_same_request_gets_the_same_bytes_but_for_the_time(serve: Any, hello: Any) -> None:
    server = await serve()
    async with aiohttp.ClientSession() as session:
        answers = []
        for _ in range(2):
            async with session.post(f"{server.base_url}/chat/completions", json=hello) as response:
                answers.append(await response.json())
    for answer in answers:
        assert answer.pop("created") > 0
    assert answers[0] == answers[1]


async def test_models_are_listed_and_found(serve: Any, connect: Any) -> None:
    client = connect(await serve())
    assert [model.id async for model in client.models.list()] == ["large", "small", "inventor", "gullible"]
    assert NOTICE in (await client.models.retrieve("small")).owned_by
    with pytest.raises(openai.NotFoundError, match="'gpt-9' does not exist here"):
        await client.models.retrieve("gpt-9")


@pytest.mark.parametrize(
    ("fields", "error", "words"),
    [
        ({"model": "gpt-9"}, openai.NotFoundError, "does not exist here"),
        ({"messages": []}, openai.BadRequestError, "messages"),
        ({"tools": [{"type": "function"}]}, openai.BadRequestError, "tools.0.function"),
    ],
)
async def test_official_client_understands_refusals(
    serve: Any, connect: Any, hello: Any, fields: Any, error: type[openai.APIStatusError], words: str
) -> None:
    with pytest.raises(error, match=words):
        await connect(await serve()).chat.completions.create(**(hello | fields))


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/v1/chat/completions", b"{", 400),
        ("POST", "/v1/chat/completions", b"\xff", 400),
        ("POST", "/v1/chat/completions", b"{" + b" " * 2000 + b"}", 413),
        ("GET", "/v1/chat/completions", b"", 405),
        ("GET", "/nowhere", b"", 404),
        ("GET", "/ledger?after=x", b"", 400),
        ("GET", "/ledger?limit=99999999999999999999", b"", 400),
        ("PUT", "/faults", b"{}", 403),
    ],
)
async def test_every_error_has_the_shape_of_openai_and_names_the_rules(
    serve: Any, method: str, path: str, body: bytes, status: int
) -> None:
    server = await serve(max_body_bytes=1000)
    async with aiohttp.ClientSession() as session, session.request(method, server.url + path, data=body) as response:
        assert response.status == status
        assert response.headers[NOTICE_HEADER] == NOTICE
        error = (await response.json())["error"]
        assert error["message"]
        assert "Traceback" not in json.dumps(error)


async def test_a_body_that_does_not_decompress_is_refused(serve: Any) -> None:
    headers = {"Content-Encoding": "gzip"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{(await serve()).base_url}/chat/completions", data=b"no gzip", headers=headers) as response,
    ):
        assert (response.status, (await response.json())["error"]["code"]) == (400, "invalid_body")


async def test_rules_that_fail_are_an_error_of_the_server(
    serve: Any, connect: Any, hello: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(turn: Turn) -> Reply:
        raise LookupError("secret detail")

    server = await serve(broken)
    with pytest.raises(openai.InternalServerError, match="LookupError") as caught:
        await connect(server).chat.completions.create(**hello)
    assert "secret detail" not in str(caught.value)
    assert "secret detail" in caplog.text
    assert [row.outcome for row in await server.rows()] == ["error:LookupError"]


async def test_health_and_every_other_page_name_the_rules(serve: Any) -> None:
    server = await serve()
    async with aiohttp.ClientSession() as session:
        for path in ("/healthz", "/v1/models", "/ledger", "/faults"):
            async with session.get(server.url + path) as response:
                assert response.status == 200
                assert response.headers[NOTICE_HEADER] == NOTICE


async def test_the_root_serves_clients_that_forgot_v1(serve: Any, hello: Any) -> None:
    server = await serve()
    async with openai.AsyncOpenAI(base_url=server.url, api_key="none", max_retries=0) as client:
        assert (await client.chat.completions.create(**hello)).choices[0].message.content == "hello"


async def test_a_hundred_at_once_each_get_their_own_answer(serve: Any, connect: Any) -> None:
    server = await serve(latency_scale=0.5)
    client = connect(server)

    async def ask(number: int) -> str:
        messages: Any = [{"role": "user", "content": f"number {number}"}]
        stream = await client.chat.completions.create(model="small", messages=messages, stream=True)
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    assert await asyncio.gather(*map(ask, range(100))) == [f"number {number}" for number in range(100)]
    rows = await server.rows()
    assert [row.outcome for row in rows] == ["ok"] * 100
    assert len({row.request_id for row in rows}) == 100


@pytest.mark.parametrize("streamed", [True, False])
async def test_a_request_takes_the_time_of_its_model(serve: Any, connect: Any, hello: Any, streamed: bool) -> None:
    server = await serve(latency_scale=0.5, seed=4)
    answer = await connect(server).chat.completions.create(**hello, stream=streamed)
    if streamed:
        assert [chunk async for chunk in answer]
    (row,) = await server.rows()
    profile = PROFILES[Character.LARGE]
    expected = profile.first_token_seconds(row.sha256, seed=4) + 2 * profile.seconds_per_token
    assert row.ended - row.started >= 0.5 * expected


async def test_several_servers_in_one_process(serve: Any, connect: Any, hello: Any, tmp_path: Any) -> None:
    servers = [await serve(lambda turn, n=n: Reply(f"server {n}"), ledger=None, name=f"s{n}") for n in range(3)]
    assert len({server.url for server in servers}) == 3
    for number, server in enumerate(servers):
        answer = await connect(server).chat.completions.create(**hello)
        assert answer.choices[0].message.content == f"server {number}"
        assert [row.name for row in await server.rows()] == [f"s{number}"]


async def test_a_port_in_use_is_said_in_a_sentence(serve: Any) -> None:
    port = int((await serve()).url.rsplit(":", 1)[1])
    second = OfflineServer(OfflineConfig(port=port), responder=lambda turn: Reply())
    with pytest.raises(
        StateError, match=rf"127\.0\.0\.1:{port}: the port is in use\. Stop what .* \(0 picks a free one"
    ):
        await second.start()


@pytest.mark.parametrize("host", ["no such host", "203.0.113.7"])
async def test_an_address_of_nobody_is_said_in_a_sentence(host: str) -> None:
    server = OfflineServer(responder=lambda turn: Reply())
    with pytest.raises(StateError, match=r"can't listen on .*Give an address of this machine"):
        await server.start(host=host)


async def test_missing_rules_are_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "outlast.offline.roles", None)
    with pytest.raises(ModelSetupError, match="no rules to answer by"):
        await OfflineServer().start()


async def test_a_server_starts_once_stops_twice_and_starts_again() -> None:
    server = OfflineServer(responder=lambda turn: Reply())
    url = await server.start()
    with pytest.raises(StateError, match=f"already runs at {url}"):
        await server.start()
    await server.stop()
    await server.stop()
    with pytest.raises(StateError, match="does not run"):
        await server.rows()
    assert await server.start(host="localhost")
    await server.stop()


@pytest.mark.parametrize(("host", "seen"), [("0.0.0.0", "127.0.0.1"), ("127.0.0.1", "127.0.0.1")])
async def test_the_url_is_one_that_clients_can_use(host: str, seen: str) -> None:
    server = OfflineServer(OfflineConfig(host=host), responder=lambda turn: Reply())
    try:
        assert (await server.start()).startswith(f"http://{seen}:")
    finally:
        await server.stop()
