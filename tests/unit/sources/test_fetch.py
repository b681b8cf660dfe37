"""Pages fetched from servers on loopback that behave as badly as they can."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from time import perf_counter

import pytest
from aiohttp import web

from outlast.errors import SourceError, SourceUnavailableError
from outlast.sources.failures import RefusedURLError, ThrottledError
from outlast.sources.fetch import fetch
from outlast.sources.guard import Guard

Serve = Callable[[web.Application], Awaitable[str]]

PAGE = "<title>Fees</title><h1>Fees</h1><p>The fee is <b>40</b> euros.</p><script>evil()</script>"


class Site:
    """A server that counts what reaches it."""

    def __init__(self) -> None:
        self.requests: list[web.Request] = []
        self.hanging = asyncio.Event()
        self.app = web.Application()
        self.app.router.add_route("*", "/{name:.*}", self.answer)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        name = request.match_info["name"]
        if name.startswith("to/"):
            return web.Response(status=302, headers={"Location": request.query["url"], "Set-Cookie": "a=b"})
        if name.startswith("status/"):
            return web.Response(status=int(name.removeprefix("status/")), headers={"Retry-After": "7"})
        answers: dict[str, Callable[[web.Request], Awaitable[web.StreamResponse]]] = {
            "loop": self.loop,
            "bomb": self.bomb,
            "broken-gzip": self.broken_gzip,
            "drip": self.drip,
            "hang": self.hang,
        }
        if name in answers:
            return await answers[name](request)
        bodies = {
            "": web.Response(text=PAGE, content_type="text/html"),
            "latin": web.Response(
                body="Grüße".encode("latin-1"), headers={"Content-Type": "text/plain; charset=latin1"}
            ),
            "odd-charset": web.Response(body=b"plain", headers={"Content-Type": "text/plain; charset=idna"}),
            "image": web.Response(body=b"\x89PNG", content_type="image/png"),
            "large": web.Response(text="x" * 50_000, content_type="text/plain"),
            "brotli": web.Response(body=b"x", content_type="text/plain", headers={"Content-Encoding": "br"}),
            "no-location": web.Response(status=302),
        }
        return bodies[name]

    async def loop(self, request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": "/loop"})

    async def bomb(self, request: web.Request) -> web.StreamResponse:
        packed = gzip.compress(b"<p>" + b"0" * 50_000_000, 1)
        return web.Response(body=packed, content_type="text/html", headers={"Content-Encoding": "gzip"})

    async def broken_gzip(self, request: web.Request) -> web.StreamResponse:
        return web.Response(body=b"no gzip", content_type="text/plain", headers={"Content-Encoding": "gzip"})

    async def drip(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)
        while True:
            await response.write(b".")
            await asyncio.sleep(0.01)

    async def hang(self, request: web.Request) -> web.StreamResponse:
        await self.hanging.wait()
        return web.Response()


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def guard() -> Guard:
    return Guard(["127.0.0.1"])


@pytest.fixture
async def base(site: Site, serve: Serve) -> str:
    return await serve(site.app)


async def test_a_page_is_text_with_a_title(base: str, guard: Guard) -> None:
    page = await fetch(f"{base}/", guard=guard)
    assert (page.title, page.text, page.media_type, page.truncated) == (
        "Fees",
        "Fees\nThe fee is 40 euros.",
        "text/html",
        False,
    )
    assert page.url == f"{base}/"
    assert page.retrieved_at.endswith("+00:00")


@pytest.mark.parametrize(("path", "text"), [("latin", "Grüße"), ("odd-charset", "plain")])
async def test_encodings(base: str, guard: Guard, path: str, text: str) -> None:
    assert (await fetch(f"{base}/{path}", guard=guard)).text == text


async def test_redirects_are_followed_without_cookies(base: str, guard: Guard, site: Site) -> None:
    page = await fetch(f"{base}/to/x?url=/to/y?url=/", guard=guard)
    assert page.url == f"{base}/"
    assert [request.headers.get("Cookie") for request in site.requests] == [None, None, None]


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.2/",
        "http://localhost/",
        "http://169.254.169.254/latest/meta-data/",
        "//10.0.0.1/",
        "http://[::1]/",
        "file:///etc/passwd",
        "http://2130706433/",
        "http://user@127.0.0.1/",
    ],
)
async def test_a_redirect_inside_is_refused(base: str, guard: Guard, site: Site, location: str) -> None:
    with pytest.raises(RefusedURLError):
        await fetch(f"{base}/to/x?url={location}", guard=guard)
    assert len(site.requests) == 1


async def test_a_ring_of_redirects_ends(base: str, guard: Guard, site: Site) -> None:
    with pytest.raises(RefusedURLError, match="more than 3 redirects"):
        await fetch(f"{base}/loop", guard=guard, max_redirects=3)
    assert len(site.requests) == 4


async def test_a_bomb_is_unpacked_up_to_the_bound(base: str, guard: Guard) -> None:
    page = await fetch(f"{base}/bomb", guard=guard, max_bytes=100_000)
    assert page.truncated
    assert len(page.text) <= 100_000


async def test_a_large_page_is_cut(base: str, guard: Guard) -> None:
    page = await fetch(f"{base}/large", guard=guard, max_bytes=1_000)
    assert (len(page.text), page.truncated) == (1_000, True)


@pytest.mark.parametrize("path", ["drip", "hang"])
async def test_a_slow_page_is_given_up(base: str, guard: Guard, path: str) -> None:
    began = perf_counter()
    with pytest.raises(SourceUnavailableError, match=r"was not read within 0\.2 s"):
        await fetch(f"{base}/{path}", guard=guard, timeout_seconds=0.2)
    assert perf_counter() - began < 5


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("image", "is no text but image/png"),
        ("brotli", "nobody asked for"),
        ("broken-gzip", "can't be unpacked"),
        ("status/404", "HTTP 404"),
        ("no-location", "HTTP 302"),
    ],
)
async def test_what_is_no_page(base: str, guard: Guard, path: str, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        await fetch(f"{base}/{path}", guard=guard)


async def test_a_site_that_asks_to_wait(base: str, guard: Guard) -> None:
    with pytest.raises(ThrottledError) as caught:
        await fetch(f"{base}/status/429", guard=guard)
    assert caught.value.retry_after == 7


async def test_nobody_there(guard: Guard, unused_tcp_port: int) -> None:
    with pytest.raises(SourceUnavailableError, match="can't be reached"):
        await fetch(f"http://127.0.0.1:{unused_tcp_port}/", guard=guard)


async def test_a_page_inside_is_never_asked_for(base: str, site: Site) -> None:
    with pytest.raises(RefusedURLError):
        await fetch(f"{base}/", guard=Guard())
    assert site.requests == []


async def test_the_checked_address_is_the_one_connected_to(base: str, site: Site) -> None:
    """A name server that changes its answer after the check gains nothing: it is not asked again."""
    answers = [["127.0.0.1"], ["127.0.0.2"]]

    async def rebinding(host: str, port: int) -> list[str]:
        return answers.pop(0)

    port = base.rpartition(":")[2]
    page = await fetch(f"http://rebinding.example:{port}/", guard=Guard(["rebinding.example"], resolve=rebinding))
    assert page.title == "Fees"
    assert answers == [["127.0.0.2"]]
    assert [request.host for request in site.requests] == [f"rebinding.example:{port}"]


async def test_a_redirect_to_a_name_that_rebinds_is_refused(base: str, site: Site) -> None:
    answers = {"first.example": [["127.0.0.1"]], "second.example": [["127.0.0.1"]]}

    async def resolve(host: str, port: int) -> list[str]:
        return answers[host].pop(0)

    port = base.rpartition(":")[2]
    guard = Guard(["first.example"], resolve=resolve)
    with pytest.raises(RefusedURLError, match=r"second\.example.*loopback"):
        await fetch(f"http://first.example:{port}/to/x?url=http://second.example/", guard=guard)
    assert len(site.requests) == 1
