"""Altered copies of the Factbook as sources that jobs can name: what twins of questions are asked over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from outlast.evals.corpus import altered_corpus
from outlast.sources import factbook, indexing
from outlast.sources.folder import corpus_path
from outlast.sources.passage import Passage

_NAME = re.compile(r"factbook-altered-\d+")


def source_name(seed: int) -> str:
    """How a job names the copy."""
    return f"factbook-altered-{seed}"


def is_altered(name: str) -> bool:
    """Whether a source is such a copy."""
    return _NAME.fullmatch(name) is not None


def build(seed: int, state_dir: Path) -> Path:
    """Index the copy among the corpora of this machine, unless it is there.

    Raises:
        StateError: the index can't be written.
    """
    path = corpus_path(state_dir, source_name(seed))
    with indexing.locked(path):
        if not path.exists():
            factbook.build_index(_passages(seed), path)
    return path


def _passages(seed: int) -> Iterator[Passage]:
    for region, places in altered_corpus(seed).items():
        for code, sections in places.items():
            yield from factbook.passages_of(code, region, sections, source=source_name(seed))
