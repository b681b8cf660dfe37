"""Fetching one page from the web, through the guard and within bounds.

Fetched text is data: what it says goes into a prompt as evidence and instructs nobody, this code included. It follows
redirects, which are checked like the first URL, and nothing else: no cookies, no credentials, no scripts.
"""

from __future__ import annotations

import asyncio
import codecs
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urljoin

import aiohttp
import yarl

from outlast.errors import SourceError, SourceUnavailableError
from outlast.sources.failures import RefusedURLError, http_error
from outlast.sources.guard import Guard, Target
from outlast.sources.markup import html_blocks, html_title
from outlast.sources.pinned import PinnedResolver

__all__ = ["Page", "fetch"]

MAX_BYTES = 2_000_000
"""Bytes of a page that are read, unpacked; the rest is left where it is."""

TIMEOUT_SECONDS = 20.0
"""For everything, redirects included, however steadily bytes drip."""

MAX_REDIRECTS = 5

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TEXTUAL = ("text/", "application/json", "application/xml", "application/xhtml+xml")
_CHARSETS = (
    "ascii",
    "big5",
    "cp",
    "euc",
    "gb",
    "iso8859",
    "koi8",
    "mac",
    "shift_jis",
    "tis",
    "utf-16",
    "utf-32",
    "utf-8",
)
"""Beginnings of the names of encodings for text; Python knows others, which do more than decode."""
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Page:
    """What a URL led to."""

    url: str
    """The last one, after redirects."""
    title: str
    text: str
    """Without markup."""
    media_type: str
    retrieved_at: str
    """ISO 8601 UTC."""
    truncated: bool
    """Whether the page was longer than what was read."""


async def fetch(
    url: str,
    *,
    guard: Guard,
    max_bytes: int = MAX_BYTES,
    timeout_seconds: float = TIMEOUT_SECONDS,
    max_redirects: int = MAX_REDIRECTS,
) -> Page:
    """Fetch a page of text.

    Raises:
        RefusedURLError: the URL or a redirect leads where nobody should go.
        SourceUnavailableError: no answer in time, or one that may get better.
        SourceError: an answer that will not get better, or no text.
    """
    try:
        async with asyncio.timeout(timeout_seconds):
            return await _follow(url, guard, max_bytes, max_redirects)
    except TimeoutError:
        raise SourceUnavailableError(f"{url[:200]!r} was not read within {timeout_seconds:g} s.") from None
    except (aiohttp.ClientError, OSError) as error:
        raise SourceUnavailableError(f"{url[:200]!r} can't be reached: {str(error) or type(error).__name__}.") from None


async def _follow(url: str, guard: Guard, max_bytes: int, max_redirects: int) -> Page:
    for _ in range(max_redirects + 1):
        target = await guard.check(url)
        found = await _request(target, max_bytes)
        if isinstance(found, Page):
            return found
        url = urljoin(target.url, found)
    raise RefusedURLError(f"{url[:200]!r} is refused: more than {max_redirects} redirects led to it.")


async def _request(target: Target, max_bytes: int) -> Page | str:
    """The page, or where it was moved to."""
    connector = aiohttp.TCPConnector(resolver=PinnedResolver(target), use_dns_cache=False, force_close=True)
    async with (
        aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,  # it would unpack without a bound
            headers={"Accept": "text/html, text/*;q=0.9", "Accept-Encoding": "gzip", "User-Agent": "outlast"},
        ) as session,
        session.get(yarl.URL(target.url, encoded=True), allow_redirects=False) as response,
    ):
        if response.status in _REDIRECTS and (location := response.headers.get("Location")):
            return location
        if response.status >= 300:
            raise http_error(target.url, response.status, response.headers)
        if not response.content_type.startswith(_TEXTUAL):
            raise SourceError(f"{target.url} is no text but {response.content_type}.")
        body, truncated = await _read(response, max_bytes)
        markup = body.decode(_charset(response), errors="replace")
        title, text = await asyncio.to_thread(_text_of, markup, response.content_type)
        return Page(
            target.url, title, text, response.content_type, datetime.now(UTC).isoformat(timespec="seconds"), truncated
        )


async def _read(response: aiohttp.ClientResponse, max_bytes: int) -> tuple[bytes, bool]:
    """At most `max_bytes` of the body, unpacked, and whether there was more."""
    encoding = response.headers.get("Content-Encoding", "identity").lower()
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise SourceError(f"{response.url} answered with the compression {encoding!r}, which nobody asked for.")
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16) if encoding != "identity" else None
    body = bytearray()
    read = 0
    async for chunk in response.content.iter_chunked(_CHUNK):
        read += len(chunk)
        room = max_bytes + 1 - len(body)
        try:
            body += unpack.decompress(chunk, room) if unpack else chunk[:room]
        except zlib.error as error:
            raise SourceError(f"{response.url} can't be unpacked: {error}.") from None
        if len(body) > max_bytes or read > max_bytes:
            return bytes(body[:max_bytes]), True
    return bytes(body), False


def _charset(response: aiohttp.ClientResponse) -> str:
    """The encoding that the server named, UTF-8 where that is none for text."""
    try:
        name = codecs.lookup(response.charset or "utf-8").name
    except (LookupError, ValueError):
        return "utf-8"
    return name if name.startswith(_CHARSETS) else "utf-8"


def _text_of(markup: str, media_type: str) -> tuple[str, str]:
    """Title and text."""
    if "html" not in media_type:
        return "", markup.strip()
    return html_title(markup), "\n".join(block.text for block in html_blocks(markup))
