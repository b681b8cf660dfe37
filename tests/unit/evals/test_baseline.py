"""When a model counts as worse, and which baselines are refused."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from outlast.errors import UsageError
from outlast.evals.baseline import check_comparable, read_baseline, regressions, unknown_models
from outlast.evals.comparison import Comparison

from .builders import comparison, runs


def told(before: Comparison, now: Comparison) -> list[str]:
    return [str(found) for found in regressions(before, now)]


def test_the_same_is_not_worse() -> None:
    same = comparison({"m": runs(20, 18)})
    assert told(same, same) == []


def test_fewer_right_answers_beyond_chance_are_worse() -> None:
    before, now = comparison({"m": runs(30, 30)}), comparison({"m": runs(30, 12)})
    assert told(before, now) == ["m: success was 1 (0.8865 to 1), is 0.4 (0.2459 to 0.5768)"]
    assert told(now, before) == []


def test_within_chance_is_not_worse() -> None:
    assert told(comparison({"m": runs(20, 19)}), comparison({"m": runs(20, 16)})) == []


@pytest.mark.parametrize(
    ("figure", "then", "now"),
    [
        ("cost_usd", {"cost_usd": Decimal("0.01")}, {"cost_usd": Decimal("0.02")}),
        ("steps", {"steps": 3}, {"steps": 6}),
        ("tokens", {"input_tokens": 900}, {"input_tokens": 2_000}),
        ("requests", {"requests": 5}, {"requests": 9}),
    ],
)
def test_more_of_what_is_paid_for_is_worse(figure: str, then: dict[str, Any], now: dict[str, Any]) -> None:
    (found,) = regressions(comparison({"m": runs(9, 9, **then)}), comparison({"m": runs(9, 9, **now)}))
    assert found.figure == figure


def test_a_hair_more_is_not_worse_though_no_interval_has_a_width() -> None:
    before, now = comparison({"m": runs(9, 9, input_tokens=900)}), comparison({"m": runs(9, 9, input_tokens=910)})
    assert told(before, now) == []


def test_a_slow_machine_is_not_a_worse_model() -> None:
    before, now = comparison({"m": runs(9, 9, seconds=1.0)}), comparison({"m": runs(9, 9, seconds=60.0, retries=4)})
    assert told(before, now) == []


def test_one_invention_is_worse_than_none() -> None:
    before, now = comparison({"m": runs(30, 30)}), comparison({"m": runs(30, 30, invented=1)})
    assert told(before, now) == ["m invents now, and did not before"]


def test_models_that_only_one_side_knows_are_not_judged() -> None:
    before, now = comparison({"old": runs(9, 9)}), comparison({"new": runs(9, 0)})
    assert told(before, now) == []
    assert unknown_models(before, now) == ["new"]


def test_what_was_saved_is_read_back(tmp_path: Path) -> None:
    saved = comparison({"m": runs(5, 4)})
    (tmp_path / "b.json").write_text(saved.model_dump_json())
    assert read_baseline(tmp_path / "b.json") == saved


@pytest.mark.parametrize(
    ("text", "said"), [("", "is no saved comparison"), ("{}", "is no saved comparison"), (None, "can't be read")]
)
def test_what_is_no_comparison_is_refused(tmp_path: Path, text: str | None, said: str) -> None:
    file = tmp_path / "b.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(UsageError, match=said):
        read_baseline(file)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"task": "twenty-questions"}, "compares models by deep-research, this comparison is by twenty-questions"),
        ({"dataset_sha256": "other"}, "was made with other cases"),
    ],
)
def test_a_baseline_of_something_else_is_refused(changes: dict[str, str], said: str) -> None:
    now = {"task": "deep-research", "dataset_sha256": "s", **changes}
    with pytest.raises(UsageError, match=said):
        check_comparable(comparison({"m": runs(3, 3)}), origin="b.json", **now)
