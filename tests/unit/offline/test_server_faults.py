"""Every kind of fault as a client meets it, and as the ledger tells it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import httpx2
import openai
import pytest

from outlast.steps import Step

SEARCHER = Step(job="ns/a", run="r", activity="1", kind="agent__searcher__model_request", attempt=1)


def always(kind: str, **fields: Any) -> dict[str, Any]:
    return {"rates": {kind: 1.0}, **fields}


async def told(server: Any) -> list[tuple[str | None, str | None, int | None]]:
    return [(row.fault, row.outcome, row.status) for row in await server.rows()]


@pytest.mark.parametrize(
    ("kind", "error", "waits"),
    [
        ("429", openai.RateLimitError, "0.25"),
        ("503", openai.InternalServerError, "0.25"),
        ("500", openai.InternalServerError, None),
    ],
)
async def test_a_refusal(serve: Any, connect: Any, hello: Any, kind: str, error: Any, waits: str | None) -> None:
    server = await serve(faults=always(kind, retry_after_seconds=0.25))
    with pytest.raises(error, match="injected fault") as caught:
        await connect(server).chat.completions.create(**hello)
    assert caught.value.status_code == int(kind)
    assert caught.value.response.headers.get("retry-after") == waits
    assert await told(server) == [(kind, f"fault:{kind}", int(kind))]


@pytest.mark.parametrize("streamed", [True, False])
@pytest.mark.parametrize("kind", ["reset", "half-stream"])
async def test_a_connection_that_breaks_in_the_middle(serve: Any, hello: Any, kind: str, streamed: bool) -> None:
    server = await serve(faults=always(kind))
    expected = aiohttp.ClientPayloadError if kind == "half-stream" else (aiohttp.ClientPayloadError, ConnectionError)
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{server.base_url}/chat/completions", json=hello | {"stream": streamed}) as response,
    ):
        assert response.status == 200
        with pytest.raises(expected) as caught:
            await response.read()
    assert ("reset by peer" in str(caught.value)) == (kind == "reset")
    assert await told(server) == [(kind, f"fault:{kind}", 200)]
    assert (await server.rows())[0].output_tokens == 2  # the work was done, and a provider would charge for it


@pytest.mark.parametrize("streamed", [True, False])
@pytest.mark.parametrize("kind", ["reset", "half-stream", "malformed"])
async def test_the_official_client_fails_on_a_broken_answer(
    serve: Any, connect: Any, hello: Any, kind: str, streamed: bool
) -> None:
    client = connect(await serve(faults=always(kind)))

    async def ask() -> object:
        answer = await client.chat.completions.create(**hello, stream=streamed)
        return [chunk async for chunk in answer] if streamed else answer.choices[0].message.content

    # Broken connections come as the client's own error or, in mid-stream, as its transport's.
    broken = (openai.APIConnectionError, openai.APIResponseValidationError, httpx2.TransportError, ValueError)
    with pytest.raises(broken):
        await ask()


async def test_malformed_json_looks_complete_to_http(serve: Any, hello: Any) -> None:
    server = await serve(faults=always("malformed"))
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{server.base_url}/chat/completions", json=hello) as response,
    ):
        body = await response.read()
        assert (response.status, response.content_type) == (200, "application/json")
        assert response.content_length == len(body)
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)
    assert await told(server) == [("malformed", "fault:malformed", 200)]


async def test_a_malformed_stream_ends_as_http_should_with_an_event_cut_short(serve: Any, hello: Any) -> None:
    server = await serve(faults=always("malformed"))
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{server.base_url}/chat/completions", json=hello | {"stream": True}) as response,
    ):
        events = (await response.text()).removesuffix("\n\n").split("\n\n")
    with pytest.raises(json.JSONDecodeError):
        json.loads(events[-1].removeprefix("data: "))
    assert all(json.loads(event.removeprefix("data: ")) for event in events[:-1])


async def test_a_stall_lasts_until_the_client_leaves(serve: Any, connect: Any, eventually: Any, hello: Any) -> None:
    server = await serve(faults=always("stall"))
    with pytest.raises(openai.APITimeoutError):
        await connect(server).chat.completions.create(**hello, timeout=0.2)
    rows = await eventually(lambda: ended(server))
    assert [(row.fault, row.outcome) for row in rows] == [("stall", "cut")]
    assert rows[0].ended - rows[0].started >= 0.15


async def test_a_stall_with_a_length_ends_in_an_answer(serve: Any, connect: Any, hello: Any) -> None:
    server = await serve(faults=always("stall", stall_seconds=0.1))
    answer = await connect(server).chat.completions.create(**hello)
    assert answer.choices[0].message.content == "hello"
    assert await told(server) == [("stall", "ok", 200)]
    (row,) = await server.rows()
    assert row.ended - row.started >= 0.1


async def test_a_server_that_stops_ends_its_stalls(serve: Any, connect: Any, eventually: Any, hello: Any) -> None:
    server = await serve(faults=always("stall"), drain_seconds=20)
    asking = asyncio.create_task(connect(server).chat.completions.create(**hello))
    await eventually(server.rows)
    async with asyncio.timeout(10):
        await server.stop()
        with pytest.raises(openai.InternalServerError, match="The server stops"):
            await asking


async def test_the_same_run_meets_the_same_faults(serve: Any, connect: Any) -> None:
    async def run(seed: int, job: str) -> list[str]:
        server = await serve(ledger=None, seed=seed, faults={"rate": 0.5, "mix": {"429": 1, "500": 1}})
        client = connect(server)
        step = Step(job=job, run="r", activity="1", kind="k", attempt=1)
        for number in range(20):
            messages: Any = [{"role": "user", "content": f"question {number // 2}"}]  # each is sent twice
            try:
                await client.chat.completions.create(model="small", messages=messages, extra_headers=step.headers())
            except openai.APIStatusError:
                continue
        return [str(row.outcome) for row in await server.rows()]

    first, again, other = await run(1, "ns/a"), await run(1, "ns/b"), await run(2, "ns/a")
    assert first == again
    assert first != other
    assert {"ok", "fault:429", "fault:500"} == set(first)


async def test_a_storm_begins_and_ends_while_the_server_runs(serve: Any, connect: Any, hello: Any) -> None:
    server = await serve(fault_control=True)
    client = connect(server)
    await client.chat.completions.create(**hello)
    async with aiohttp.ClientSession() as session:
        async with session.put(f"{server.url}/faults", json=always("503")) as response:
            assert (await response.json())["rates"] == {"503": 1.0}
        with pytest.raises(openai.InternalServerError):
            await client.chat.completions.create(**hello)
        async with session.put(f"{server.url}/faults", json={}) as response:
            assert (await response.json())["rates"] == {}
    await client.chat.completions.create(**hello)
    assert [row.outcome for row in await server.rows()] == ["ok", "fault:503", "ok"]


async def test_an_aimed_fault_strikes_its_step_once(serve: Any, connect: Any, hello: Any) -> None:
    aimed = {"kind": "429", "steps": "agent__searcher__*"}
    server = await serve(fault_control=True, faults={"aimed": [aimed]})
    client = connect(server)
    await client.chat.completions.create(**hello)
    with pytest.raises(openai.RateLimitError):
        await client.chat.completions.create(**hello, extra_headers=SEARCHER.headers())
    await client.chat.completions.create(**hello, extra_headers=SEARCHER.headers())
    async with aiohttp.ClientSession() as session, session.get(f"{server.url}/faults") as response:
        assert (await response.json())["aimed"] == []


@pytest.mark.parametrize(
    ("body", "words"),
    [(b"{", "Invalid JSON"), (b'{"rate": 7}', "rate: "), (b'{"rates": {"tea": 1}}', "rates.tea"), (b"[]", "faults: ")],
)
async def test_faults_that_make_no_sense_change_nothing(serve: Any, body: bytes, words: str) -> None:
    server = await serve(fault_control=True, faults=always("429"))
    async with aiohttp.ClientSession() as session:
        async with session.put(f"{server.url}/faults", data=body) as response:
            assert response.status == 400
            assert words in (await response.json())["error"]["message"]
        async with session.get(f"{server.url}/faults") as response:
            assert (await response.json())["rates"] == {"429": 1.0}


async def ended(server: Any) -> Any:
    rows = await server.rows()
    return rows if rows and not any(row.is_open for row in rows) else None
