"""The web, through Tavily's search API.

The key is Tavily's own variable, `TAVILY_API_KEY`. Nothing here tries again: the workflow engine does, and knows how
long Tavily asked to be left alone.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final, NoReturn
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr, ValidationError

from outlast.errors import SourceError, SourceUnavailableError
from outlast.sources.failures import http_error
from outlast.sources.fetch import fetch
from outlast.sources.guard import Guard
from outlast.sources.markup import plain
from outlast.sources.passage import Passage, digest
from outlast.sources.pinned import guarded_transport

__all__ = ["NAME", "WebSource", "tavily_key"]

NAME: Final = "web"
"""How a job names it in `spec.sources`."""

KEY_VARIABLE = "TAVILY_API_KEY"
BASE_URL = "https://api.tavily.com"

MAX_RESULTS = 20
"""Tavily's own bound."""

MAX_PASSAGE_CHARACTERS = 4_000
"""Of a result that is a whole page; the rest is left out and said to be."""

MAX_TITLE_CHARACTERS = 300
MAX_ANSWER_BYTES = 10_000_000
TIMEOUT_SECONDS = 60.0
FETCHES = 3
"""Pages of one search that are fetched because Tavily sent no text for them."""


class _Result(BaseModel):
    url: str
    title: str | None = None
    content: str | None = None


class _Answer(BaseModel):
    results: list[_Result]


def tavily_key() -> SecretStr:
    """The key of Tavily's API.

    Raises:
        SourceError: none is set.
    """
    if key := os.environ.get(KEY_VARIABLE, "").strip():
        return SecretStr(key)
    raise SourceError(f"The source 'web' searches with Tavily, and {KEY_VARIABLE} is not set: get a key at tavily.com.")


class WebSource:
    """Searches the web.

    Args:
        key: of Tavily's API.
        guard: checks Tavily's URL and those of pages.
        base_url: instead of Tavily's own.
        timeout_seconds: for one search, fetched pages included.
    """

    name = NAME

    def __init__(
        self, key: SecretStr, guard: Guard, *, base_url: str | None = None, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        self._key = key
        self._guard = guard
        self._base_url = (base_url or BASE_URL).rstrip("/")
        self._timeout_seconds = timeout_seconds

    async def search(self, query: str, *, limit: int) -> list[Passage]:
        """The passages that Tavily found, in its order.

        Raises:
            ThrottledError: Tavily asks to wait; `retry_after` says how long.
            SourceUnavailableError: no answer, or one that may get better.
            SourceError: the key is refused or used up, or the library is not installed.
        """
        limit = min(limit, MAX_RESULTS)
        query = plain(query)[:400]  # Tavily's bound
        if limit < 1 or not query:
            return []
        try:
            async with asyncio.timeout(self._timeout_seconds):
                answer = await self._ask(query, limit)
                return await self._passages(answer, limit)
        except TimeoutError:
            raise SourceUnavailableError(f"Tavily did not answer within {self._timeout_seconds:g} s.") from None

    async def _ask(self, query: str, limit: int) -> _Answer:
        try:
            import httpx
            from tavily import AsyncTavilyClient
            from tavily.errors import TimeoutError as TavilyTimeoutError
        except ImportError:
            raise SourceError("The source 'web' needs the package tavily-python: `pip install outlast[web]`.") from None

        async def refuse(response: httpx.Response) -> None:
            # The library's own errors lose the status and how long to wait.
            if response.status_code >= 400:
                _refuse(response.status_code, dict(response.headers))

        client = httpx.AsyncClient(
            base_url=self._base_url,
            # A client of ours keeps the library from adding its key.
            headers={"Authorization": f"Bearer {self._key.get_secret_value()}"},
            transport=guarded_transport(httpx, self._guard, max_bytes=MAX_ANSWER_BYTES),
            timeout=self._timeout_seconds,
            event_hooks={"response": [refuse]},
        )
        async with client:
            try:
                found = await AsyncTavilyClient(client=client).search(
                    query, max_results=limit, search_depth="basic", timeout=self._timeout_seconds
                )
                return _Answer.model_validate(found)
            except (httpx.HTTPError, httpx.StreamError, TavilyTimeoutError) as error:
                raise SourceUnavailableError(
                    f"Tavily can't be reached: {str(error) or type(error).__name__}."
                ) from None
            except (ValidationError, ValueError, TypeError, AttributeError):
                raise SourceUnavailableError("Tavily's answer is not what its documentation describes.") from None

    async def _passages(self, answer: _Answer, limit: int) -> list[Passage]:
        results = [result for result in answer.results if urlsplit(result.url).scheme in ("http", "https")][:limit]
        bare = [result for result in results if not (result.content or "").strip()][:FETCHES]
        fetched = dict(zip((r.url for r in bare), await asyncio.gather(*map(self._text_of, bare)), strict=True))
        found: dict[str, Passage] = {}
        for passage in _as_passages(results, fetched):
            found.setdefault(passage.id, passage)
        return list(found.values())

    async def _text_of(self, result: _Result) -> str:
        """The text of a page that Tavily names without any; empty when it can't be had."""
        try:
            return (await fetch(result.url, guard=self._guard)).text
        except SourceError:
            return ""


def _as_passages(results: list[_Result], fetched: dict[str, str]) -> Iterator[Passage]:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    for result in results:
        text = (result.content or "").strip() or fetched.get(result.url, "")
        if not text:
            continue
        if len(text) > MAX_PASSAGE_CHARACTERS:
            text = text[:MAX_PASSAGE_CHARACTERS].rstrip() + "\n[cut: the page goes on]"
        yield Passage.of(
            id=f"{NAME}:{digest(result.url + chr(10) + text)[:16]}",
            source=NAME,
            title=plain(result.title or result.url)[:MAX_TITLE_CHARACTERS],
            text=text,
            location=result.url,
            retrieved_at=now,
        )


def _refuse(status: int, headers: dict[str, str]) -> NoReturn:
    hints = {
        401: f"It does not know the key in {KEY_VARIABLE}.",
        403: "The key may not do this.",
        432: "The plan of this key is used up.",
        433: "The pay-as-you-go limit of this key is reached.",
    }
    raise http_error("Tavily", status, headers, hint=hints.get(status, ""))
