"""Both rankings, flags, and figures of models."""

from __future__ import annotations

from decimal import Decimal

import pytest

from .builders import comparison, run, runs


def test_who_invents_is_flagged_however_fast_and_cheap() -> None:
    found = comparison(
        {
            "careful": runs(10, 10, cost_usd=Decimal("0.02"), seconds=5.0),
            "inventor": runs(10, 8, invented=2, cost_usd=Decimal("0.001"), seconds=1.0),
        }
    )
    assert [result.model for result in found.naive_ranking] == ["inventor", "careful"]
    assert [result.model for result in found.honest_ranking] == ["careful"]
    _, inventor = found.models
    assert inventor.flagged
    assert "2 of 10 runs, 2 of them with the right answer" in inventor.why
    assert "It states 'x', but nobody found that." in inventor.why


def test_the_honest_ranking_is_by_what_a_right_answer_costs() -> None:
    cheap_but_wrong = runs(10, 1, cost_usd=Decimal("0.01"))
    found = comparison({"cheap": cheap_but_wrong, "dear": runs(10, 10, cost_usd=Decimal("0.05"))})
    assert [result.model for result in found.naive_ranking] == ["cheap", "dear"]
    assert [result.model for result in found.honest_ranking] == ["dear", "cheap"]
    assert [result.cost_per_success for result in found.models] == pytest.approx([0.1, 0.05])


def test_without_a_right_answer_none_has_a_cost() -> None:
    found = comparison({"never": runs(4, 0), "once": runs(4, 1)})
    assert found.models[0].cost_per_success is None
    assert [result.model for result in found.honest_ranking] == ["once", "never"]


def test_a_model_without_a_price_comes_last_and_not_first() -> None:
    found = comparison({"unpriced": runs(4, 4, cost_usd=Decimal(0), unpriced_requests=5), "priced": runs(4, 4)})
    assert [result.model for result in found.naive_ranking] == ["priced", "unpriced"]
    assert [result.model for result in found.honest_ranking] == ["priced", "unpriced"]
    assert found.models[0].cost_per_success is None


def test_every_figure_has_an_interval_over_cases() -> None:
    mixed = [run(f"c{n}", repeat=repeat, steps=n, seconds=float(n + repeat)) for n in range(6) for repeat in (1, 2)]
    (result,) = comparison({"m": mixed}).models
    assert result.figures["steps"].count == 12
    assert result.figures["steps"].low < result.figures["steps"].value < result.figures["steps"].high
    assert set(result.figures) == {"cost_usd", "steps", "tokens", "seconds", "retries", "requests"}
    assert result.rates["success"].low == pytest.approx(0.61, abs=0.01), "six cases, not twelve"


def test_kinds_of_cases_are_told_apart() -> None:
    mixed = [*runs(4, 4), *(run(f"u{n}", right=False, aspect="unanswerable") for n in range(2))]
    (result,) = comparison({"m": mixed}).models
    assert result.aspects["answerable"].value == 1
    assert result.aspects["unanswerable"].value == 0
