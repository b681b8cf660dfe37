"""What counts as the same word."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outlast.sources.words import MAX_QUERY_WORDS, MAX_WORD_CHARACTERS, OPTIONAL, STOP, query_words, words_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Land boundaries", "land boundary"),
        ("Côte d’Ivoire", "cote d ivoire"),
        ("84,012,284", "84012284"),
        ("TÜRKİYE", "turkiye"),
        ("exports", "export"),
        ("the Netherlands", "the Netherland"),
        ("Straße", "strasse"),
    ],
)
def test_same(one: str, other: str) -> None:
    assert words_of(one) == words_of(other)


@pytest.mark.parametrize(("one", "other"), [("Niger", "Nigeria"), ("gas", "ga"), ("status", "statu"), ("1,5", "15")])
def test_different(one: str, other: str) -> None:
    assert words_of(one) != words_of(other)


def test_lists_hold_words_as_they_are_folded() -> None:
    assert [word for word in STOP | OPTIONAL if words_of(word) != [word]] == []


def test_no_word_is_both_ignored_and_looked_up() -> None:
    assert STOP.isdisjoint(OPTIONAL)


@given(st.text(max_size=3_000))
@settings(deadline=None)
def test_any_query_is_bounded(query: str) -> None:
    words = query_words(query)
    assert len(words) <= MAX_QUERY_WORDS
    assert all(0 < len(word) <= MAX_WORD_CHARACTERS for word in words)


@given(st.text(max_size=300))
@settings(deadline=None)
def test_folding_twice_changes_nothing_that_a_search_would_see(text: str) -> None:
    once = words_of(text)
    assert len(words_of(" ".join(once))) >= len(once)
