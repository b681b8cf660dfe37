"""Whole researches: planner, searchers, analyst, and the checks of a report between them."""

from __future__ import annotations

import json

import pytest

from outlast.offline.roles import respond
from outlast.offline.turn import Character, Message, Turn
from outlast.research.models import Confidence, PlannedSearch
from outlast.research.prompts import analyst_task, planner_task, searcher_task
from outlast.sources.passage import Passage
from tests.unit.offline.roles.conftest import MemoryIndex, Research

GERMANY = "Which of Germany's neighbours has the largest population, and how do they rank?"


def test_the_neighbours_are_looked_up_before_the_plan(factbook: MemoryIndex) -> None:
    research = Research(factbook)
    report = research.run(GERMANY)
    assert research.queries[0] == "Germany land boundaries"
    assert [search.query.split()[0] for search in report.searches] == [
        *("Austria", "Belgium", "Czechia", "Denmark", "France"),
        *("Luxembourg", "Netherlands", "Poland", "Switzerland"),
    ]


def test_the_answer_names_the_first_and_the_order(factbook: MemoryIndex) -> None:
    report = Research(factbook).run(GERMANY)
    assert report.answer.startswith("France (68,512,806). Ranking: 1. France (68,512,806); 2. Poland (38,746,310); 3.")
    assert report.comparison is not None
    assert [row[0] for row in report.comparison.rows][:3] == ["France", "Poland", "Netherlands"]
    assert report.confidence is Confidence.HIGH
    assert (report.cut, report.open_questions) == ([], [])


def test_every_figure_used_is_a_claim_with_its_line(factbook: MemoryIndex) -> None:
    report = Research(factbook).run(GERMANY)
    assert [claim.citations[0].quote for claim in report.claims[1:3]] == [
        "total: 9,174,390 (2025 est.)",
        "total: 11,960,170 (2025 est.)",
    ]
    assert report.claims[0].text.startswith("Germany borders Austria, Belgium")
    assert len(report.claims) == 10


def test_a_plan_keeps_its_bound_and_says_what_it_left_out(factbook: MemoryIndex) -> None:
    research = Research(factbook, max_searches=5)
    report = research.run(GERMANY)
    assert len(report.searches) == 5
    assert "left out: Luxembourg population total; Netherlands population total" in report.plan_summary
    assert "Luxembourg population total" in research.queries, "the analyst searches once for what is missing"
    assert report.open_questions == [
        f"The evidence holds no population of {place}." for place in ("Netherlands", "Poland", "Switzerland")
    ]
    assert report.confidence is Confidence.LOW
    assert "only 6 of 9 found" in report.answer


ANSWERS = [
    ("What is the capital of Poland?", "Warsaw"),
    ("Does Poland border Germany?", "Yes: they share a border of 467 km."),
    ("Does Poland border Spain?", "No."),
    ("Is Chad bigger than Niger?", "Yes: Chad (1,284,000 sq km); Niger (1,267,000 sq km)"),
    ("Is Niger bigger than Chad?", "No: Chad (1,284,000 sq km); Niger (1,267,000 sq km)"),
    ("How many countries border Austria?", "8: Czech Republic, Germany, Hungary, Italy, Liechtenstein"),
    ("What is the difference in area between Chad and Niger?", "17,000 sq km (Chad"),
    ("Which of Peru's neighbours have more people than Peru?", "Brazil ("),
    ("What are the two poorest neighbours of Kenya?", "South Sudan ($"),
    ("What is the second most populous neighbour of Germany?", "Poland (38,746,310)"),
    ("Is the population of Togo above 5 million?", "Yes: Togo ("),
    ("How many of Norway's neighbours have more than 100 million people?", "1: Russia ("),
    ("Compare France and Germany on GDP per capita and life expectancy", "France: real GDP per capita $54,500"),
]


@pytest.mark.parametrize(("question", "answer"), ANSWERS, ids=[row[0] for row in ANSWERS])
def test_answers(factbook: MemoryIndex, question: str, answer: str) -> None:
    report = Research(factbook).run(question)
    assert report.answer.startswith(answer)
    assert report.claims
    assert report.cut == []


UNANSWERABLE = [
    "What is the population of Freedonia?",
    "Which of Wakanda's neighbours has the largest population?",
    "What is the average shoe size in Poland?",
    "What was the population of Poland in 1950?",
    "What is the pet population of France?",
    "What is the population density of France?",
    "Which of Japan's neighbours has the largest population?",
    "Which of Germany's neighbours has the most vineyards?",
    "Who invented the telephone?",
]


@pytest.mark.parametrize("question", UNANSWERABLE)
def test_what_the_evidence_does_not_answer_is_not_answered(factbook: MemoryIndex, question: str) -> None:
    report = Research(factbook).run(question)
    assert (report.answer, report.claims, report.confidence) == ("", [], Confidence.NONE)
    assert report.open_questions


DOCUMENTS = {
    "kafka.md: Throughput": "Kafka writes to a log on disk. Throughput of Kafka grows with the number of partitions.",
    "rabbit.md: Routing": "RabbitMQ routes messages to queues. Throughput of RabbitMQ is bounded by a queue's core.",
    "updates.md": "The field maxUnavailable bounds a rolling update. The default value of maxUnavailable is 25%.",
    "town.md": "The population of Springfield is 30,720. Its river floods in spring.",
}


def search_documents(query: str) -> list[Passage]:
    words = set(query.casefold().split())
    return [
        Passage.of(id=f"docs:{title}", source="docs", title=title, text=text, location=title)
        for title, text in DOCUMENTS.items()
        if words & set(f"{title} {text}".casefold().replace(".", " ").replace(":", " ").split())
    ]


PROSE = [
    ("What is the default value of maxUnavailable?", "The default value of maxUnavailable is 25%."),
    ("What is the population of Springfield?", "The population of Springfield is 30,720."),
]


@pytest.mark.parametrize(("question", "answer"), PROSE)
def test_prose_is_quoted(question: str, answer: str) -> None:
    report = Research(search_documents).run(question)
    assert report.answer == answer
    assert report.claims[0].citations[0].quote == answer


def test_a_comparison_of_two_things_quotes_both() -> None:
    report = Research(search_documents).run("Compare Kafka and RabbitMQ for throughput")
    assert {claim.citations[0].location for claim in report.claims} == {"kafka.md: Throughput", "rabbit.md: Routing"}
    assert any("Throughput of RabbitMQ is bounded" in line for line in report.trade_offs)


def test_prose_on_something_else_is_no_answer() -> None:
    report = Research(search_documents).run("What is the population of Shelbyville?")
    assert (report.answer, report.confidence) == ("", Confidence.NONE)


def test_a_searcher_tries_once_more_in_other_words() -> None:
    research = Research(lambda _query: [])
    research.ask(
        searcher_task("What is it?", PlannedSearch(query="The Kafka of the world", purpose="To know.")),
        "submit_findings",
    )
    assert research.queries == ["The Kafka of the world", "kafka world"]
    assert research.outputs[0]["passage_ids"] == []


def test_a_refused_claim_is_withdrawn(factbook: MemoryIndex) -> None:
    question = "Which is larger by population, Chad or Mali?"
    research = Research(factbook)
    quote = research.run(question).claims[0].citations[0].quote
    plan = research.state.plan
    assert plan is not None
    evidence = [outcome.evidence for outcome in research.state.outcomes.values() if outcome.evidence]
    messages = (
        Message("user", analyst_task(question, plan, evidence)),
        Message("tool", f"- {quote!r}: these words are not in it", answers="submit_report"),
    )
    turn = Turn(Character.LARGE, messages, {"search": {}, "submit_report": {}})
    (call,) = respond(turn).calls
    quotes = [citation["quote"] for claim in call.arguments["claims"] for citation in claim["citations"]]
    assert quote not in quotes
    assert len(quotes) == 1
    assert call.arguments["confidence"] == "low"


def test_a_tool_answer_that_is_no_list_of_passages_is_no_evidence() -> None:
    for answer in ("An error.", "{}", json.dumps([{"id": "1"}]), "[1, null]"):
        messages = (
            Message("user", planner_task(GERMANY, 5)),
            Message("assistant", ""),
            Message("tool", answer, answers="search"),
        )
        (call,) = respond(Turn(Character.LARGE, messages, {"submit_plan": {}})).calls
        assert call.name == "submit_plan"
