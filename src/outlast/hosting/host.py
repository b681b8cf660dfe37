"""What every run leaves to the engine it runs on."""

from __future__ import annotations

from typing import Protocol

from pydantic_ai.exceptions import AgentRunError, ModelAPIError

from outlast.errors import OutlastError
from outlast.usage.budget import Exceeded

STEP_FAILURES: tuple[type[Exception], ...] = (AgentRunError, ModelAPIError, OutlastError)
"""What a step that failed for good raises; the host adds its engine's own."""


class BudgetEndedError(OutlastError):
    """A step was not admitted because the budget is used up."""


class JobHost(Protocol):
    """What a run of any kind leaves to its engine."""

    step_failures: tuple[type[Exception], ...]
    """Exceptions by which this engine reports a step that failed for good."""

    async def budget_raised(self, bound: Exceeded) -> None:
        """Return when a person raised the budget."""
        ...

    async def may_proceed(self) -> None:
        """Return when the job is not suspended."""
        ...

    def changed(self) -> None:
        """Progress changed."""
        ...


def reason_of(error: BaseException) -> str:
    """The innermost cause of a failure, which is what a person can act on."""
    while error.__cause__ is not None:
        error = error.__cause__
    return getattr(error, "message", "") or str(error) or type(error).__name__
