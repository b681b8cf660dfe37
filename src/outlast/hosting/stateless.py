"""The host of a run that nothing outlives, as far as every kind of job has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from outlast.hosting.host import BudgetEndedError
from outlast.usage.budget import Exceeded

ProgressT = TypeVar("ProgressT")


class StatelessHost(Generic[ProgressT]):
    """A run that nothing outlives.

    Args:
        changed: Called when progress changed.
    """

    step_failures: tuple[type[Exception], ...] = ()

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self.progress: Callable[[], ProgressT] | None = None
        """Where the run is, once it began."""
        self._changed = changed

    async def budget_raised(self, bound: Exceeded) -> None:
        """Nobody can raise the budget of a run that has no address."""
        raise BudgetEndedError(f"The budget is used up: {bound}. A stateless run can't be paused.")

    async def may_proceed(self) -> None:
        """Never suspended."""

    def changed(self) -> None:
        """Tell whoever watches."""
        self._changed()
