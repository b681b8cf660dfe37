"""Whether the next step may run: a pure decision over what is recorded and what is under way."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from outlast.job.spec import Budget
from outlast.usage.meter import Usage

ANALYSIS_SHARE = Fraction(1, 5)
"""Part of every bound that searches leave to the analysis, so that what was found can still be written up."""


@dataclass(frozen=True, slots=True)
class Exceeded:
    """Which bound is used up, and by how much."""

    bound: str
    """Name of the field, as in a manifest."""
    limit: Decimal
    used: Decimal
    """Recorded and spoken for."""
    searching: bool = False
    """Whether it is the part for searches that is used up."""

    def __str__(self) -> str:
        kept = f", of which {float(ANALYSIS_SHARE):.0%} is kept for the analysis" if self.searching else ""
        return f"budget.{self.bound} is {self.limit.normalize():f}{kept}, used {self.used.normalize():f}"


def exceeded(budget: Budget, used: Usage, *, in_flight: int = 0, searching: bool = False) -> Exceeded | None:
    """Decide whether one more model request stays within the budget.

    Tokens and dollars of a request are known only when it is recorded, so those bounds can be overrun by what is in
    flight and no more; the number of requests is exact.

    Args:
        budget: The bounds; None is no bound.
        used: What recorded requests used.
        in_flight: Requests that were admitted and are not recorded yet.
        searching: Whether the request serves a search, which leaves `ANALYSIS_SHARE` to the analysis.
    """
    share = 1 - ANALYSIS_SHARE if searching else Fraction(1)
    bounds = (
        ("maxRequests", budget.max_requests, Decimal(used.requests + in_flight)),
        ("maxTokens", budget.max_tokens, Decimal(used.tokens)),
        ("maxCostUSD", budget.max_cost_usd, used.cost_usd),
    )
    for bound, limit, spent in bounds:
        if limit is not None and spent >= Decimal(str(limit)) * share.numerator / share.denominator:
            return Exceeded(bound=bound, limit=Decimal(str(limit)), used=spent, searching=searching)
    return None
