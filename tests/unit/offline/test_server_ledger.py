"""What the ledger says of requests that a server got, whatever became of client and server."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import openai
import pytest

from outlast.ledger import LedgerRow, read_rows
from outlast.offline.turn import Reply, Turn
from outlast.offline.wire import read_body
from outlast.steps import Step

STEP = Step(job="ns/peru", run="r1", activity="7", kind="agent__planner__model_request", attempt=2)

PROGRAM = """
import asyncio, pathlib, sys
from outlast.offline.config import OfflineConfig
from outlast.offline.server import OfflineServer
from outlast.offline.turn import Reply

async def main():
    faults = {"aimed": [{"kind": "stall", "steps": "agent__planner__*"}]}
    config = OfflineConfig(ledger=pathlib.Path(sys.argv[1]), latency_scale=0, faults=faults)
    async with OfflineServer(config, responder=lambda turn: Reply("hi")) as server:
        print(server.base_url, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def ended(server: Any) -> Any:
    rows = await server.rows()
    return rows if rows and not any(row.is_open for row in rows) else None


async def test_a_row_names_step_request_and_cost(serve: Any, connect: Any, hello: Any) -> None:
    server = await serve(name="pod-1")
    raw = await connect(server).chat.completions.with_raw_response.create(**hello, extra_headers=STEP.headers())
    answer = raw.parse()
    (row,) = await server.rows()
    assert (row.step, row.name, row.kind, row.subject, row.outcome, row.status) == (
        STEP, "pod-1", "model", "large", "ok", 200,
    )  # fmt: skip
    assert row.request_id == raw.headers["x-request-id"]
    assert row.sha256 == read_body(raw.http_request.content).sha256
    assert (row.input_tokens, row.output_tokens) == (answer.usage.prompt_tokens, answer.usage.completion_tokens)
    assert row.cost_micro_usd == -(-(row.input_tokens * 25 + row.output_tokens * 100) // 10)


async def test_the_row_is_there_while_the_work_goes_on(serve: Any, connect: Any, eventually: Any, hello: Any) -> None:
    release = threading.Event()

    def slow(turn: Turn) -> Reply:
        release.wait(10)
        return Reply("done")

    server = await serve(slow)
    asking = asyncio.create_task(connect(server).chat.completions.create(**hello))
    seen = await eventually(server.rows)
    release.set()
    await asking
    assert [row.is_open for row in seen] == [True]
    assert [row.outcome for row in await server.rows()] == ["ok"]


@pytest.mark.parametrize(
    ("body", "subject", "outcome"),
    [
        (b"{", None, "error:invalid_json"),
        (b'{"model": "gpt-9", "messages": [{"role": "user", "content": ""}]}', "gpt-9", "error:model_not_found"),
        (b'{"model": "large"}', "large", "error:missing_required_parameter"),
    ],
)
async def test_refused_requests_are_recorded_too(serve: Any, body: bytes, subject: str | None, outcome: str) -> None:
    server = await serve()
    async with aiohttp.ClientSession() as session, session.post(f"{server.base_url}/chat/completions", data=body) as it:
        status = it.status
    (row,) = await server.rows()
    assert (row.subject, row.outcome, row.status, row.sha256) == (subject, outcome, status, read_body(body).sha256)


@pytest.mark.parametrize("header", [b"\xff\xfe", "ns/ü".encode(), b"a" * 4000])
async def test_strange_step_headers_are_recorded_as_well_as_they_can_be(serve: Any, header: bytes) -> None:
    server = await serve()
    host, port = server.url.removeprefix("http://").split(":")
    body = b'{"model": "small", "messages": [{"role": "user", "content": "hi"}]}'
    names = (b"run", b"activity", b"kind")
    lines = [b"x-outlast-" + name + b": x" for name in names] + [b"x-outlast-attempt: 1", b"x-outlast-job: " + header]
    head = [b"POST /v1/chat/completions HTTP/1.1", b"Host: h", b"Content-Length: %d" % len(body), *lines]
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"\r\n".join(head) + b"\r\n\r\n" + body)
    assert b"200 OK" in await reader.readline()
    writer.close()
    await writer.wait_closed()
    assert [row.outcome for row in await server.rows()] == ["ok"]


async def test_a_wild_attempt_number_is_no_step(serve: Any, connect: Any, hello: Any) -> None:
    server = await serve()
    headers = STEP.headers() | {"x-outlast-attempt": "9" * 30}
    await connect(server).chat.completions.create(**hello, extra_headers=headers)
    assert [row.step for row in await server.rows()] == [None]


@pytest.mark.parametrize("streamed", [True, False])
async def test_a_client_that_leaves_is_recorded_as_cut(
    serve: Any, connect: Any, eventually: Any, hello: Any, streamed: bool
) -> None:
    server = await serve(latency_scale=1000)
    asking = asyncio.create_task(connect(server).chat.completions.create(**hello, stream=streamed))
    await eventually(server.rows)
    asking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asking
    (row,) = await eventually(lambda: ended(server))
    assert (row.outcome, row.status) == ("cut", None)
    assert row.ended - row.started < 10


async def test_a_client_that_leaves_in_the_middle_of_a_stream(serve: Any, connect: Any, eventually: Any) -> None:
    server = await serve(latency_scale=2)  # 1 ms a token, 10,000 tokens
    messages: Any = [{"role": "user", "content": "word " * 8000}]
    stream = await connect(server).chat.completions.create(model="large", messages=messages, stream=True)
    async for chunk in stream:
        if chunk.choices[0].delta.content:
            break
    assert [row.is_open for row in await server.rows()] == [True]
    await stream.close()
    (row,) = await eventually(lambda: ended(server))
    assert row.outcome == "cut"


async def test_a_hundred_clients_that_leave_at_once_leave_no_open_row(
    serve: Any, connect: Any, eventually: Any, hello: Any
) -> None:
    server = await serve(latency_scale=1000)
    client = connect(server)
    asking = [asyncio.create_task(client.chat.completions.create(**hello)) for _ in range(100)]
    await eventually(server.rows)  # some have their row, some are waiting for it, some are on the way
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    rows = await eventually(lambda: ended(server))
    assert {row.outcome for row in rows} == {"cut"}


async def test_a_server_that_stops_says_what_it_left_undone(
    serve: Any, connect: Any, eventually: Any, hello: Any, tmp_path: Path
) -> None:
    server = await serve(latency_scale=1000, drain_seconds=0.05)
    asking = asyncio.create_task(connect(server).chat.completions.create(**hello))
    await eventually(server.rows)
    await server.stop()
    with pytest.raises(openai.APIConnectionError):
        await asking
    assert [row.outcome for row in read_rows(tmp_path / "ledger.db")] == ["error:stopped"]


@contextlib.contextmanager
def server_process(ledger: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-c", PROGRAM, str(ledger)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


async def test_a_server_killed_in_mid_request_leaves_the_row_open(tmp_path: Path, eventually: Any, hello: Any) -> None:
    path = tmp_path / "ledger.db"
    with server_process(path) as (process, url):
        async with openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0) as client:
            await client.chat.completions.create(**hello)
            asking = asyncio.create_task(client.chat.completions.create(**hello, extra_headers=STEP.headers()))

            async def open_row() -> list[LedgerRow]:
                return [row for row in read_rows(path) if row.is_open]

            await eventually(open_row)
            process.kill()
            with pytest.raises(openai.APIConnectionError):
                await asking
    assert [(row.outcome, row.fault, row.step) for row in read_rows(path)] == [
        ("ok", None, None),
        (None, "stall", STEP),
    ]
    with server_process(path) as (_, url):
        async with openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0) as client:
            await client.chat.completions.create(**hello)
    assert [row.outcome for row in read_rows(path)] == ["ok", None, "ok"]


async def test_what_cannot_be_recorded_is_not_served(serve: Any, connect: Any, hello: Any, tmp_path: Path) -> None:
    answered: list[Turn] = []

    def respond(turn: Turn) -> Reply:
        answered.append(turn)
        return Reply("hi")

    server = await serve(respond)
    path = tmp_path / "ledger.db"
    aside = path.rename(tmp_path / "aside.db")
    with pytest.raises(openai.InternalServerError, match=r"can't be recorded.*removed or replaced") as caught:
        await connect(server).chat.completions.create(**hello)
    assert (caught.value.status_code, caught.value.code, answered) == (503, "ledger_unwritable", [])
    async with aiohttp.ClientSession() as session, session.get(f"{server.url}/healthz") as response:
        assert "removed or replaced" in (await response.json())["ledger"]
    aside.rename(path)
    await connect(server).chat.completions.create(**hello)
    async with aiohttp.ClientSession() as session, session.get(f"{server.url}/healthz") as response:
        assert (await response.json())["ledger"] == "ok"


async def test_without_proof_it_is_served_and_the_log_says_so(
    serve: Any, connect: Any, hello: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = await serve(proof=False)
    (tmp_path / "ledger.db").rename(tmp_path / "aside.db")
    assert (await connect(server).chat.completions.create(**hello)).choices
    assert "removed or replaced" in caplog.text


async def test_a_locked_ledger_holds_up_requests_and_not_the_server(
    serve: Any, connect: Any, hello: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outlast.offline.recorder.BUSY_SECONDS", 0.5)
    server = await serve()
    client = connect(server)
    with closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        asking = [asyncio.create_task(client.chat.completions.create(**hello)) for _ in range(10)]
        async with aiohttp.ClientSession() as session, asyncio.timeout(5):
            async with session.get(f"{server.url}/healthz") as response:
                assert response.status == 200
            results = await asyncio.gather(*asking, return_exceptions=True)  # all after 0.5 s, not one after another
        other.execute("ROLLBACK")
    assert {getattr(result, "code", None) for result in results} == {"ledger_unwritable"}
    await client.chat.completions.create(**hello)
    assert [row.outcome for row in await server.rows()] == ["ok"]


async def test_rows_are_served_by_job_and_by_page(serve: Any, connect: Any, hello: Any) -> None:
    server = await serve()
    client = connect(server)
    for _ in range(3):
        await client.chat.completions.create(**hello, extra_headers=STEP.headers())
    await client.chat.completions.create(**hello)

    async with aiohttp.ClientSession() as session:

        async def page(**query: Any) -> tuple[list[LedgerRow], int | None]:
            async with session.get(f"{server.url}/ledger", params=query) as response:
                answer = await response.json()
                return [LedgerRow.from_json(row) for row in answer["rows"]], answer["next"]

        assert await page() == (await server.rows(), None)
        assert await page(job="ns/peru") == (await server.rows("ns/peru"), None)
        first, following = await page(job="ns/peru", limit=2)
        assert ([row.seq for row in first], following) == ([1, 2], 2)
        assert [row.seq for row in (await page(job="ns/peru", limit=2, after=2))[0]] == [3]
        assert await page(job="ns/none") == ([], None)
