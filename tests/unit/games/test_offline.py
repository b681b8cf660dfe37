"""The offline models at play, in this process and without a server: 200 seeded games, and fewer of other characters."""

from __future__ import annotations

import statistics
from itertools import combinations

from outlast.games.models import Answer, GameResult
from outlast.offline.roles.things import GRADES, things
from outlast.offline.turn import Character

from .players import Rules

GAMES = 200

FEWER = 40


async def games(character: Character, count: int) -> list[GameResult]:
    names = list(things().answers)
    rules = Rules(character)
    return [await rules.play(secret=names[seed % len(names)], seed=seed) for seed in range(count)]


def halves(results: list[GameResult]) -> tuple[list[GameResult], list[GameResult]]:
    """By seed: what is stable is alike in both."""
    return results[::2], results[1::2]


async def test_the_large_one_wins_every_game_in_a_stable_number_of_questions() -> None:
    results = await games(Character.LARGE, GAMES)
    assert all(result.won and result.supported for result in results)
    means = [statistics.mean(result.steps for result in half) for half in halves(results)]
    assert abs(means[0] - means[1]) < 1, means
    assert 4 < statistics.mean(means) < 9


async def test_the_small_one_needs_more_questions_and_stays_honest() -> None:
    results = await games(Character.SMALL, FEWER)
    rates = [statistics.mean(result.won for result in half) for half in halves(results)]
    assert min(rates) > 0.9, rates
    assert statistics.mean(result.steps for result in results) > 6
    assert not any(result.invented for result in results)


async def test_the_inventor_is_quick_often_wrong_and_always_found_out() -> None:
    results = await games(Character.INVENTOR, FEWER)
    assert statistics.mean(result.steps for result in results) <= 3
    assert 0.1 < statistics.mean(result.won for result in results) < 0.7
    assert not any(result.supported for result in results)
    for result in results:
        (claimed,) = result.invented
        assert claimed.answer is Answer.YES
        assert claimed.question not in {turn.question for turn in result.turns}


async def test_a_game_is_played_again_alike() -> None:
    first, second = [await Rules(Character.SMALL).play(secret="piano", seed=5) for _ in range(2)]
    assert first == second


async def test_a_secret_that_nobody_heard_of_is_lost_and_said_to_be_a_guess() -> None:
    result = await Rules(Character.LARGE).play(secret="Rumpelstiltskin", seed=1, maxQuestions=6)
    assert not result.won
    assert result.explanation.startswith("A guess: after 6 questions")


def test_any_two_things_are_told_apart_by_some_question() -> None:
    known = things().answers
    alike = [
        (first, second)
        for first, second in combinations(known, 2)
        if all(GRADES[known[first][text]] == GRADES[known[second][text]] for text in known[first])
    ]
    assert not alike
