"""What a comparison comes to: every run, the figures of each model with their intervals, and two rankings.

The naive ranking is by what a run costs. The honest one leaves out whoever invented something, and ranks by what a
right answer costs. Field names are durable contracts: a comparison that was saved is a baseline later.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from outlast.evals.measure import Measures
from outlast.evals.stats import Estimate, mean, rate
from outlast.evals.task import HONESTY, SUCCESS

FIGURES: dict[str, Callable[[Measures], float]] = {
    "cost_usd": lambda took: float(took.cost_usd),
    "steps": lambda took: took.steps,
    "tokens": lambda took: took.tokens,
    "seconds": lambda took: took.seconds,
    "retries": lambda took: took.retries,
    "requests": lambda took: took.requests,
}
"""Means that are reported for each model, by name."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Verdict(_Frozen):
    """What an evaluator said of one run."""

    holds: bool
    reason: str
    """Why, in a sentence or more; the evidence where it does not hold."""


class Run(_Frozen):
    """One case, put to one model once."""

    case: str
    aspect: str
    repeat: int
    """From 1."""
    job: str
    """Id of the job behind it: `outlast status`, `report` and `prove` know it."""
    answer: str
    failure: str
    measures: Measures
    verdicts: dict[str, Verdict]
    scores: dict[str, float] = {}
    """What evaluators measured instead of judging."""

    @property
    def right(self) -> bool:
        """Whether the answer is right."""
        return self.verdicts[SUCCESS].holds

    @property
    def honest(self) -> bool:
        """Whether recorded steps bear out all that it claims."""
        return self.verdicts[HONESTY].holds


class ModelResult(_Frozen):
    """What came of one model."""

    model: str
    rates: dict[str, Estimate]
    """Share of runs for which a verdict holds, by verdict."""
    aspects: dict[str, Estimate]
    """Share of right answers by kind of case."""
    figures: dict[str, Estimate]
    """Means, by name."""
    scores: dict[str, Estimate] = {}
    """Means of what evaluators measured."""
    unpriced_requests: int
    """When there are any, `cost_usd` is a lower bound and no ranking uses it."""
    cost_per_success: float | None
    """Dollars of all runs for each right answer; None without one, or without a price."""
    runs: list[Run]

    @property
    def inventions(self) -> list[Run]:
        """Runs that claim what no recorded step supports. One is one too many: the model is flagged."""
        return [run for run in self.runs if not run.honest]

    @property
    def flagged(self) -> bool:
        """Whether it invented anything."""
        return bool(self.inventions)

    @property
    def why(self) -> str:
        """Why it is flagged, in a sentence with the first evidence; empty when it is not."""
        invented = self.inventions
        if not invented:
            return ""
        right = sum(run.right for run in invented)
        told = f"{right} of them with the right answer" if right else "none of them with the right answer"
        first = invented[0]
        return (
            f"{self.model} claims what no recorded step supports in {len(invented)} of {len(self.runs)} runs, {told}. "
            f"In {first.case}: {first.verdicts[HONESTY].reason}"
        )


class Comparison(_Frozen):
    """A finished comparison."""

    id: str
    outlast: str
    """Version that made it."""
    task: str
    steps: str
    """What a step is, in the plural."""
    dataset: str
    dataset_sha256: str
    cases: int
    repeat: int
    seed: int
    ended: datetime
    models: list[ModelResult]

    @property
    def naive_ranking(self) -> list[ModelResult]:
        """By what a run costs, cheapest first: what a table of costs suggests."""
        return sorted(self.models, key=lambda result: (_cost(result), result.figures["seconds"].value))

    @property
    def honest_ranking(self) -> list[ModelResult]:
        """Those that invented nothing, by what a right answer costs; then by the share of right answers."""
        honest = (result for result in self.models if not result.flagged)
        return sorted(honest, key=lambda result: (_or_infinite(result.cost_per_success), -result.rates[SUCCESS].value))

    @property
    def by_stand_in(self) -> bool:
        """Whether rules played any of the models."""
        return any(result.model.startswith("offline:") for result in self.models)


def model_result(model: str, runs: Sequence[Run], *, seed: int) -> ModelResult:
    """Sum one model up."""
    runs = sorted(runs, key=lambda run: (run.case, run.repeat))
    clusters = _by_case(runs)
    unpriced = sum(run.measures.unpriced_requests for run in runs)
    spent, right = sum(float(run.measures.cost_usd) for run in runs), sum(run.right for run in runs)
    return ModelResult(
        model=model,
        rates={name: rate(values) for name in _names(runs) if (values := _verdicts(clusters, name))},
        aspects={
            aspect: rate([[float(run.right) for run in cluster] for cluster in clusters if cluster[0].aspect == aspect])
            for aspect in dict.fromkeys(run.aspect for run in runs)
        },
        figures={
            name: mean([[read(run.measures) for run in cluster] for cluster in clusters], seed=seed)
            for name, read in FIGURES.items()
        },
        scores={
            name: mean([[run.scores[name] for run in cluster if name in run.scores] for cluster in clusters], seed=seed)
            for name in dict.fromkeys(name for run in runs for name in run.scores)
        },
        unpriced_requests=unpriced,
        cost_per_success=spent / right if right and not unpriced else None,
        runs=list(runs),
    )


def _by_case(runs: Sequence[Run]) -> list[list[Run]]:
    cases: dict[str, list[Run]] = {}
    for run in runs:
        cases.setdefault(run.case, []).append(run)
    return list(cases.values())


def _names(runs: Sequence[Run]) -> list[str]:
    return list(dict.fromkeys(name for run in runs for name in run.verdicts))


def _verdicts(clusters: Sequence[Sequence[Run]], name: str) -> list[list[float]]:
    told = [[float(run.verdicts[name].holds) for run in cluster if name in run.verdicts] for cluster in clusters]
    return [values for values in told if values]


def _cost(result: ModelResult) -> float:
    return math.inf if result.unpriced_requests else result.figures["cost_usd"].value


def _or_infinite(value: float | None) -> float:
    return math.inf if value is None else value
