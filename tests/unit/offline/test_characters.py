from __future__ import annotations

import statistics

import pytest

from outlast.offline.characters import PRICES, PROFILES
from outlast.offline.turn import Character


def test_every_character_has_a_price_under_its_full_name() -> None:
    assert set(PRICES) == {f"offline:{name}" for name in Character}
    assert (PRICES["offline:small"].input, PRICES["offline:small"].output) == (0.15, 0.60)


@pytest.mark.parametrize("character", Character)
def test_delays_scatter_around_the_median_and_repeat(character: Character) -> None:
    profile = PROFILES[character]
    drawn = [profile.first_token_seconds(f"{number}", seed=1) for number in range(2000)]
    assert drawn == [profile.first_token_seconds(f"{number}", seed=1) for number in range(2000)]
    assert statistics.median(drawn) == pytest.approx(profile.median_seconds, rel=0.05)
    assert 0 < min(drawn) < profile.median_seconds < max(drawn) < 10 * profile.median_seconds
    assert drawn[0] != profile.first_token_seconds("0", seed=2)


@pytest.mark.parametrize(
    ("character", "tokens", "cost"),
    [
        (Character.LARGE, (1_000_000, 1_000_000), 12_500_000),
        (Character.SMALL, (1_000_000, 0), 150_000),
        (Character.SMALL, (1, 0), 1),
        (Character.INVENTOR, (10, 0), 1),
        (Character.INVENTOR, (0, 0), 0),
    ],
)
def test_cost_is_rounded_up_to_a_millionth_of_a_dollar(
    character: Character, tokens: tuple[int, int], cost: int
) -> None:
    assert PROFILES[character].cost_micro_usd(*tokens) == cost
