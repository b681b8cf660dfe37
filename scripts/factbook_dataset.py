"""Writes the research dataset that `outlast compare` comes with, from the gold set and its twins.

Run by hand, when somebody wants other questions; a test holds the file to the data.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from outlast.evals.case import GoldCase, Kind
from outlast.evals.gold import gold_cases, twin_cases

FILE = Path(str(resources.files("outlast.evals"))) / "data" / "factbook.yaml"

HEAD = """\
# Questions over the CIA World Factbook (public domain) with answers computed from its data, written by
# scripts/factbook_dataset.py. `altered` asks over a copy whose figures changed places: who answers from memory fails.
"""

ALTERED = 7
MOST_PLACES = 6
"""A question on more neighbours takes more searches, and tells nothing more."""

_EACH = {Kind.FIGURE: 2, Kind.MOST: 2}
"""Questions of a kind, where it is not one."""

TWINS = (Kind.FIGURE, Kind.MOST, Kind.COMPARE, Kind.SUM)
UNANSWERABLE = 4
_ELSEWHERE = (Kind.UNANSWERABLE, Kind.NEIGHBOURS, Kind.BORDER)
"""Kinds whose answer stands in the entry of the place that is asked about, not in those of the places it names."""


def text() -> str:
    """The file."""
    cases = [*_answerable(), *_unanswerable(), *_twins()]
    return HEAD + yaml.safe_dump({"name": "factbook", "cases": cases}, sort_keys=False, allow_unicode=True, width=118)


def _answerable() -> Iterator[dict[str, Any]]:
    for kind in Kind:
        fitting = [case for case in gold_cases() if case.kind is kind and len(case.places) <= MOST_PLACES]
        yield from (_case(case) for case in fitting[: 0 if kind is Kind.UNANSWERABLE else _EACH.get(kind, 1)])


def _unanswerable() -> Iterator[dict[str, Any]]:
    chosen = [case for case in gold_cases() if case.unanswerable]
    yield from map(_case, chosen[:: len(chosen) // UNANSWERABLE][:UNANSWERABLE])


def _twins() -> Iterator[dict[str, Any]]:
    twins = [twin for twin in twin_cases(ALTERED) if len(twin.places) <= MOST_PLACES]
    for kind in TWINS:
        twin = next(twin for twin in twins if twin.kind is kind)
        yield _case(twin, altered=ALTERED)


def _case(case: GoldCase, altered: int | None = None) -> dict[str, Any]:
    inputs: dict[str, Any] = {"question": case.question}
    if altered is not None:
        inputs["altered"] = altered
    expected = case.expected.model_dump(mode="json", exclude_defaults=True)
    gold = {"kind": case.kind.value, **expected}
    if case.kind not in _ELSEWHERE:
        gold["evidence"] = list(case.places)
    return {"name": case.name if altered is None else f"twin-{case.name}", "inputs": inputs, "expected_output": gold}


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
