"""Reads the fenced blocks of a page, and where each of them runs.

The words after the language say it, which no renderer shows:

    ```sh laptop                   in `make test`, with the embedded platform and a home of its own
    ```sh cluster                  in `make test-docs`, against the release that is installed there
    ```sh cluster background       goes on while the blocks below it run
    ```sh laptop dies              ends with a status that nobody asks for
    ```yaml laptop file=job.yaml   is written to that file first
    ```sh none: needs a key        is run by nobody, with the reason

A `console` block holds commands after `$ ` and, below them, lines that their output has to have in that order; `...`
stands for anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SHELLS = ("sh", "console", "bash", "shell")
OPTIONS = ("background", "dies")

_FENCE = re.compile(r"^```(?P<info>.*)$")


class Home(StrEnum):
    """Where a block runs."""

    LAPTOP = "laptop"
    CLUSTER = "cluster"
    NONE = "none"


class HomelessBlockError(ValueError):
    """A block of commands that does not say where it runs."""


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    page: Path
    line: int
    language: str
    home: Home | None
    """None for what is no command."""
    reason: str
    options: tuple[str, ...]
    file: str
    """Where its text is to stand before the commands below it run."""
    text: str

    @property
    def where(self) -> str:
        """For people."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def script(self) -> str:
        """Its commands."""
        if self.language != "console":
            return self.text
        return "\n".join(line[2:] for line in self.text.splitlines() if line.startswith(("$ ", "> ")))

    @property
    def expected(self) -> list[str]:
        """Lines that its output has to have, in order."""
        if self.language != "console":
            return []
        return [line for line in self.text.splitlines() if not line.startswith(("$ ", "> ")) and line.strip() != "..."]


def pages() -> list[Path]:
    """Every page whose commands are run, the ones that are generated left out."""
    written = sorted(page for page in DOCS.rglob("*.md") if page.parent != DOCS / "reference")
    return [ROOT / "README.md", *written, *sorted((ROOT / "charts").glob("*/UPGRADING.md"))]


def blocks_of(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page.

    Raises:
        HomelessBlockError: commands without a home, `none` without a reason, or a word that means nothing here.
    """
    lines = iter(enumerate(page.read_text().splitlines(), start=1))
    for number, line in lines:
        if found := _FENCE.match(line):
            text = []
            for _, inner in lines:
                if _FENCE.match(inner):
                    break
                text.append(inner)
            yield _block(page, number, found["info"].strip(), "\n".join(text))


def _block(page: Path, line: int, info: str, text: str) -> Block:
    told, _, reason = info.partition(":")
    language, *words = told.split() or [""]
    where = f"{page.relative_to(ROOT)}:{line}"
    files = [word.removeprefix("file=") for word in words if word.startswith("file=")]
    words = [word for word in words if not word.startswith("file=")]
    home = Home(words[0]) if words and words[0] in list(Home) else None
    options = tuple(words[1:] if home else words)
    if (language in SHELLS or files) and home is None:
        raise HomelessBlockError(f"{where}: `{info}` does not say where it runs: laptop, cluster or none: REASON")
    if home is Home.NONE and not reason.strip():
        raise HomelessBlockError(f"{where}: `{info}` is run by nobody and does not say why: write none: REASON")
    if unknown := set(options) - set(OPTIONS):
        raise HomelessBlockError(f"{where}: `{info}` has the words {sorted(unknown)}, which mean nothing here")
    return Block(page, line, language, home, reason.strip(), options, files[0] if files else "", text)


def missing(expected: list[str], output: str) -> str | None:
    """The first expected line that the output does not have after the ones before it."""
    rest = iter(output.splitlines())
    for wanted in expected:
        shape = re.compile(r"\s*" + ".*".join(_spaced(part) for part in wanted.strip().split("...")) + r"\s*")
        if not any(shape.fullmatch(line) for line in rest):
            return wanted
    return None


def _spaced(text: str) -> str:
    # Columns of a table are as wide as what stands in them.
    return r"\s+".join(re.escape(word) for word in re.split(r"\s+", text))
