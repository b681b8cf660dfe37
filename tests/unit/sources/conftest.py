"""The embedded corpus, indexed once for all tests, and servers on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from aiohttp import web

from outlast.sources.corpus import Corpus
from outlast.sources.factbook import embedded_index
from outlast.sources.fts import Index

Serve = Callable[[web.Application], Awaitable[str]]


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    embedded_index(folder).close()
    return folder


@pytest.fixture(scope="session")
def factbook(cache_dir: Path) -> Iterator[Index]:
    index = embedded_index(cache_dir)
    yield index
    index.close()


@pytest.fixture(scope="session")
def corpus(factbook: Index) -> Corpus:
    return Corpus("factbook", factbook)


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts applications on loopback, each on a port of its own; returns their base URL."""
    runners: list[web.AppRunner] = []

    async def start(app: web.Application) -> str:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        runners.append(runner)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    yield start
    for runner in runners:
        await runner.cleanup()
