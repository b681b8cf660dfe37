"""Corpora of a user's own: folders of documents, indexed under a name that jobs use.

An index is the user's, so it stands in the state directory and nothing rebuilds it unasked. Building it again reads
every file and cuts only those that changed. Links are never followed: a folder is what is in it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from outlast.errors import SourceError, StateError, UsageError
from outlast.sources.documents import CUTTER_VERSION, SUFFIXES, Piece, UnreadableError, pieces_of
from outlast.sources.fts import Index
from outlast.sources.indexing import Progress, build_index, locked
from outlast.sources.passage import Passage, digest

__all__ = ["CorpusBuild", "CorpusInfo", "build_corpus", "corpora", "corpus_path", "remove_corpus"]

MAX_FILE_BYTES = 20_000_000
"""Larger files are skipped, and said to be."""

MAX_FILES = 20_000
"""A folder with more is refused: most likely it is not the one that was meant."""

RESERVED = frozenset({"factbook", "mcp", "web"})
"""Names of sources that are no corpora; ids of passages begin with them."""

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(slots=True)
class CorpusBuild:
    """What building a corpus did."""

    name: str
    path: Path
    """The index."""
    files: int = 0
    """Documents that are in it."""
    unchanged: int = 0
    """How many of them did not have to be cut again."""
    passages: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)
    """Files that are not in it, by path within the folder, with the reason."""


@dataclass(frozen=True, slots=True)
class CorpusInfo:
    """A corpus that jobs can name."""

    name: str
    path: Path
    passages: int
    folder: str
    """Where its documents were."""
    built_at: str
    """ISO 8601 UTC."""
    error: str = ""
    """Why it can't be searched; empty when it can."""


def build_corpus(folder: Path, name: str, state_dir: Path, progress: Progress | None = None) -> CorpusBuild:
    """Index a folder, in place of the corpus that has the name.

    Args:
        folder: searched with all its folders; hidden files and folders are left out.
        name: how jobs name it in `spec.sources`.
        state_dir: where indexes stand, below `corpora/`.
        progress: gets one line of text at a time.

    Raises:
        UsageError: the name can't be one, or the folder is none, is too large or holds no document.
        StateError: the index can't be written.
    """
    path = corpus_path(state_dir, name)
    try:
        root = folder.resolve(strict=True)
        files, skipped = _documents(root)
    except OSError as error:
        raise UsageError(f"The folder {folder} can't be read: {error.strerror or error}.") from None
    build = CorpusBuild(name, path, skipped=skipped)
    manifest: dict[str, str] = {}
    with locked(path):
        known = _Known.of(path)

        def passages() -> Iterator[Passage]:
            for number, file in enumerate(files, start=1):
                if progress:
                    progress(f"Indexing {folder}: document {number} of {len(files)}")
                yield from _passages(root, file, build, known, manifest)
            if not build.files:
                raise UsageError(_nothing_in(folder, build))

        def notes() -> dict[str, str]:
            built_at = datetime.now(UTC).isoformat(timespec="seconds")
            made = {"folder": str(root), "built_at": built_at, "cutter": str(CUTTER_VERSION)}
            return {**made, "manifest": json.dumps(manifest)}

        with contextlib.closing(known):
            build.passages = build_index(passages(), path, notes=notes)
    return build


def corpora(state_dir: Path) -> list[CorpusInfo]:
    """Every corpus there is, by name."""
    found = []
    for path in sorted((state_dir / "corpora").glob("*.db")):
        try:
            with contextlib.closing(Index(path)) as index:
                notes = index.notes
                info = CorpusInfo(path.stem, path, index.count, notes.get("folder", ""), notes.get("built_at", ""))
        except StateError as error:
            info = CorpusInfo(path.stem, path, 0, "", "", str(error))
        found.append(info)
    return found


def remove_corpus(state_dir: Path, name: str) -> None:
    """Delete a corpus; its documents stay where they are.

    Raises:
        SourceError: there is none of that name.
        StateError: it can't be deleted.
    """
    path = corpus_path(state_dir, name)
    try:
        path.unlink()
    except FileNotFoundError:
        raise SourceError(f"There is no corpus {name!r}: `outlast corpus list` shows those there are.") from None
    except OSError as error:
        raise StateError(f"The corpus {path} can't be deleted: {error.strerror or error}.") from None


def corpus_path(state_dir: Path, name: str) -> Path:
    """Where the index of a corpus stands, whether or not there is one.

    Raises:
        UsageError: the name can't be one.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name for a corpus: use up to 63 of a-z, 0-9 and dashes, as in `team-notes`.")
    if name in RESERVED:
        raise UsageError(f"{name!r} names a source of its own: choose another name for the corpus.")
    return state_dir / "corpora" / f"{name}.db"


class _Known:
    """What the index that is about to be replaced says about unchanged files."""

    def __init__(self, index: Index | None) -> None:
        self._index = index
        self._manifest: dict[str, str] = json.loads(index.notes.get("manifest", "{}")) if index else {}

    @classmethod
    def of(cls, path: Path) -> _Known:
        """An index that is missing, damaged or of another version knows nothing."""
        with contextlib.suppress(StateError, ValueError):
            index = Index(path)
            if index.notes.get("cutter") == str(CUTTER_VERSION):
                return cls(index)
            index.close()
        return cls(None)

    def passages(self, location: str, relative: str, sha256: str) -> list[Passage]:
        """Those of a file whose content has this hash; none when it has not, or when they are damaged."""
        if self._index is None or self._manifest.get(relative) != sha256:
            return []
        with contextlib.suppress(StateError):
            return self._index.at(location)
        return []

    def close(self) -> None:
        """Close the index."""
        if self._index:
            self._index.close()


def _documents(root: Path) -> tuple[list[Path], list[tuple[str, str]]]:
    """The documents below a folder, sorted, and what was left out."""
    files: list[Path] = []
    skipped: list[tuple[str, str]] = []

    def unlistable(error: OSError) -> None:
        if Path(error.filename) == root:
            raise error
        skipped.append((str(Path(error.filename).relative_to(root)), error.strerror or "unreadable"))

    for here, folders, names in os.walk(root, onerror=unlistable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        links = [name for name in folders if (Path(here) / name).is_symlink()]  # os.walk does not enter them
        skipped += [(str((Path(here) / name).relative_to(root)), "a link") for name in links]
        for name in sorted(names):
            if name.startswith("."):
                continue
            if Path(name).suffix.lower() in SUFFIXES:
                files.append(Path(here) / name)
            else:
                skipped.append((str((Path(here) / name).relative_to(root)), "no kind of document that is read"))
        if len(files) > MAX_FILES:
            raise UsageError(f"The folder {root} holds more than {MAX_FILES} documents: index its parts apart.")
    return files, skipped


def _passages(root: Path, file: Path, build: CorpusBuild, known: _Known, manifest: dict[str, str]) -> Iterator[Passage]:
    """The passages of one file, from the old index where it did not change."""
    relative = file.relative_to(root).as_posix()
    try:
        relative.encode()
        data = _content(file)
        sha256 = hashlib.sha256(data).hexdigest()
        passages = known.passages(f"{build.name}/{relative}", relative, sha256)
        build.unchanged += bool(passages)
        passages = passages or [
            _passage(build.name, relative, ordinal, piece)
            for ordinal, piece in enumerate(pieces_of(data, file.suffix.lower()), start=1)
        ]
    except (UnreadableError, OSError, UnicodeError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        build.skipped.append((relative.encode(errors="replace").decode(), reason))
        return
    manifest[relative] = sha256
    build.files += 1
    yield from passages


def _content(file: Path) -> bytes:
    """The bytes of a regular file, opened so that neither a link nor a pipe put in its place leads elsewhere."""
    if file.is_symlink():
        raise UnreadableError("a link")
    with os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as opened:
        status = os.fstat(opened.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableError("no regular file")
        data = opened.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise UnreadableError(f"larger than {MAX_FILE_BYTES} bytes")
    return data


def _passage(name: str, relative: str, ordinal: int, piece: Piece) -> Passage:
    return Passage.of(
        id=f"{name}:{relative}#{ordinal}-{digest(piece.text)[:8]}",
        source=name,
        title=": ".join((relative, *piece.headings)),
        text=piece.text,
        location=f"{name}/{relative}",
    )


def _nothing_in(folder: Path, build: CorpusBuild) -> str:
    reasons = ", ".join(f"{path} ({reason})" for path, reason in build.skipped[:3])
    kinds = ", ".join(SUFFIXES)
    return (
        f"The folder {folder} holds no document that can be read ({kinds}).{' Skipped: ' if reasons else ''}{reasons}"
    )
