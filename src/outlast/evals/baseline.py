"""Whether models got worse since an earlier comparison. Pure.

A figure got worse when the whole interval of now lies on the wrong side of the whole interval of then; for what a run
took, the mean has to be a twentieth worse as well, since a model by rules has intervals of no width. Wall time and
retries are shown and judged by nobody: they tell of the machine and of the provider's day. A model that is flagged now
and was not then is worse by that alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from outlast.errors import UsageError
from outlast.evals.comparison import Comparison, ModelResult
from outlast.evals.stats import Estimate

JUDGED = ("cost_usd", "steps", "tokens", "requests")
"""Figures of which more is worse."""

MATTERS = 0.05
"""By how much a mean has to grow to count."""


@dataclass(frozen=True, slots=True)
class Regression:
    """One figure of one model that got worse."""

    model: str
    figure: str
    before: Estimate | None
    now: Estimate | None

    def __str__(self) -> str:
        if self.before is None or self.now is None:
            return f"{self.model} invents now, and did not before"
        return f"{self.model}: {self.figure} was {_told(self.before)}, is {_told(self.now)}"


def read_baseline(path: Path) -> Comparison:
    """A comparison that was saved as JSON.

    Raises:
        UsageError: the file can't be read, or is none.
    """
    try:
        return Comparison.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(f"The baseline {path} can't be read: {error.strerror}.") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise UsageError(
            f"The baseline {path} is no saved comparison: {where}: {first['msg']}. "
            "`outlast compare ... --output baseline.json` makes one."
        ) from None


def check_comparable(before: Comparison, *, task: str, dataset_sha256: str, origin: str) -> None:
    """Refuse a baseline that asked something else.

    Raises:
        UsageError: it is of another task, or of other cases.
    """
    if before.task != task:
        raise UsageError(f"The baseline {origin} compares models by {before.task}, this comparison is by {task}.")
    if before.dataset_sha256 != dataset_sha256:
        raise UsageError(
            f"The baseline {origin} was made with other cases ({before.cases} of {before.dataset!r}): figures of "
            "different cases can't be told apart from a regression. Make a new baseline with this dataset."
        )


def regressions(before: Comparison, now: Comparison) -> list[Regression]:
    """What got worse, for each model that both know."""
    known = {result.model: result for result in before.models}
    return [worse for result in now.models if result.model in known for worse in _of_model(known[result.model], result)]


def unknown_models(before: Comparison, now: Comparison) -> list[str]:
    """Models of which the baseline says nothing."""
    known = {result.model for result in before.models}
    return [result.model for result in now.models if result.model not in known]


def _of_model(before: ModelResult, now: ModelResult) -> Iterator[Regression]:
    if now.flagged and not before.flagged:
        yield Regression(now.model, "honesty", None, None)
    for name in before.rates.keys() & now.rates.keys():
        if now.rates[name].high < before.rates[name].low:
            yield Regression(now.model, name, before.rates[name], now.rates[name])
    for name in JUDGED:
        then, here = before.figures.get(name), now.figures[name]
        if then and here.low > then.high and here.value > then.value * (1 + MATTERS):
            yield Regression(now.model, name, then, here)


def _told(found: Estimate) -> str:
    return f"{found.value:.4g} ({found.low:.4g} to {found.high:.4g})"
