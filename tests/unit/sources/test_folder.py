"""Corpora of folders: what is in them, what is left out, and what a second build does."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from outlast.errors import SourceError, StateError, UsageError
from outlast.sources import folder as folder_module
from outlast.sources.documents import Piece, pieces_of
from outlast.sources.folder import build_corpus, corpora, corpus_path, remove_corpus
from outlast.sources.fts import Index


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    root = tmp_path / "docs"
    (root / "deep").mkdir(parents=True)
    (root / "guide.md").write_text("# Guide\n\n## Install\n\nRun the installer as an ordinary user.\n")
    (root / "deep" / "page.html").write_text("<h1>Fees</h1><p>The annual fee is 40 euros.</p>")
    (root / "notes.txt").write_text("Telephone numbers change in May.\n")
    return root


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def test_documents_are_found_by_what_they_say(docs: Path, state: Path) -> None:
    build = build_corpus(docs, "team", state)
    assert (build.files, build.passages, build.unchanged, build.skipped) == (3, 3, 0, [])
    assert build.path == state / "corpora" / "team.db"
    with closing(Index(build.path)) as index:
        (passage,) = index.search("annual fee", limit=5)
        assert passage.title == "deep/page.html: Fees"
        assert passage.text == "The annual fee is 40 euros."
        assert passage.source == "team"
        assert passage.location == "team/deep/page.html"
        assert passage.id.startswith("team:deep/page.html#1-")
        assert [found.title for found in index.search("How do I install it?", limit=1)] == ["guide.md: Guide: Install"]


def test_a_question_about_something_else_finds_nothing(docs: Path, state: Path) -> None:
    with closing(Index(build_corpus(docs, "team", state).path)) as index:
        assert index.search("cheese production in Wisconsin", limit=5) == []


def test_a_second_build_cuts_only_what_changed(docs: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_corpus(docs, "team", state)
    (docs / "notes.txt").write_text("Telephone numbers change in June.\n")
    (docs / "guide.md").rename(docs / "manual.md")
    cut: list[bytes] = []

    def counted(data: bytes, suffix: str) -> list[Piece]:
        cut.append(data)
        return pieces_of(data, suffix)

    monkeypatch.setattr(folder_module, "pieces_of", counted)
    build = build_corpus(docs, "team", state)
    assert (build.files, build.unchanged) == (3, 1)
    assert len(cut) == 2
    with closing(Index(build.path)) as index:
        assert [found.text for found in index.search("telephone numbers", limit=5)] == [
            "Telephone numbers change in June."
        ]
        assert [found.title for found in index.search("installer", limit=5)] == ["manual.md: Guide: Install"]


def test_ids_are_stable_over_builds(docs: Path, state: Path, tmp_path: Path) -> None:
    first = _ids(build_corpus(docs, "team", state).path)
    assert _ids(build_corpus(docs, "team", state).path) == first
    assert _ids(build_corpus(docs, "team", tmp_path / "elsewhere").path) == first


def test_a_damaged_index_does_not_stop_a_build(docs: Path, state: Path) -> None:
    path = build_corpus(docs, "team", state).path
    path.write_bytes(b"rubbish")
    assert build_corpus(docs, "team", state).files == 3


def test_what_cant_be_read_is_said(docs: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_module, "MAX_FILE_BYTES", 200)
    (docs / "binary.txt").write_bytes(b"\0\1\2")
    (docs / "latin.md").write_bytes(b"caf\xe9")
    (docs / "large.txt").write_text("x" * 201)
    (docs / "empty.md").write_text("")
    (docs / "picture.png").write_bytes(b"\x89PNG")
    (docs / ".hidden.md").write_text("secret")
    (docs / ".git").mkdir()
    (docs / ".git" / "config.txt").write_text("secret")
    os.mkfifo(docs / "pipe.txt")
    build = build_corpus(docs, "team", state)
    assert build.files == 3
    assert dict(build.skipped) == {
        "binary.txt": "binary",
        "empty.md": "no text in it",
        "large.txt": "larger than 200 bytes",
        "latin.md": "not UTF-8 text (byte 3)",
        "picture.png": "no kind of document that is read",
        "pipe.txt": "no regular file",
    }


def test_links_are_not_followed(docs: Path, state: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.md").write_text("The password is swordfish.")
    (docs / "file.md").symlink_to(outside / "secret.md")
    (docs / "folder").symlink_to(outside)
    (docs / "loop").symlink_to(docs)
    build = build_corpus(docs, "team", state)
    assert dict(build.skipped) == {"file.md": "a link", "folder": "a link", "loop": "a link"}
    with closing(Index(build.path)) as index:
        assert index.search("password swordfish", limit=5) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read anything")
def test_files_without_permission_are_said(docs: Path, state: Path) -> None:
    (docs / "notes.txt").chmod(0)
    (docs / "deep").chmod(0)
    try:
        build = build_corpus(docs, "team", state)
    finally:
        (docs / "deep").chmod(0o700)
    assert dict(build.skipped) == {"notes.txt": "Permission denied", "deep": "Permission denied"}


def test_too_many_files_are_refused(docs: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_module, "MAX_FILES", 2)
    with pytest.raises(UsageError, match="more than 2 documents"):
        build_corpus(docs, "team", state)


def test_progress_is_a_line_a_document(docs: Path, state: Path) -> None:
    said: list[str] = []
    build_corpus(docs, "team", state, said.append)
    assert len(said) == 3
    assert said[-1].endswith("document 3 of 3")


@pytest.mark.parametrize("name", ["", "Team", "a b", "../x", "-a", "a-", "x" * 64, "a.db", "a/b"])
def test_names_that_are_none(docs: Path, state: Path, name: str) -> None:
    with pytest.raises(UsageError, match="is no name for a corpus"):
        build_corpus(docs, name, state)
    assert not state.exists()


@pytest.mark.parametrize("name", ["factbook", "web", "mcp"])
def test_names_that_are_taken(docs: Path, state: Path, name: str) -> None:
    with pytest.raises(UsageError, match="source of its own"):
        build_corpus(docs, name, state)


def test_a_folder_that_is_not_there(state: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be read: No such file"):
        build_corpus(tmp_path / "none", "team", state)


def test_a_folder_without_documents_leaves_the_old_corpus(docs: Path, state: Path, tmp_path: Path) -> None:
    build_corpus(docs, "team", state)
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "a.png").write_bytes(b"")
    with pytest.raises(UsageError, match=r"no document that can be read.*a\.png"):
        build_corpus(empty, "team", state)
    assert [info.passages for info in corpora(state)] == [3]


def test_list_and_remove(docs: Path, state: Path) -> None:
    assert corpora(state) == []
    build_corpus(docs, "team", state)
    corpus_path(state, "broken").write_bytes(b"rubbish")
    broken, team = corpora(state)
    assert (team.name, team.passages, team.folder, team.error) == ("team", 3, str(docs), "")
    assert team.built_at.endswith("+00:00")
    assert "broken.db" in broken.error
    remove_corpus(state, "team")
    assert [info.name for info in corpora(state)] == ["broken"]
    with pytest.raises(SourceError, match="no corpus 'team'"):
        remove_corpus(state, "team")
    assert (docs / "guide.md").exists()


def test_a_changed_passage_is_refused(docs: Path, state: Path) -> None:
    import sqlite3

    path = build_corpus(docs, "team", state).path
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE passage SET text = 'The annual fee is 9,000 euros.' WHERE text LIKE '%fee%'")
    with closing(Index(path)) as index, pytest.raises(StateError, match="not the one indexed"):
        index.search("annual fee", limit=5)


def _ids(path: Path) -> list[str]:
    with closing(Index(path)) as index:
        return [
            passage.id for name in ("guide.md", "deep/page.html", "notes.txt") for passage in index.at(f"team/{name}")
        ]
