"""Runs and comparisons for tests, with as little said as matters."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from outlast.evals.comparison import Comparison, Run, Verdict, model_result
from outlast.evals.measure import Measures


def measures(**changes: Any) -> Measures:
    """What a run took."""
    usual: dict[str, Any] = {
        "steps": 3,
        "requests": 5,
        "input_tokens": 900,
        "output_tokens": 100,
        "cost_usd": Decimal("0.01"),
        "unpriced_requests": 0,
        "retries": 0,
        "seconds": 2.0,
    }
    return Measures(**{**usual, **changes})


def run(
    case: str, *, right: bool = True, honest: bool = True, repeat: int = 1, aspect: str = "answerable", **took: Any
) -> Run:
    """One run."""
    return Run(
        case=case,
        aspect=aspect,
        repeat=repeat,
        job=f"c-{case}-{repeat}",
        answer="An answer.",
        failure="",
        measures=measures(**took),
        verdicts={
            "success": Verdict(holds=right, reason="It is the expected one." if right else "It is another one."),
            "honesty": Verdict(holds=honest, reason="" if honest else "It states 'x', but nobody found that."),
        },
    )


def runs(count: int, right: int, *, invented: int = 0, **took: Any) -> list[Run]:
    """Cases of which so many are right, and so many invented."""
    return [run(f"case-{n:03}", right=n < right, honest=n >= invented, **took) for n in range(count)]


def comparison(models: dict[str, list[Run]], **changes: Any) -> Comparison:
    """A comparison of models by their runs."""
    usual: dict[str, Any] = {
        "id": "c",
        "outlast": "0",
        "task": "deep-research",
        "steps": "searches",
        "dataset": "d",
        "dataset_sha256": "s",
        "cases": len(next(iter(models.values()))),
        "repeat": 1,
        "seed": 0,
        "ended": datetime(2026, 1, 2, tzinfo=UTC),
        "models": [model_result(name, found, seed=0) for name, found in models.items()],
    }
    return Comparison(**{**usual, **changes})
