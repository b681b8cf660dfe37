"""The countries, for who asks about them: what the Factbook's own oracle would answer of each."""

from __future__ import annotations

from functools import lru_cache

from outlast.games import atlas, oracle
from outlast.offline.roles.things import Knowledge

QUESTIONS = (
    *(f"Is it in {region}?" for region in ("Europe", "Africa", "Asia", "South America", "Oceania", "the Caribbean")),
    *(f"Does it have more than {figure} people?" for figure in ("500,000", "3 million", "10 million", "30 million")),
    "Does it have more than 100 million people?",
    *(f"Is its area larger than {figure} sq km?" for figure in ("1,000", "30,000", "100,000", "300,000", "1,000,000")),
    "Is it landlocked?",
    "Is it an island country?",
    *(f"Does it have more than {count} neighbours?" for count in (2, 4, 6)),
    "Is it in the southern hemisphere?",
    "Is it in the western hemisphere?",
    "Is it a monarchy?",
    "Is it a federation?",
    *(f"Is {name} an official language?" for name in ("English", "French", "Spanish", "Arabic", "Portuguese")),
    *(f"Is it mostly {faith}?" for faith in ("Muslim", "Christian", "Buddhist")),
    "Is its climate tropical?",
    *(f"Does its name begin with a letter from A to {last}?" for last in "BCEGIKLMNPRSTU"),
)
"""Enough of them to tell any two countries apart."""


@lru_cache(maxsize=1)
def countries() -> Knowledge:
    """Every country, and the answers that the oracle would give."""
    known = atlas.countries()
    answers = {name: {question: oracle.answer(one, question) for question in QUESTIONS} for name, one in known.items()}
    return Knowledge(answers, {name: name for name in known})
