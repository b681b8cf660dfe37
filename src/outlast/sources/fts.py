"""An index of passages, open for reading: one SQLite file that is replaced by renaming and never changed.

The words in it were folded by `words`, so SQLite only finds candidates; which of them fit is decided in `ranking`.
`indexing` writes the file.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from outlast.errors import StateError
from outlast.sources.passage import Passage, digest
from outlast.sources.ranking import Candidate, Lexicon, Question, fitting, read_question

__all__ = ["COLUMNS", "SCHEMA_VERSION", "CorruptIndexError", "Index"]

SCHEMA_VERSION = 1
"""Part of the name of every cached index: raise it whenever the tables or the folding of words change."""

MAX_RESULTS = 100
"""Passages of one search, whatever was asked for."""

_CANDIDATES = 80
"""Best rows by bm25 that are looked at, for each subject that a query names."""

COLUMNS = tuple(Passage.model_fields)
"""Columns of a passage in the index, in order."""


class CorruptIndexError(StateError):
    """An index that is not one, or that no longer holds what was written."""


class Index:
    """An index that was built, open for reading. Threads may share it.

    Raises:
        CorruptIndexError: the file is no index, or not of this version.
        StateError: the file can't be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count: int
        """Number of passages."""
        self.notes: dict[str, str]
        """What its builder wrote down about it."""
        self._lock = threading.Lock()
        if not path.is_file():
            raise StateError(f"There is no index at {path}.")
        try:
            # Immutable: an index is replaced by renaming, never changed, so readers need no locks and no journal.
            uri = f"{path.absolute().as_uri()}?immutable=1"
            self._database = sqlite3.connect(uri, uri=True, check_same_thread=False)
        except sqlite3.Error as error:
            raise StateError(f"The index {path} can't be opened: {error}.") from error
        try:
            self._read_facts()
        except CorruptIndexError:
            self.close()
            raise

    def _read_facts(self) -> None:
        with self._reading():
            version, pages, page_size = (
                self._database.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("user_version", "page_count", "page_size")
            )
            if version != SCHEMA_VERSION:
                raise CorruptIndexError(f"The index {self.path} has format {version}, not {SCHEMA_VERSION}.")
            size = self.path.stat().st_size
            if size != pages * page_size:
                raise CorruptIndexError(f"The index {self.path} is cut short: {size} of {pages * page_size} bytes.")
            (self.count,) = self._database.execute("SELECT count(*) FROM passage").fetchone()
            self.notes = dict(self._database.execute("SELECT key, value FROM note"))
            self._lexicon = self._read_lexicon()

    def search(self, query: str, *, limit: int) -> list[Passage]:
        """The passages that fit a query, best first; none when nothing does.

        Raises:
            CorruptIndexError: the file does not hold what was written to it.
        """
        limit = min(limit, MAX_RESULTS)
        if limit < 1:
            return []
        with self._lock, self._reading():
            question = read_question(query, self._lexicon)
            if question.is_empty:
                return []
            numbers = fitting(question, self._candidates(question), limit=limit)
            return [self._passage(number) for number in numbers]

    def get(self, id: str) -> Passage | None:  # noqa: A002
        """The passage of an id, None when there is none."""
        with self._lock, self._reading():
            row = self._database.execute("SELECT number FROM passage WHERE id = ?", (id,)).fetchone()
            return self._passage(row[0]) if row else None

    def at(self, location: str) -> list[Passage]:
        """The passages of a location, in the order in which they were indexed."""
        with self._lock, self._reading():
            rows = self._database.execute("SELECT number FROM passage WHERE location = ? ORDER BY number", (location,))
            return [self._passage(number) for (number,) in rows.fetchall()]

    def check(self) -> None:
        """Read the whole file.

        Raises:
            CorruptIndexError: a page or a passage is damaged.
        """
        with self._lock, self._reading():
            (verdict,) = self._database.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise CorruptIndexError(f"The index {self.path} is damaged: {verdict}")
            for (number,) in self._database.execute("SELECT number FROM passage").fetchall():
                self._passage(number)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, ValueError, TypeError) as error:
            raise CorruptIndexError(f"The index {self.path} can't be read: {error}") from error

    def _read_lexicon(self) -> Lexicon:
        aliases: dict[str, set[str]] = {}
        for words, subject in self._database.execute("SELECT words, subject FROM alias"):
            aliases.setdefault(words, set()).add(subject)
        return Lexicon(
            passages=self.count,
            aliases={words: frozenset(subjects) for words, subjects in aliases.items()},
            longest_alias=max((words.count(" ") + 1 for words in aliases), default=0),
            synonyms=dict(self._database.execute("SELECT words, other FROM synonym")),
            frequency=self._frequency,
        )

    def _frequency(self, term: str) -> int:
        row = self._database.execute("SELECT passages FROM term WHERE term = ?", (term,)).fetchone()
        return int(row[0]) if row else 0

    def _candidates(self, question: Question) -> Iterator[Candidate]:
        if question.subjects and not question.terms:
            marks = ", ".join("?" for _ in question.subjects)
            rows = self._database.execute(
                "SELECT number, subject, head, body, 0.0, sha256 FROM passage"  # noqa: S608 - question marks only
                f" WHERE subject IN ({marks}) ORDER BY number",
                sorted(question.subjects),
            )
        else:
            rows = self._database.execute(
                "SELECT number, passage.subject, passage.head, passage.body, score, sha256 FROM ("
                " SELECT rowid, bm25(words, 0.0, 8.0, 1.0) AS score FROM words WHERE words MATCH ?"
                " ORDER BY score, rowid LIMIT ?) AS found JOIN passage ON number = found.rowid ORDER BY score, number",
                (question.match(), _CANDIDATES * max(1, len(question.subjects))),
            )
        for number, subject, head, body, score, sha256 in rows:
            yield Candidate(number=number, subject=subject, head=head, body=body, bm25=score, sha256=sha256)

    def _passage(self, number: int) -> Passage:
        row = self._database.execute(f"SELECT {', '.join(COLUMNS)} FROM passage WHERE number = ?", (number,)).fetchone()  # noqa: S608
        if row is None:
            raise CorruptIndexError(f"The index {self.path} names a passage {number} that it does not hold.")
        passage = Passage(**dict(zip(COLUMNS, row, strict=True)))
        if digest(passage.text) != passage.sha256:
            raise CorruptIndexError(f"The text of passage {passage.id!r} in {self.path} is not the one indexed.")
        return passage
