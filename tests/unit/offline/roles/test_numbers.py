"""Figures in texts of the Factbook's style and in questions."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlast.offline.roles.numbers import Quantity, asked_number, comparable, quantity, written

TEXTS = [
    ("84,012,284 (2025 est.)", "84012284", "", 2025),
    ("357,022 sq km", "357022", "sq km", None),
    ("$4.66 trillion (2024 est.)", "4660000000000", "$", 2024),
    ("$54,500 (2024 est.)", "54500", "$", 2024),
    ("-0.13% (2025 est.)", "-0.13", "%", 2025),
    ("46.9 years (2025 est.)", "46.9", "years", 2025),
    ("8.87 births/1,000 population (2025 est.)", "8.87", "births/1,000 population", 2025),
    ("1.79 migrant(s)/1,000 population (2025 est.)", "1.79", "migrant(s)/1,000 population", 2025),
    ("1.284 million sq km", "1284000", "sq km", None),
    ("0 km (landlocked)", "0", "km", None),
    ("643,801 sq km; 551,500 sq km (metropolitan France)", "643801", "sq km", None),
    ("77.8% of total population (2023)", "77.8", "%", 2023),
    ("840 (2025)", "840", "", 2025),
    ("19.4 years (2015/16 est.)", "19.4", "years", 2015),
    ("Zugspitze 2,963 m", "2963", "m", None),
    ("Neuendorf bei Wilster -3.5 m", "-3.5", "m", None),
    ("less than 1% (2020 est.)", "1", "%", 2020),
    ("approximately 185,000 active-duty personnel (2025)", "185000", "active-duty personnel", 2025),
    ("39,379 km (2020) 20,942 km electrified", "39379", "km", 2020),
]


@pytest.mark.parametrize(("text", "value", "unit", "year"), TEXTS, ids=[row[0] for row in TEXTS])
def test_the_first_figure_of_a_text(text: str, value: str, unit: str, year: int | None) -> None:
    assert quantity(text) == Quantity(Decimal(value), unit, year)


def test_a_range_is_its_middle_and_not_exact() -> None:
    found = quantity("17-23 years of age")
    assert found is not None
    assert (found.value, found.exact) == (Decimal(20), False)


@pytest.mark.parametrize("text", ["NA", "uninhabited", "(2024 est.)", ""])
def test_a_text_without_figure(text: str) -> None:
    assert quantity(text) is None


ASKED = [
    ("10 million people", "10000000", ""),
    ("ten million people", "10000000", ""),
    ("$500 billion", "500000000000", "$"),
    ("$1.5 trillion", "1500000000000", "$"),
    ("100,000 square kilometres", "100000", "sq km"),
    ("18 years", "18", "years"),
    ("5%", "5", "%"),
    ("5 percent", "5", "%"),
    ("50k", "50000", ""),
]


@pytest.mark.parametrize(("text", "value", "unit"), ASKED, ids=[row[0] for row in ASKED])
def test_numbers_of_questions(text: str, value: str, unit: str) -> None:
    found = asked_number(text)
    assert found is not None
    assert (found.value, found.unit) == (Decimal(value), unit)


WRITTEN = [
    ("84012284", "", "84,012,284"),
    ("5301020000000", "$", "$5.30102 trillion"),
    ("-1500000", "$", "-$1.5 million"),
    ("54500", "$", "$54,500"),
    ("46.90", "years", "46.9 years"),
    ("-0.13", "%", "-0.13%"),
    ("1E+7", "sq km", "10,000,000 sq km"),
]


@pytest.mark.parametrize(("value", "unit", "text"), WRITTEN, ids=[row[2] for row in WRITTEN])
def test_figures_are_written_as_people_write_them(value: str, unit: str, text: str) -> None:
    assert written(Decimal(value), unit) == text


@given(
    st.decimals(min_value=-(10**15), max_value=10**15, places=3),
    st.sampled_from(["", "$", "%", "km", "sq km", "years", "deaths/1,000 live births"]),
)
def test_what_is_written_is_read_back(value: Decimal, unit: str) -> None:
    found = quantity(written(value, unit))
    assert found is not None
    assert (found.value, found.unit, found.exact) == (value, unit, True)


@given(st.integers(0, 10**12), st.integers(1900, 2100))
def test_a_year_in_brackets_is_no_figure(value: int, year: int) -> None:
    assert quantity(f"({year} est.) {value:,} km ({year} est.)") == Quantity(Decimal(value), "km", year)


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    found = quantity(text)
    assert found is None or found.value.is_finite()


@pytest.mark.parametrize(("one", "other", "same"), [("km", "km", True), ("", "$", True), ("%", "$", False)])
def test_units_that_can_be_compared(one: str, other: str, same: bool) -> None:
    assert comparable(one, other) is same
