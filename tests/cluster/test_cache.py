"""The cache holds whole entries only, builds each once, and names it by what it was made from."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cluster.cache import content_key, provide
from tests.cluster.paths import cache_root
from tests.cluster.recipes import RECIPES


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_a_key_does_not_depend_on_the_order_of_fields() -> None:
    assert content_key({"a": 1, "b": [2]}) == content_key({"b": [2], "a": 1})


@pytest.mark.parametrize(
    "change",
    [
        {"version": "1.0.0"},
        {"ldflags": ("-s",)},
        {"packages": {"other": "."}},
        {"keep": ("docs",)},
        {"main": "package main"},
        {"links": ("alias",)},
    ],
    ids=lambda change: str(next(iter(change))),
)
def test_every_field_of_a_recipe_counts(change: dict[str, object]) -> None:
    recipe = RECIPES["coredns"]
    changed = dataclasses.replace(recipe, **change)  # type: ignore[arg-type]  # one field at a time, of its own type
    assert changed.key != recipe.key


def test_no_two_recipes_share_a_key() -> None:
    assert len({recipe.key for recipe in RECIPES.values()}) == len(RECIPES)


def test_an_entry_is_made_once_and_then_found() -> None:
    made = []

    def fill(folder: Path, _: Path) -> None:
        made.append(folder)
        (folder / "file").write_text("content")

    first = provide("thing", "1", "key", fill)
    assert provide("thing", "1", "key", fill) == first
    assert (first / "file").read_text() == "content"
    assert len(made) == 1
    assert provide("thing", "1", "other", fill) != first


def test_a_failed_build_leaves_no_entry_and_the_next_starts_afresh() -> None:
    def fail(folder: Path, _: Path) -> None:
        (folder / "half").touch()
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        provide("thing", "1", "key", fail)
    assert not list(cache_root().glob("thing-*"))
    entry = provide("thing", "1", "key", lambda folder, _: (folder / "whole").touch())
    assert [path.name for path in entry.iterdir()] == ["whole"]


_RACER = """
import sys, time
from pathlib import Path
from tests.cluster.cache import provide

def fill(folder, log):
    with Path(sys.argv[1]).open("a") as made:
        made.write("made\\n")
    (folder / "file").write_bytes(b"x" * 10_000_000)

provide("thing", "1", "key", fill)
"""


def test_runs_at_the_same_time_build_an_entry_once(tmp_path: Path) -> None:
    made = tmp_path / "made"
    racers = [subprocess.Popen([sys.executable, "-c", _RACER, str(made)], stderr=subprocess.DEVNULL) for _ in range(4)]
    assert [racer.wait(timeout=60) for racer in racers] == [0] * 4
    assert made.read_text() == "made\n"
