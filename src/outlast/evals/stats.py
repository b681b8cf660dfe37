"""Figures with their uncertainty: small pure functions, so that a comparison never shows a mean as if it were exact.

Runs of the same case are not independent of each other, so every interval is made over cases, not over runs: repeating
a case ten times tells more about that case, not about ten cases. See E. Miller, Adding Error Bars to Evals
(arXiv:2411.00640), which asks for clustered errors for the same reason.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from statistics import NormalDist, fmean

from pydantic import BaseModel, ConfigDict

CONFIDENCE = 0.95
"""Of every interval."""

RESAMPLES = 2_000
"""Of a bootstrap: the ends of an interval move by a few per cent of its width between seeds."""

Clusters = Sequence[Sequence[float]]
"""Observed values, those of one case together."""


class Estimate(BaseModel):
    """A figure, and the interval that holds the true one in `CONFIDENCE` of all samples."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    value: float
    low: float
    high: float
    count: int
    """Values it was estimated from."""

    def apart_from(self, other: Estimate) -> bool:
        """Whether the two intervals have nothing in common: chance alone is then a poor explanation."""
        return self.low > other.high or self.high < other.low


def rate(clusters: Clusters) -> Estimate:
    """The share of ones among zeros and ones, with Wilson's score interval.

    E. B. Wilson, Probable Inference, JASA 22 (1927). It stays within 0 and 1 and tells something at 0 of n and n of n,
    where the usual one is a point. Its n is the effective sample size of E. L. Korn and B. I. Graubard (Survey
    Methodology 24, 1998): all runs when runs of a case differ like those of any other, the cases when they agree.
    """
    values = [value for cluster in clusters for value in cluster]
    if not values:
        raise ValueError("A rate of nothing.")
    share = fmean(values)
    low, high = wilson(share, effective_size(clusters))
    return Estimate(value=share, low=low, high=high, count=len(values))


def wilson(share: float, size: float) -> tuple[float, float]:
    """Wilson's score interval of a share that was seen in a sample of some size."""
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    centre = (share + z * z / (2 * size)) / (1 + z * z / size)
    half = z * math.sqrt(share * (1 - share) / size + z * z / (4 * size * size)) / (1 + z * z / size)
    return (0.0 if share == 0 else max(0.0, centre - half)), (1.0 if share == 1 else min(1.0, centre + half))


def effective_size(clusters: Clusters) -> float:
    """How many independent runs tell as much as these do: between the number of cases and that of runs."""
    runs, cases = sum(map(len, clusters)), len(clusters)
    share = fmean(value for cluster in clusters for value in cluster)
    if cases == 1 or runs == cases or share in (0.0, 1.0):
        return float(cases)
    # Variance of a ratio of sums over cases, as for samples that were drawn in clusters.
    residuals = [sum(cluster) - share * len(cluster) for cluster in clusters]
    variance = cases / (cases - 1) * sum(r * r for r in residuals) / (runs * runs)
    if variance == 0:
        return float(runs)
    return min(float(runs), max(float(cases), share * (1 - share) / variance))


def mean(clusters: Clusters, *, seed: int) -> Estimate:
    """The mean, with a percentile interval of the bootstrap over cases.

    B. Efron, Bootstrap Methods, Annals of Statistics 7 (1979); whole cases are drawn, as C. A. Field and A. H. Welsh do
    for clustered data (JRSS B 69, 2007). The same seed gives the same interval.
    """
    values = [value for cluster in clusters for value in cluster]
    if not values:
        raise ValueError("A mean of nothing.")
    draw = random.Random(seed)  # noqa: S311 - it has to be repeatable, not secret
    sums = [(sum(cluster), len(cluster)) for cluster in clusters if cluster]
    means = sorted(_pooled(draw.choices(sums, k=len(sums))) for _ in range(RESAMPLES))
    tail = (1 - CONFIDENCE) / 2
    return Estimate(value=fmean(values), low=quantile(means, tail), high=quantile(means, 1 - tail), count=len(values))


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value below which a share of ordered values lies, interpolated between neighbours."""
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def _pooled(drawn: Sequence[tuple[float, int]]) -> float:
    return sum(total for total, _ in drawn) / sum(count for _, count in drawn)
