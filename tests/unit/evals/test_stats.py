"""Intervals: against published values, against simulation, and at the edges."""

from __future__ import annotations

import random

import pytest

from outlast.evals.stats import Estimate, effective_size, mean, quantile, rate, wilson


@pytest.mark.parametrize(
    ("share", "size", "low", "high"),
    [
        # R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        (81 / 263, 263, 0.2553, 0.3662),
        (15 / 148, 148, 0.0624, 0.1605),
        (0 / 20, 20, 0.0000, 0.1611),
        (1 / 29, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_published_intervals(share: float, size: int, low: float, high: float) -> None:
    assert wilson(share, size) == pytest.approx((low, high), abs=5e-5)


def test_a_perfect_score_over_few_cases_is_not_certain() -> None:
    assert rate([[1.0]] * 6).low == pytest.approx(0.61, abs=0.01)
    assert rate([[1.0]] * 6).high == 1.0


def test_repeating_a_case_that_always_ends_alike_adds_no_cases() -> None:
    assert effective_size([[1.0] * 10, [0.0] * 10, [1.0] * 10, [0.0] * 10]) == pytest.approx(4, abs=1)


def test_repetitions_count_in_full_where_cases_are_alike() -> None:
    assert effective_size([[1.0, 0.0]] * 10) == 20


def test_the_bootstrap_is_repeatable_and_moves_little_with_its_seed() -> None:
    chance = random.Random(1)
    clusters = [[chance.gauss(10, 2)] for _ in range(40)]
    one, other = mean(clusters, seed=1), mean(clusters, seed=2)
    assert one == mean(clusters, seed=1)
    assert one != other
    assert one.low == pytest.approx(other.low, abs=0.1)
    assert one.low < one.value < one.high


def test_the_bootstrap_covers_the_truth_about_as_often_as_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outlast.evals.stats.RESAMPLES", 200)
    chance = random.Random(7)
    hits = 0
    for trial in range(100):
        found = mean([[chance.gauss(5, 1)] for _ in range(30)], seed=trial)
        hits += found.low <= 5 <= found.high
    assert 86 <= hits <= 100


def test_whole_cases_are_drawn() -> None:
    clustered = mean([[0.0] * 20, [10.0] * 20], seed=3)
    assert (clustered.low, clustered.high) == (0.0, 10.0)


def test_one_value_has_no_spread() -> None:
    assert mean([[4.0]], seed=0) == Estimate(value=4.0, low=4.0, high=4.0, count=1)


def test_quantiles_interpolate() -> None:
    assert quantile([1.0, 2.0, 3.0, 4.0], 0.5) == 2.5
    assert quantile([1.0], 0.9) == 1.0


def test_intervals_that_touch_are_not_apart() -> None:
    one = Estimate(value=1, low=0, high=2, count=3)
    assert not one.apart_from(Estimate(value=3, low=2, high=4, count=3))
    assert one.apart_from(Estimate(value=3, low=2.1, high=4, count=3))


@pytest.mark.parametrize("figure", [lambda: rate([]), lambda: mean([], seed=0)])
def test_nothing_has_no_figure(figure: object) -> None:
    assert callable(figure)
    with pytest.raises(ValueError, match="of nothing"):
        figure()
