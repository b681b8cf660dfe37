"""The gold set itself: how many, of what kinds, computed from the data alone."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

import outlast.evals
from outlast.evals import GoldCase, Kind, altered_corpus, corpus_passages, embedded_corpus, gold_cases, twin_cases
from outlast.evals.answers import Spec, answer
from outlast.evals.fields import BY_KEY, FIELDS
from outlast.evals.gold import SIZES
from outlast.evals.places import plain_places

CASES = {case.name: case for case in gold_cases()}


def test_there_are_enough_questions_of_every_kind() -> None:
    counts = Counter(case.kind for case in gold_cases())
    assert {kind: counts[kind] for kind in SIZES} == dict(SIZES)
    assert counts[Kind.UNANSWERABLE] >= 40
    assert sum(counts.values()) >= 400


def test_names_and_questions_are_unique() -> None:
    assert len(CASES) == len(gold_cases())
    assert len({case.question for case in gold_cases()}) == len(gold_cases())


def test_nothing_of_the_models_that_are_judged_is_imported() -> None:
    for file in Path(outlast.evals.__file__).parent.glob("*.py"):
        imported = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.ImportFrom)]
        assert not [node.module for node in imported if (node.module or "").startswith("outlast.offline")], file.name


KNOWN: list[tuple[Kind, str, str, tuple[str, ...]]] = [
    (Kind.MOST, "population", "gm", ("France", "Poland", "Netherlands")),
    (Kind.LEAST, "population", "gm", ("Luxembourg", "Denmark", "Switzerland")),
]


@pytest.mark.parametrize(("kind", "key", "code", "first"), KNOWN)
def test_answers_that_anybody_can_check(kind: Kind, key: str, code: str, first: tuple[str, ...]) -> None:
    found = answer(Spec("name", "question", kind, (code,), BY_KEY[key]), plain_places(embedded_corpus()))
    assert found is not None
    assert found[0].places[:3] == first


def test_counts_and_sums_agree_with_their_figures() -> None:
    for case in gold_cases():
        figures = case.expected.figures
        if case.kind is Kind.SUM:
            assert case.expected.number == sum(figures[name] for name in case.places)
        if case.kind is Kind.COUNT:
            assert case.expected.number == len(case.expected.places)
            assert set(case.expected.places) <= set(figures)
        if case.kind in {Kind.MOST, Kind.COMPARE}:
            assert case.expected.places[0] == max(figures, key=lambda name: figures[name])
        if case.kind is Kind.LEAST:
            assert case.expected.places[0] == min(figures, key=lambda name: figures[name])


def test_an_unanswerable_case_expects_nothing() -> None:
    for case in gold_cases():
        assert case.unanswerable == (case.kind is Kind.UNANSWERABLE)
        assert not case.unanswerable or not (case.expected.places or case.expected.number)


@pytest.mark.parametrize("seed", [1, 2])
def test_twins_ask_the_same_and_expect_something_else(seed: int) -> None:
    twins = twin_cases(seed)
    assert len(twins) >= 250
    for twin in twins:
        original = CASES[twin.name]
        assert twin.question == original.question
        assert _answer_of(twin) != _answer_of(original)


def test_the_altered_corpus_is_the_same_for_a_seed_and_another_for_another() -> None:
    assert altered_corpus(1) == altered_corpus(1)
    assert altered_corpus(1) != altered_corpus(2)


def test_the_altered_corpus_moves_figures_and_nothing_else() -> None:
    before, after = plain_places(embedded_corpus()), plain_places(altered_corpus(1))
    assert before.keys() == after.keys()
    for field in FIELDS:
        old = [field.read(place.sections) for place in before.values()]
        new = [field.read(after[code].sections) for code in before]
        assert sum(was != now for was, now in zip(old, new, strict=True)) > len([v for v in old if v is not None]) / 2
        assert [value is None for value in old] == [value is None for value in new]
    assert {code: place.borders for code, place in before.items()} == {code: p.borders for code, p in after.items()}


def test_passages_are_made_as_the_source_makes_them() -> None:
    titles = {passage.title: passage.text for passage in corpus_passages(embedded_corpus())}
    assert titles["Germany: Geography: Coastline"] == "2,389 km"
    assert titles["Germany: Geography: Area"].splitlines()[0] == "total: 357,022 sq km"


def _answer_of(case: GoldCase) -> object:
    if case.expected.number is not None:
        return case.expected.number
    if case.kind in {Kind.MOST, Kind.LEAST, Kind.COMPARE}:
        return case.expected.places[0]
    return case.expected
