"""Writing an index of passages: as a whole, under another name, then renamed, by one process at a time.

So a reader sees a complete index or none, whatever was killed in between.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from outlast.errors import StateError
from outlast.sources.fts import COLUMNS, SCHEMA_VERSION, CorruptIndexError, Index
from outlast.sources.passage import Passage
from outlast.sources.words import words_of

__all__ = ["Progress", "build_index", "cached", "locked"]

Progress = Callable[[str], None]
"""Gets one line of text at a time, for a person who waits."""

_log = logging.getLogger(__name__)

_PAGE_BYTES = 16_384
"""Rows with a passage fill large pages better: the embedded corpus takes a sixth less than with SQLite's 4 kB."""

_TABLES = f"""
CREATE TABLE passage (
    number INTEGER PRIMARY KEY, {", ".join(COLUMNS)}, subject TEXT NOT NULL, head TEXT NOT NULL, body TEXT NOT NULL
);
CREATE UNIQUE INDEX passage_id ON passage (id);
CREATE INDEX passage_location ON passage (location);
CREATE INDEX passage_subject ON passage (subject, number);
CREATE VIRTUAL TABLE words USING fts5 (subject, head, body, content='', tokenize='unicode61 remove_diacritics 0');
CREATE TABLE term (term TEXT PRIMARY KEY, passages INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE alias (words TEXT NOT NULL, subject TEXT NOT NULL, PRIMARY KEY (words, subject)) WITHOUT ROWID;
CREATE TABLE synonym (words TEXT PRIMARY KEY, other TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE note (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


def build_index(
    passages: Iterable[Passage],
    path: Path,
    *,
    subject_of: Callable[[Passage], str] = lambda passage: "",
    aliases: Callable[[str, str], Iterable[str]] = lambda subject, title: (),
    synonyms: Mapping[str, str] | None = None,
    notes: Callable[[], Mapping[str, str]] = dict,
) -> int:
    """Write an index of `passages` to `path`, in place of what is there; return their number.

    Args:
        passages: in the order that decides between passages that fit equally well.
        path: where the index is to stand; its directory is made.
        subject_of: the key of the thing that a passage is about, for corpora where each is about one thing.
        aliases: the names by which queries know a subject, from its key and the first part of its titles.
        synonyms: words of a query, and the words of this corpus that serve as well.
        notes: what `Index.notes` is to hold; called after the last passage.

    Raises:
        StateError: the directory can't be written to, or the disk is full.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.closing(sqlite3.connect(temporary, isolation_level=None)) as database:
            # Nobody reads the file before its rename, and a crash leaves a file that nobody reads.
            database.executescript(
                f"PRAGMA page_size = {_PAGE_BYTES}; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
            )
            database.executescript("BEGIN;" + _TABLES)
            count = _fill(database, passages, subject_of, aliases, synonyms or {})
            database.executemany("INSERT INTO note VALUES (?, ?)", sorted(notes().items()))
            database.execute("INSERT INTO words (words) VALUES ('optimize')")
            database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            database.execute("COMMIT")
            database.execute("VACUUM")
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except (OSError, sqlite3.Error) as error:
        raise StateError(
            f"The index {path} can't be written: {error}. Free space or make its directory writable; OUTLAST_CACHE_DIR"
            " and OUTLAST_STATE_DIR set where indexes stand."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return count


def _fill(
    database: sqlite3.Connection,
    passages: Iterable[Passage],
    subject_of: Callable[[Passage], str],
    aliases: Callable[[str, str], Iterable[str]],
    synonyms: Mapping[str, str],
) -> int:
    frequency: Counter[str] = Counter()
    subjects: dict[str, str] = {}
    number = 0
    for number, passage in enumerate(passages, start=1):
        subject = subject_of(passage)
        first, _, rest = passage.title.partition(": ") if subject else ("", "", passage.title)
        subjects.setdefault(subject, first)
        headings = [words_of(part) for part in rest.split(": ")]
        head = " / ".join(" ".join(words) for words in headings)
        body = words_of(passage.text)
        frequency.update(set(body).union(*headings))
        # Ranking asks which words there are, each once; the search also in which order.
        row = (number, *(getattr(passage, name) for name in COLUMNS), subject, head, " ".join(dict.fromkeys(body)))
        database.execute("INSERT INTO passage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        words = (number, subject, head, " ".join(body))
        database.execute("INSERT INTO words (rowid, subject, head, body) VALUES (?, ?, ?, ?)", words)
    names = {
        (" ".join(words_of(alias)), subject)
        for subject, title in subjects.items()
        if subject
        for alias in aliases(subject, title)
    }
    database.executemany("INSERT INTO alias VALUES (?, ?)", sorted(names))
    database.executemany("INSERT INTO term VALUES (?, ?)", sorted(frequency.items()))
    folded = {" ".join(words_of(words)): " ".join(words_of(other)) for words, other in synonyms.items()}
    database.executemany("INSERT INTO synonym VALUES (?, ?)", sorted(folded.items()))
    return number


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock that goes with `path`, so that of many processes one builds and the others wait.

    Raises:
        StateError: the lock file can't be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.with_name(f"{path.name}.lock").open("a")
    except OSError as error:
        raise StateError(
            f"{path.parent} can't be written to: {error}. Make it writable, or set OUTLAST_CACHE_DIR or"
            " OUTLAST_STATE_DIR to a directory that is."
        ) from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def cached(
    path: Path, build: Callable[[], object], progress: Progress | None = None, *, doubted: bool = False
) -> Index:
    """The index at `path`, which anybody may delete: built when it is missing, built anew when it is damaged.

    Args:
        path: where the index stands.
        build: writes it.
        progress: told when a damaged index is replaced.
        doubted: whether a search found it damaged, so that it has to be read to its end before it is trusted.

    Raises:
        StateError: it can't be written.
    """
    if not doubted:
        with contextlib.suppress(StateError):
            return Index(path)
    with locked(path):
        if path.exists():
            # Another process may have replaced it while this one waited.
            try:
                return _sound(path)
            except CorruptIndexError as error:
                _log.warning("%s It is built anew.", error)
                if progress:
                    progress(f"{error} It is built anew.")
        for leftover in path.parent.glob(f".{path.name}.*"):
            leftover.unlink(missing_ok=True)  # of a process that was killed while it built
        build()
        return Index(path)


def _sound(path: Path) -> Index:
    index = Index(path)
    try:
        index.check()
    except CorruptIndexError:
        index.close()
        raise
    return index
