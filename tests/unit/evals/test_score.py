"""The judge: what it takes for right, and what it does not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlast.evals import Expected, GoldCase, Kind, score
from outlast.evals.reading import first_mentions, integers, numbers
from outlast.research.models import Claim, Comparison, Confidence, Report, ResolvedCitation
from outlast.sources.passage import Passage

PASSAGE = Passage.of(
    id="f:fr/p", source="f", title="France: People: Population", text="total: 68 million", location="l"
)
CLAIM = Claim(
    text="France has 68 million people.",
    citations=[
        ResolvedCitation(
            passage_id=PASSAGE.id, quote="68 million", title=PASSAGE.title, location="l", sha256=PASSAGE.sha256
        )
    ],
)
FIGURES = {"France": 68_000_000.0, "Poland": 38_000_000.0, "Sudan": 50_000_000.0, "South Sudan": 12_000_000.0}


def report(answer: str, rows: list[list[str]] | None = None, **other: Any) -> Report:
    table = Comparison(columns=["Place", "population"], rows=rows) if rows else None
    fields: dict[str, Any] = {
        "query": "q",
        "answer": answer,
        "summary": answer,
        "claims": [CLAIM],
        "comparison": table,
        "confidence": Confidence.HIGH,
        "plan_summary": "",
        "searches": [],
        "passages": [PASSAGE],
    }
    return Report(**(fields | other))


def case(kind: Kind, **expected: Any) -> GoldCase:
    unanswerable = kind is Kind.UNANSWERABLE
    return GoldCase(
        name="n", question="q", kind=kind, expected=Expected(**expected), places=(), unanswerable=unanswerable
    )


MOST = case(Kind.MOST, places=("France", "Poland"), figures=FIGURES)
RANK = case(Kind.RANK, places=("France", "Poland", "South Sudan"))
SUM = case(Kind.SUM, number=106_000_000.0)
COUNT = case(Kind.COUNT, number=3.0)
NONE = case(Kind.COUNT, number=0.0)
LIST = case(Kind.LIST, figures=FIGURES)
NAMES = case(Kind.NAMES, texts={"France": ("Paris",), "Poland": ("Warsaw",)})
CAPITAL = case(Kind.TEXT, texts={"Côte d'Ivoire": ("Yamoussoukro",)})
NEIGHBOURS = case(Kind.NEIGHBOURS, places=("Sudan", "South Sudan", "Czechia"))

RIGHT = [
    (MOST, "France"),
    (MOST, "With 68 million people, it is France, ahead of Poland."),
    (RANK, "1. France, 2. Poland, 3. South Sudan"),
    (SUM, "106,000,000"),
    (SUM, "About 106 million people in all."),
    (COUNT, "3: France, Poland and Chad"),
    (COUNT, "Three of its neighbours do."),
    (NONE, "None."),
    (NONE, "0: none"),
    (LIST, "France: 68 million; Poland: 38,000,000; Sudan 50 million; South Sudan 12 million"),
    (NAMES, "The capital of France is Paris, that of Poland is Warsaw."),
    (CAPITAL, "It is Yamoussoukro (legislative capital)."),
    (NEIGHBOURS, "South Sudan, Sudan, Czech Republic"),
]
WRONG = [
    (MOST, "Poland"),
    (MOST, "Poland, not France"),
    (MOST, "It can't be told."),
    (RANK, "1. France, 2. South Sudan, 3. Poland"),
    (RANK, "France"),
    (SUM, "107,000,000"),
    (SUM, "106"),
    (COUNT, "4: France, Poland, Chad and 3 more"),
    (COUNT, "many"),
    (NONE, "1: Chad"),
    (LIST, "France: 68 million; Poland: 50 million; Sudan 38 million; South Sudan 12 million"),
    (LIST, "France: 68 million; Poland: 38 million; South Sudan 12 million"),
    (NAMES, "The capital of France is Warsaw, that of Poland is Paris."),
    (CAPITAL, "Abidjan"),
    (NEIGHBOURS, "South Sudan and Czechia"),
]


@pytest.mark.parametrize(("gold", "answer"), RIGHT, ids=[row[1] for row in RIGHT])
def test_right_answers(gold: GoldCase, answer: str) -> None:
    judged = score(report(answer), gold)
    assert judged.right, judged.reason
    assert judged.citations_valid


@pytest.mark.parametrize(("gold", "answer"), WRONG, ids=[row[1] for row in WRONG])
def test_wrong_answers(gold: GoldCase, answer: str) -> None:
    judged = score(report(answer), gold)
    assert not judged.right
    assert "expected" in judged.reason or "not name" in judged.reason


def test_a_table_counts_where_the_answer_is_short() -> None:
    rows = [[place, f"{figure:,.0f} (2025 est.)"] for place, figure in FIGURES.items()]
    assert score(report("See the table.", rows), LIST).right
    assert not score(report("See the table.", [*rows[:1], ["Poland", "1"], *rows[2:]]), LIST).right
    assert score(report("See the table.", [[place, ""] for place in RANK.expected.places]), RANK).right


def test_abstaining_is_right_where_nothing_answers_and_wrong_elsewhere() -> None:
    silent = report("", claims=[], confidence=Confidence.NONE)
    assert score(silent, case(Kind.UNANSWERABLE)).right
    judged = score(silent, MOST)
    assert (judged.right, judged.abstained, judged.citations_valid) == (False, True, True)
    assert not score(report("France"), case(Kind.UNANSWERABLE)).right


BAD: list[tuple[str, dict[str, Any]]] = [
    ("words that are not there", {"quote": "69 million"}),
    ("a passage that is not there", {"passage_id": "f:xx"}),
    ("another hash", {"sha256": "0" * 64}),
]


@pytest.mark.parametrize(("_", "change"), BAD, ids=[row[0] for row in BAD])
def test_citations_that_do_not_hold(_: str, change: dict[str, Any]) -> None:
    claim = CLAIM.model_copy(update={"citations": [CLAIM.citations[0].model_copy(update=change)]})
    judged = score(report("France", claims=[claim]), MOST)
    assert judged.right
    assert not judged.citations_valid
    assert "Citations" in judged.reason


def test_a_passage_that_was_tampered_with_is_found_out() -> None:
    tampered = PASSAGE.model_copy(update={"text": "total: 68 million or so"})
    assert not score(report("France", passages=[tampered]), MOST).citations_valid


def test_an_answer_without_claims_is_not_supported() -> None:
    assert not score(report("France", claims=[]), MOST).citations_valid


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$5.301 trillion and 12%", [5.301e12, 12.0]),
        ("-0.13%", [-0.13]),
        ("84,012,284 (2025)", [84_012_284.0, 2025.0]),
        ("no number", []),
    ],
)
def test_numbers_are_read(text: str, found: list[float]) -> None:
    assert numbers(text) == pytest.approx(found)


def test_whole_numbers_are_read_in_words_too() -> None:
    assert integers("Three of 14, none of them 2.5 million") == [3, 14, 0]


def test_a_longer_name_is_no_mention_of_a_shorter_one() -> None:
    places = ["Sudan", "South Sudan", "Niger", "Nigeria"]
    assert first_mentions("South Sudan before Nigeria", places) == ["South Sudan", "Nigeria"]
    assert first_mentions("Nigeria, Niger, SUDAN", places) == ["Nigeria", "Niger", "Sudan"]


@given(st.integers(-(10**12), 10**12))
def test_an_integer_that_is_written_is_read(value: int) -> None:
    assert numbers(f"It is {value:,}.") == [float(value)]


@given(st.text(max_size=200))
def test_any_answer_is_judged(answer: str) -> None:
    for gold in (MOST, RANK, SUM, COUNT, LIST, NAMES, CAPITAL, NEIGHBOURS):
        assert score(report(answer), gold).reason
