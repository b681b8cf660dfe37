"""What is read off passages: neighbours, figures, lines to quote, names of places."""

from __future__ import annotations

import pytest

from outlast.offline.roles.boundaries import borders, recorded, segments_of
from outlast.offline.roles.facts import MAX_QUOTE, fact
from outlast.offline.roles.lexicon import BY_NAME, Field
from outlast.offline.roles.names import names_place, same_place
from outlast.offline.roles.passages import lines
from outlast.offline.roles.task import Seen

LISTS = [
    ("Austria 801 km; Belgium 133 km", {"Austria": 801, "Belgium": 133}),
    ("Mali 838 km, Senegal 489 km", {"Mali": 838, "Senegal": 489}),
    ("Cote d'Ivoire 720 km; Togo 1098 km", {"Cote d'Ivoire": 720, "Togo": 1098}),
    ("Zambia 0.15 km; Zimbabwe 834 km", {"Zambia": 0.15, "Zimbabwe": 834}),
    ("Poland (Kaliningrad Oblast) 209 km; Ukraine 1,944 km", {"Poland": 209, "Ukraine": 1944}),
    ("China (southeast) 4,133 km and China (south) 46 km", {"China": 4179}),
    ("Canada 8,891 km (including 2,475 km with Alaska); Mexico 3,111 km", {"Canada": 8891, "Mexico": 3111}),
    ("Angola 2,646 km (of which 225 km is the boundary of Cabinda); Burundi 236 km", {"Angola": 2646, "Burundi": 236}),
    ("none", {}),
]


@pytest.mark.parametrize(("text", "lengths"), LISTS, ids=[row[0] for row in LISTS])
def test_lists_of_borders(text: str, lengths: dict[str, float]) -> None:
    assert {name: float(length) for name, length in segments_of(text).items()} == lengths


def test_neighbours_are_handed_on_in_one_line() -> None:
    passage = Seen(
        "f:gm/b",
        "Germany: Geography: Land boundaries",
        "total: 934 km\nborder countries: Austria 801 km; France 133 km",
    )
    found = borders("Germany", [passage])
    assert found is not None
    assert found.line in passage.text
    assert recorded("Germany", f"Do this.\n{found.record()}\nAnd that.") == found
    assert recorded("Austria", found.record()) is None


def test_a_place_without_neighbours_is_known_to_have_none() -> None:
    passage = Seen("f:ja/b", "Japan: Geography: Land boundaries", "total: 0 km")
    found = borders("Japan", [passage])
    assert found is not None
    assert found.names == ()
    assert recorded("Japan", found.record()) == found


def test_the_boundaries_of_another_place_are_not_taken() -> None:
    assert (
        borders("Niger", [Seen("f:ni/b", "Nigeria: Geography: Land boundaries", "border countries: Chad 85 km")])
        is None
    )


POPULATION = BY_NAME["population"]
FACTS = [
    ("population", "total: 5 million (2025 est.)\nmale: 2 million", (), "total: 5 million (2025 est.)"),
    ("population", "total: 5 million\nmale: 2 million", ("male",), "male: 2 million"),
    ("coastline", "2,389 km", (), "2,389 km"),
    ("capital", "name: Minsk\ngeographic coordinates: 53 54 N", (), "name: Minsk"),
    ("life expectancy at birth", "male: 70 years\ntotal population: 74 years", (), "total population: 74 years"),
    (
        "inflation rate",
        "Inflation rate (consumer prices) 2024: 2%\nInflation rate (consumer prices) 2023: 6%",
        (),
        "Inflation rate (consumer prices) 2024: 2%",
    ),
    (
        "inflation rate",
        "Inflation rate (consumer prices) 2024: 2%\nInflation rate (consumer prices) 2023: 6%",
        ("2023",),
        "Inflation rate (consumer prices) 2023: 6%",
    ),
    ("forest share", "agricultural land: 47%\nforest: 32.8% (2023 est.)", (), "forest: 32.8% (2023 est.)"),
]


@pytest.mark.parametrize(("name", "text", "qualifiers", "quote"), FACTS)
def test_the_line_that_holds_the_figure(name: str, text: str, qualifiers: tuple[str, ...], quote: str) -> None:
    field = BY_NAME[name]
    found = fact("Chad", field, [Seen("id", f"Chad: Some section: {field.titles[0].capitalize()}", text)], qualifiers)
    assert found is not None
    assert found.quote == quote


@pytest.mark.parametrize("qualifiers", [("pet",), ("1950",)])
def test_a_figure_of_something_else_is_not_taken(qualifiers: tuple[str, ...]) -> None:
    passage = Seen("id", "Chad: People and Society: Population", "total: 5 million (2025 est.)")
    assert fact("Chad", POPULATION, [passage], qualifiers) is None


def test_a_field_that_is_not_in_the_lexicon_is_found_by_its_own_words() -> None:
    passage = Seen("id", "Chad: Environment: Total renewable water resources", "45.7 billion cubic meters (2022 est.)")
    field = Field("renewable water resources", titles=("renewable water resources",), known=False)
    found = fact("Chad", field, [passage])
    assert found is not None
    assert found.quantity is not None
    assert found.quantity.value == 45_700_000_000


def test_a_long_line_is_cut_at_a_word_and_stays_a_quote() -> None:
    text = "word " * 1_000
    found = fact("Chad", BY_NAME["background"], [Seen("id", "Chad: Introduction: Background", text.strip())])
    assert found is not None
    assert len(found.quote) <= MAX_QUOTE
    assert text.startswith(found.quote)


def test_lines_with_and_without_label() -> None:
    read = lines("total: 5 km\n\n19,231 km of coast; the rest: unknown\nnote: an estimate")
    assert [(line.label, line.text) for line in read] == [
        ("total", "5 km"),
        ("", "19,231 km of coast; the rest: unknown"),
        ("note", "an estimate"),
    ]


SAME = [
    ("Germany", "germany"),
    ("The Gambia", "Gambia"),
    ("Cote d'Ivoire", "Côte d'Ivoire"),
    ("Ivory Coast", "Côte d'Ivoire"),
    ("US", "United States"),
    ("U.S.", "United States"),
    ("Czech Republic", "Czechia"),
    ("Macedonia", "North Macedonia"),
    ("Holy See (Vatican City)", "Vatican City"),
    ("DRC", "Democratic Republic of the Congo"),
    ("St. Lucia", "Saint Lucia"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_names_of_the_same_place(one: str, other: str) -> None:
    assert same_place(one, other)
    assert same_place(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Niger", "Nigeria"),
        ("Sudan", "South Sudan"),
        ("Guinea", "Guinea-Bissau"),
        ("Congo (Brazzaville)", "Congo (Kinshasa)"),
        ("Republic of the Congo", "Democratic Republic of the Congo"),
        ("North Korea", "South Korea"),
    ],
)
def test_names_of_different_places(one: str, other: str) -> None:
    assert not same_place(one, other)


def test_a_query_names_a_place() -> None:
    assert names_place("Czech Republic population total", "Czechia")
    assert names_place("population of the US", "United States")
    assert not names_place("Nigeria population", "Niger")
