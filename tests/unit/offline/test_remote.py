from __future__ import annotations

from typing import Any

import openai
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from outlast.errors import StateError, UnreachableError
from outlast.offline.faults import FaultConfig, FaultKind
from outlast.offline.remote import fetch_rows, put_faults
from outlast.steps import Step


async def test_rows_come_page_by_page(serve: Any, connect: Any, hello: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outlast.offline.admin.PAGE", 2)
    server = await serve()
    client = connect(server)
    step = Step(job="ns/a b&c", run="r", activity="1", kind="k", attempt=1)
    for number in range(5):
        await client.chat.completions.create(**hello, extra_headers=step.headers() if number % 2 else {})
    assert await fetch_rows(server.url) == await server.rows()
    assert [row.seq for row in await fetch_rows(server.url, "ns/a b&c")] == [2, 4]


async def test_faults_are_changed_from_afar(serve: Any, connect: Any, hello: Any) -> None:
    server = await serve(fault_control=True)
    await put_faults(server.url, FaultConfig(rates={FaultKind.RATE_LIMIT: 1.0}))
    with pytest.raises(openai.RateLimitError):
        await connect(server).chat.completions.create(**hello)
    await put_faults(server.url, FaultConfig())
    await connect(server).chat.completions.create(**hello)


async def test_a_server_without_fault_control_says_so(serve: Any) -> None:
    with pytest.raises(StateError, match=r"refused with 403.*start it with fault control on"):
        await put_faults((await serve()).url, FaultConfig())


async def test_nobody_there(serve: Any) -> None:
    server = await serve()
    await server.stop()
    with pytest.raises(UnreachableError, match=r"No offline model server answers at http://.*Is it running"):
        await fetch_rows(server.url)


async def test_somebody_else_there() -> None:
    application = web.Application()
    application.router.add_get("/ledger", _page)
    async with TestServer(application) as other:
        with pytest.raises(StateError, match="answers no JSON"):
            await fetch_rows(str(other.make_url("")).rstrip("/"))


async def _page(http: web.Request) -> web.Response:
    return web.Response(text="<html>", content_type="text/html")
