"""The web source over a stand-in that speaks Tavily's wire format."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from outlast.errors import OutlastError, SourceError, SourceUnavailableError
from outlast.sources.failures import RefusedURLError, ThrottledError
from outlast.sources.guard import Guard
from outlast.sources.passage import digest
from outlast.sources.web import WebSource, tavily_key

Serve = Callable[[web.Application], Awaitable[str]]


def result(url: str, content: str | None, title: str = "A title") -> dict[str, Any]:
    return {"url": url, "title": title, "content": content, "score": 0.9, "raw_content": None}


class Tavily:
    """Answers `POST /search` as Tavily does."""

    def __init__(self) -> None:
        self.results: list[dict[str, Any]] = []
        self.requests: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.refusal: web.Response | None = None
        self.pages: dict[str, str] = {}
        self.hanging: asyncio.Event | None = None
        self.app = web.Application()
        self.app.router.add_post("/search", self.search)
        self.app.router.add_get("/page/{name}", self.page)

    async def search(self, request: web.Request) -> web.Response:
        self.requests.append((dict(request.headers), await request.json()))
        if self.hanging:
            await self.hanging.wait()
        if self.refusal:
            return self.refusal
        return web.json_response(
            {
                "query": "q",
                "answer": None,
                "images": [],
                "follow_up_questions": None,
                "results": self.results,
                "response_time": 0.1,
                "request_id": "r",
            }
        )

    async def page(self, request: web.Request) -> web.Response:
        return web.Response(text=self.pages[request.match_info["name"]], content_type="text/html")


@pytest.fixture
def tavily() -> Tavily:
    return Tavily()


@pytest.fixture
async def source(tavily: Tavily, serve: Serve) -> WebSource:
    base = await serve(tavily.app)
    tavily.pages["base"] = base
    return WebSource(SecretStr("tvly-secret"), Guard(["127.0.0.1"]), base_url=base, timeout_seconds=5)


async def test_results_are_passages(tavily: Tavily, source: WebSource) -> None:
    tavily.results = [result("https://example.org/a", "Rockets need fuel.", "On\x1b[31m rockets")]
    (passage,) = await source.search("rocket fuel", limit=5)
    assert passage.source == "web"
    assert passage.title == "On[31m rockets"
    assert passage.text == "Rockets need fuel."
    assert passage.location == "https://example.org/a"
    assert passage.sha256 == digest("Rockets need fuel.")
    assert passage.retrieved_at
    assert passage.retrieved_at.endswith("+00:00")
    assert passage.id.startswith("web:")


async def test_the_same_result_has_the_same_id(tavily: Tavily, source: WebSource) -> None:
    tavily.results = [result("https://example.org/a", "One."), result("https://example.org/a", "Two.")]
    first = await source.search("q", limit=5)
    second = await source.search("another", limit=5)
    assert [passage.id for passage in first] == [passage.id for passage in second]
    assert len({passage.id for passage in first}) == 2


async def test_the_request_is_bounded_and_carries_the_key(tavily: Tavily, source: WebSource) -> None:
    await source.search("rocket\n fuel " * 1_000, limit=500)
    ((headers, body),) = tavily.requests
    assert headers["Authorization"] == "Bearer tvly-secret"
    assert body["max_results"] == 20
    assert len(body["query"]) == 400
    assert "\n" not in body["query"]
    assert "tvly-secret" not in json.dumps(body)


@pytest.mark.parametrize(("query", "limit"), [("", 5), (" \x00 ", 5), ("q", 0)])
async def test_nothing_asked_is_nothing_sent(tavily: Tavily, source: WebSource, query: str, limit: int) -> None:
    assert await source.search(query, limit=limit) == []
    assert tavily.requests == []


async def test_links_that_are_none_are_dropped(tavily: Tavily, source: WebSource) -> None:
    tavily.results = [
        result("javascript:alert(1)", "x"),
        result("file:///etc/passwd", "x"),
        result("https://a.example/", "y"),
    ]
    assert [passage.location for passage in await source.search("q", limit=5)] == ["https://a.example/"]


async def test_long_results_are_cut_with_a_note(tavily: Tavily, source: WebSource) -> None:
    tavily.results = [result("https://example.org/", "word " * 5_000)]
    (passage,) = await source.search("q", limit=5)
    assert len(passage.text) < 4_100
    assert passage.text.endswith("[cut: the page goes on]")
    assert passage.sha256 == digest(passage.text)


async def test_a_result_without_text_is_fetched(tavily: Tavily, source: WebSource) -> None:
    tavily.pages["a"] = "<title>x</title><p>Full text of the page.</p>"
    tavily.results = [result(f"{tavily.pages['base']}/page/a", None), result("http://10.0.0.1/", "")]
    assert [passage.text for passage in await source.search("q", limit=5)] == ["Full text of the page."]


@pytest.mark.parametrize(
    ("status", "kind", "text"),
    [
        (400, SourceError, "HTTP 400"),
        (401, SourceError, "does not know the key in TAVILY_API_KEY"),
        (403, SourceError, "may not do this"),
        (432, SourceError, "used up"),
        (433, SourceError, "pay-as-you-go"),
        (429, ThrottledError, "HTTP 429"),
        (500, SourceUnavailableError, "HTTP 500"),
        (302, SourceUnavailableError, "can't be reached"),
    ],
)
async def test_refusals(tavily: Tavily, source: WebSource, status: int, kind: type[OutlastError], text: str) -> None:
    tavily.refusal = web.json_response({"detail": {"error": "no"}}, status=status)
    with pytest.raises(SourceError, match=text) as caught:
        await source.search("q", limit=5)
    assert type(caught.value) is kind
    assert "tvly-secret" not in str(caught.value)
    assert len(tavily.requests) == 1, "nothing here tries again"


async def test_how_long_to_wait_is_kept(tavily: Tavily, source: WebSource) -> None:
    tavily.refusal = web.json_response({}, status=429, headers={"Retry-After": "12"})
    with pytest.raises(ThrottledError) as caught:
        await source.search("q", limit=5)
    assert caught.value.retry_after == 12
    assert caught.value.retryable


@pytest.mark.parametrize("body", ["no json", "[]", '{"results": 7}', '{"results": [{"title": "x"}]}', "null"])
async def test_answers_that_are_none(tavily: Tavily, source: WebSource, body: str) -> None:
    tavily.refusal = web.Response(text=body, content_type="application/json")
    with pytest.raises(SourceUnavailableError, match="Tavily"):
        await source.search("q", limit=5)


async def test_an_endless_answer_is_cut(tavily: Tavily, source: WebSource, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outlast.sources.web.MAX_ANSWER_BYTES", 1_000)
    tavily.results = [result("https://example.org/", "x" * 2_000)]
    with pytest.raises(SourceUnavailableError, match="longer than 1000 bytes"):
        await source.search("q", limit=5)


async def test_a_compressed_answer_is_refused(tavily: Tavily, source: WebSource) -> None:
    tavily.refusal = web.Response(body=b"x", headers={"Content-Encoding": "gzip", "Content-Type": "application/json"})
    with pytest.raises(SourceError, match="nobody asked for"):
        await source.search("q", limit=5)
    assert tavily.requests[0][0]["Accept-Encoding"] == "identity"


async def test_no_answer_in_time(tavily: Tavily, serve: Serve) -> None:
    tavily.hanging = asyncio.Event()
    source = WebSource(SecretStr("k"), Guard(["127.0.0.1"]), base_url=await serve(tavily.app), timeout_seconds=0.1)
    with pytest.raises(SourceUnavailableError, match="Tavily"):
        await source.search("q", limit=5)
    tavily.hanging.set()


async def test_nobody_there(unused_tcp_port: int) -> None:
    source = WebSource(SecretStr("k"), Guard(["127.0.0.1"]), base_url=f"http://127.0.0.1:{unused_tcp_port}")
    with pytest.raises(SourceUnavailableError, match="can't be reached"):
        await source.search("q", limit=5)


async def test_another_address_is_tried_when_one_is_dead(tavily: Tavily, serve: Serve) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"]  # nothing listens on the first

    port = (await serve(tavily.app)).rpartition(":")[2]
    guard = Guard(["tavily.example"], resolve=resolve)
    tavily.results = [result("https://example.org/a", "Found.")]
    source = WebSource(SecretStr("k"), guard, base_url=f"http://tavily.example:{port}")
    assert [passage.text for passage in await source.search("q", limit=5)] == ["Found."]
    assert tavily.requests[0][0]["Host"] == f"tavily.example:{port}"


async def test_a_base_url_inside_is_refused(tavily: Tavily, serve: Serve) -> None:
    source = WebSource(SecretStr("k"), Guard(), base_url=await serve(tavily.app))
    with pytest.raises(RefusedURLError):
        await source.search("q", limit=5)
    assert tavily.requests == []


def test_the_key_comes_from_tavily_s_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAVILY_API_KEY", "tvly-x")
    assert tavily_key().get_secret_value() == "tvly-x"
    monkeypatch.setenv("TAVILY_API_KEY", " ")
    with pytest.raises(SourceError, match="TAVILY_API_KEY is not set"):
        tavily_key()
