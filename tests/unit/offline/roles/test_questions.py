"""The planner's grammar: a table of sentences, each with what it asks."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlast.offline.roles.ask import Ask, Op
from outlast.offline.roles.prose import keyword_queries
from outlast.offline.roles.question import parse_question

NEIGHBOURS = [
    (
        "Which of Germany's neighbours has the largest population, and how do they rank?",
        "Germany",
        "population",
        Op.MOST,
    ),
    ("Which country bordering Germany has the most people?", "Germany", "population", Op.MOST),
    ("Which country next to Poland has the biggest economy?", "Poland", "GDP (official exchange rate)", Op.MOST),
    ("What's the most populous neighbour of Kenya?", "Kenya", "population", Op.MOST),
    ("What is Germany's largest neighbour?", "Germany", "area", Op.MOST),
    ("Which of the Netherlands' neighbours has more people?", "Netherlands", "population", Op.MOST),
    ("In which of Ethiopia's neighbours do people live longest?", "Ethiopia", "life expectancy at birth", Op.MOST),
    ("Of all the countries that share a border with Chad, which has the most airports?", "Chad", "airports", Op.MOST),
    ("which of poland's neighbours has the lowest gdp per capita", "poland", "real GDP per capita", Op.LEAST),
    ("Which neighbor of Brazil is the poorest?", "Brazil", "real GDP per capita", Op.LEAST),
    ("Of the countries around Uganda, which one has the youngest people?", "Uganda", "median age", Op.LEAST),
    (
        "Among the neighbours of Niger, which has the lowest life expectancy?",
        "Niger",
        "life expectancy at birth",
        Op.LEAST,
    ),
    ("Rank Austria's neighbours by area", "Austria", "area", Op.RANK),
    ("Rank the neighbors of the US by area.", "US", "area", Op.RANK),
    ("Sort Iran's neighbours by life expectancy, lowest first", "Iran", "life expectancy at birth", Op.RANK),
    ("How do the neighbours of Laos rank by median age?", "Laos", "median age", Op.RANK),
    ("What is the total population of the countries that border Chad?", "Chad", "population", Op.SUM),
    ("Add up the area of all the neighbours of Mali.", "Mali", "area", Op.SUM),
    ("How many people live in Germany's neighbours in total?", "Germany", "population", Op.SUM),
    ("How many airports do Brazil's neighbours have altogether?", "Brazil", "airports", Op.SUM),
    ("What's the average life expectancy across Hungary's neighbours?", "Hungary", "life expectancy at birth", Op.MEAN),
    ("How many of Brazil's neighbours have more than 10 million people?", "Brazil", "population", Op.COUNT),
    ("How many of Turkey's neighbours are larger than 100,000 sq km?", "Turkey", "area", Op.COUNT),
    ("Which neighbours of Ukraine have at least ten million people?", "Ukraine", "population", Op.FILTER),
    ("Which of Kenya's neighbours have a higher birth rate than Kenya itself?", "Kenya", "birth rate", Op.FILTER),
    ("List the capitals of Poland's neighbours", "Poland", "capital", Op.LIST),
    ("Who are the heads of state of Austria's neighbours?", "Austria", "chief of state", Op.LIST),
    ("What is the birth rate in the countries neighbouring Sudan?", "Sudan", "birth rate", Op.LIST),
    ("How do Germany's neighbours compare in population?", "Germany", "population", Op.LIST),
    (
        "Which of Bosnia and Herzegovina's neighbours has the most people?",
        "Bosnia and Herzegovina",
        "population",
        Op.MOST,
    ),
    ("Which country bordering Côte d'Ivoire is the largest?", "Côte d'Ivoire", "area", Op.MOST),
    (
        "Rank the countries bordering the Democratic Republic of the Congo by population, smallest first.",
        "Democratic Republic of the Congo",
        "population",
        Op.RANK,
    ),
]


@pytest.mark.parametrize(("question", "place", "field", "op"), NEIGHBOURS, ids=[row[0] for row in NEIGHBOURS])
def test_questions_on_neighbours(question: str, place: str, field: str, op: Op) -> None:
    ask = _parsed(question)
    assert (ask.neighbours_of, ask.field and ask.field.name, ask.op) == (place, field, op)
    assert ask.qualifiers == ()


NAMED = [
    (
        "What is the median age in the Democratic Republic of the Congo?",
        ("Democratic Republic of the Congo",),
        "median age",
        Op.LOOKUP,
    ),
    ("How many people live in Nigeria?", ("Nigeria",), "population", Op.LOOKUP),
    ("How big is Iceland?", ("Iceland",), "area", Op.LOOKUP),
    ("Who is the president of France?", ("France",), "chief of state", Op.LOOKUP),
    ("What languages do people speak in Belgium?", ("Belgium",), "languages", Op.LOOKUP),
    ("When did Ghana become independent?", ("Ghana",), "independence", Op.LOOKUP),
    ("What does Chile export?", ("Chile",), "export commodities", Op.LOOKUP),
    ("What share of Kenya's population uses the internet?", ("Kenya",), "internet users", Op.LOOKUP),
    ("population of france", ("france",), "population", Op.LOOKUP),
    ("population of france and germany", ("france", "germany"), "population", Op.LIST),
    ("Compare the populations of France, Italy and Spain", ("France", "Italy", "Spain"), "population", Op.LIST),
    ("France vs Germany: GDP per capita", ("France", "Germany"), "real GDP per capita", Op.LIST),
    ("Which is bigger, Spain or Morocco?", ("Spain", "Morocco"), "area", Op.MOST),
    ("Who has more people: Vietnam or Thailand?", ("Vietnam", "Thailand"), "population", Op.MOST),
    ("Which has the lower birth rate, Chad or Mali?", ("Chad", "Mali"), "birth rate", Op.LEAST),
    ("Is Chad bigger than Niger?", ("Chad", "Niger"), "area", Op.WHETHER),
    ("Does India have a larger population than China?", ("India", "China"), "population", Op.WHETHER),
    ("How many more people live in France than in Spain?", ("France", "Spain"), "population", Op.DIFFERENCE),
    ("What is the difference in area between Chad and Mali?", ("Chad", "Mali"), "area", Op.DIFFERENCE),
    ("What is the combined GDP of France and Italy?", ("France", "Italy"), "GDP (official exchange rate)", Op.SUM),
    ("Rank Trinidad and Tobago, Cuba and Haiti by area.", ("Trinidad and Tobago", "Cuba", "Haiti"), "area", Op.RANK),
]


@pytest.mark.parametrize(("question", "places", "field", "op"), NAMED, ids=[row[0] for row in NAMED])
def test_questions_on_named_places(question: str, places: tuple[str, ...], field: str, op: Op) -> None:
    ask = _parsed(question)
    assert (ask.places, ask.field and ask.field.name, ask.op) == (places, field, op)
    assert (ask.neighbours_of, ask.qualifiers) == ("", ())


BORDERS = [
    ("Which countries border Poland?", Ask(Op.LIST, None, neighbours_of="Poland")),
    ("What are Bhutan's land neighbours?", Ask(Op.LIST, None, neighbours_of="Bhutan")),
    ("Which countries does Thailand share a border with?", Ask(Op.LIST, None, neighbours_of="Thailand")),
    ("How many neighbours does Poland have?", Ask(Op.COUNT, None, neighbours_of="Poland")),
    ("How many countries does Austria border?", Ask(Op.COUNT, None, neighbours_of="Austria")),
    ("Does Poland border Germany?", Ask(Op.BORDERS, None, ("Poland", "Germany"))),
    ("Do France and Brazil share a border?", Ask(Op.BORDERS, None, ("France", "Brazil"))),
    ("How long is the border between Chad and Mali?", Ask(Op.BORDER_LENGTH, None, ("Chad", "Mali"))),
    ("How long is Burma's border with Thailand?", Ask(Op.BORDER_LENGTH, None, ("Burma", "Thailand"))),
]


@pytest.mark.parametrize(("question", "ask"), BORDERS, ids=[row[0] for row in BORDERS])
def test_questions_on_borders(question: str, ask: Ask) -> None:
    assert parse_question(question) == ask


DETAILS = [
    ("Rank Iran's neighbours by area, smallest first", {"descending": False, "ranked": True}),
    ("Order Zambia's neighbours by GDP per capita from lowest to highest", {"descending": False}),
    ("Order Zambia's neighbours by GDP per capita from highest to lowest", {"descending": True}),
    ("Which of Germany's neighbours has the largest population, and how do they rank?", {"ranked": True, "top": 1}),
    ("Which three neighbours of Germany have the most people?", {"top": 3}),
    ("What are the two poorest neighbours of South Africa?", {"top": 2, "descending": False}),
    ("What is the third most populous country bordering China?", {"nth": 3, "top": 1}),
    ("Which neighbour of Chad has the largest area and which the smallest?", {"ranked": True}),
    ("What is the male life expectancy in Russia?", {"qualifiers": ("male",)}),
    ("What was Argentina's inflation rate in 2023?", {"qualifiers": ("2023",)}),
    ("What is the pet population of France?", {"qualifiers": ("pet",)}),
]


@pytest.mark.parametrize(("question", "details"), DETAILS, ids=[row[0] for row in DETAILS])
def test_details(question: str, details: dict[str, object]) -> None:
    ask = _parsed(question)
    assert {name: getattr(ask, name) for name in details} == details


BOUNDS = [
    ("How many of Brazil's neighbours have more than 10 million people?", (True, False, 10_000_000, "")),
    ("How many neighbours of Chad have fewer than two million people?", (False, False, 2_000_000, "")),
    ("Which neighbours of Chad have at least 2.5 million people?", (True, True, 2_500_000, "")),
    ("Which neighbours of Chad have no more than 300,000 people?", (False, True, 300_000, "")),
    ("How many of Chad's neighbours have a GDP over $1.5 billion?", (True, False, 1_500_000_000, "")),
    ("How many countries bordering Mali have a median age below 18 years?", (False, False, 18, "")),
    ("Which of Kenya's neighbours have more people than Uganda?", (True, False, None, "Uganda")),
    ("Which of Kenya's neighbours have more people than Kenya itself?", (True, False, None, "Kenya")),
    ("Which of Kenya's neighbours have a lower birth rate than it?", (False, False, None, "Kenya")),
]


@pytest.mark.parametrize(("question", "bound"), BOUNDS, ids=[row[0] for row in BOUNDS])
def test_bounds(question: str, bound: tuple[bool, bool, float | None, str]) -> None:
    found = _parsed(question).threshold
    assert found is not None
    number = float(found.quantity.value) if found.quantity is not None else None
    assert (found.above, found.inclusive, number, found.place) == bound


def test_several_fields_are_listed_together() -> None:
    ask = _parsed("For each of Hungary's neighbours, give the capital, area and population")
    assert [field.name for field in (ask.field, *ask.also) if field] == ["capital", "area", "population"]


@pytest.mark.parametrize(
    "question",
    [
        "Which country that borders both France and Germany has the largest population?",
        "Who invented the telephone?",
        "How does it keep state around restarts?",
        "Why do workers drain?",
        "",
        "???",
    ],
)
def test_other_questions_are_left_to_keywords(question: str) -> None:
    assert parse_question(question) is None


@given(st.text(max_size=300))
def test_any_text_is_parsed_or_left(question: str) -> None:
    ask = parse_question(question)
    assert ask is None or ask.neighbours_of or ask.places


def _parsed(question: str) -> Ask:
    ask = parse_question(question)
    assert ask is not None
    return ask


@pytest.mark.parametrize("text", ["A ", "A.", "Aa of the ", "a's neighbours ", "1,", "population and "])
def test_long_texts_are_read_in_no_time(text: str) -> None:
    started = time.process_time()
    parse_question((text * 600)[:600])
    keyword_queries(text * 5_000)
    assert time.process_time() - started < 2
