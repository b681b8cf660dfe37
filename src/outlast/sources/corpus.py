"""A source over an index of passages: the Factbook, a folder that was indexed, or an altered copy for a test."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

from outlast.errors import StateError
from outlast.sources.fts import CorruptIndexError, Index
from outlast.sources.passage import Passage

__all__ = ["Corpus"]


_REMEDY = "Build it again: `outlast corpus build DIR --name {name}`."


class Corpus:
    """Searches one index.

    Args:
        name: how a job names it in `spec.sources`.
        index: what it searches; closed with the corpus.
        mend: makes a new index when this one turns out to be damaged; None for one that only its owner can rebuild.
    """

    def __init__(self, name: str, index: Index, *, mend: Callable[[], Index] | None = None) -> None:
        self.name = name
        self._index = index
        self._retired: list[Index] = []
        self._mend = mend
        self._mending = threading.Lock()

    @classmethod
    def at(cls, path: Path, name: str) -> Corpus:
        """The source over an index that stands at `path`.

        Raises:
            StateError: there is none, or it is damaged.
        """
        try:
            return cls(name, Index(path))
        except CorruptIndexError as error:
            raise StateError(f"{error} {_REMEDY.format(name=name)}") from error

    @property
    def count(self) -> int:
        """Number of passages."""
        return self._index.count

    async def search(self, query: str, *, limit: int) -> list[Passage]:
        """The passages that fit, best first; none when nothing does.

        Raises:
            StateError: the index is damaged and could not be mended.
        """
        # A search takes about a millisecond, but a disk may take its time, and so does mending.
        return await asyncio.to_thread(self.search_now, query, limit=limit)

    def search_now(self, query: str, *, limit: int) -> list[Passage]:
        """The same, blocking."""
        index = self._index
        try:
            return index.search(query, limit=limit)
        except CorruptIndexError as error:
            if self._mend is None:
                raise StateError(f"{error} {_REMEDY.format(name=self.name)}") from error
        with self._mending:
            if self._index is index:
                self._retired.append(index)  # not closed yet: other threads may be reading it
                self._index = self._mend()
        return self._index.search(query, limit=limit)

    def close(self) -> None:
        """Close the index."""
        for index in (*self._retired, self._index):
            index.close()
