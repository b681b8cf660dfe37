"""What a job spends: each model request is admitted against its budget, and recorded with the response.

Runs in workflow code on Temporal: it is fed by recorded results, so a replay rebuilds the same sums.
"""

from __future__ import annotations

from typing import Protocol

from pydantic_ai.capabilities.abstract import WrapModelRequestHandler
from pydantic_ai.messages import ModelResponse
from pydantic_ai.models import ModelRequestContext

from outlast.hosting.host import BudgetEndedError, JobHost
from outlast.job.spec import Budget, OnExceeded
from outlast.usage.budget import Exceeded, exceeded
from outlast.usage.meter import Meter


class Budgeted(Protocol):
    """A job's spec, as far as it is about money; the budget may be replaced while the job goes on."""

    budget: Budget


class Spending:
    """The spending of one job.

    Args:
        spec: What may be used.
        meter: Adds up what is recorded.
        host: The engine.
    """

    def __init__(self, spec: Budgeted, meter: Meter, host: JobHost) -> None:
        self._spec = spec
        self._meter = meter
        self._host = host
        self._in_flight = 0
        self.waiting_for: str | None = None
        """What a person has to do before the job goes on; None when it needs nobody."""

    @property
    def concludes(self) -> bool:
        """Whether the job comes to an end with what it has when its budget is used up."""
        return self._spec.budget.on_exceeded is OnExceeded.CONCLUDE

    def bound(self, *, kept: int = 0, searching: bool = False) -> Exceeded | None:
        """The bound that one more request would break, None when it may be made.

        Args:
            kept: Requests that are promised to others.
            searching: Whether the request leaves a share of every bound to the end of the job.
        """
        return exceeded(self._spec.budget, self._meter.total, in_flight=self._in_flight + kept, searching=searching)

    async def admit(self, *, kept: int = 0, searching: bool = False) -> None:
        """Return when one more request may be made.

        Raises:
            BudgetEndedError: the budget is used up, and nobody is waited for.
        """
        while True:
            await self._host.may_proceed()
            concluding = searching and self.concludes
            bound = self.bound(kept=kept if concluding else 0, searching=concluding)
            if bound is None:
                return
            if self._spec.budget.on_exceeded is not OnExceeded.PAUSE:
                raise BudgetEndedError(f"The budget is used up: {bound}.")
            self.waiting_for = f"a raise of the budget: {bound}"
            self._host.changed()
            await self._host.budget_raised(bound)
            self.waiting_for = None

    async def send(self, role: str, send: WrapModelRequestHandler, context: ModelRequestContext) -> ModelResponse:
        """Send one admitted request and record what it used."""
        self._in_flight += 1
        try:
            response = await send(context)
        finally:
            self._in_flight -= 1
        used = response.usage
        self._meter.record(role, input_tokens=used.input_tokens, output_tokens=used.output_tokens, cost_usd=used.cost)
        self._host.changed()
        return response
