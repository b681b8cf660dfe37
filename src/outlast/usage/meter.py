"""Adds up recorded model responses, by role.

The meter lives in workflow state and is fed with responses as they are recorded, so a replay rebuilds the same sums and
no attempt that was never recorded is counted.
"""

from __future__ import annotations

from decimal import Decimal

from pydantic import BaseModel, ConfigDict


class Usage(BaseModel):
    """What model requests used."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    requests: int = 0
    """Recorded model requests."""
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    """US dollars of the requests that have a price."""
    unpriced_requests: int = 0
    """Requests whose model has no known price: `cost_usd` is a lower bound when there are any."""

    @property
    def tokens(self) -> int:
        """Input and output tokens together."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            requests=self.requests + other.requests,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cost_usd=self.cost_usd + other.cost_usd,
            unpriced_requests=self.unpriced_requests + other.unpriced_requests,
        )


class Meter(BaseModel):
    """Usage by role of one job."""

    by_role: dict[str, Usage] = {}

    def record(self, role: str, *, input_tokens: int, output_tokens: int, cost_usd: Decimal | None) -> None:
        """Add one recorded response; `cost_usd` is None when its model has no price."""
        self.by_role[role] = self.by_role.get(role, Usage()) + Usage(
            requests=1,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            cost_usd=cost_usd or Decimal(0),
            unpriced_requests=int(cost_usd is None),
        )

    @property
    def total(self) -> Usage:
        """Usage of all roles."""
        return sum(self.by_role.values(), Usage())
