"""What a worker can tell of its steps while they happen; metrics listen, and nothing depends on whether anyone does."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

CUT = "cut"
"""Cause of a repeated attempt whose predecessor neither ended nor failed: its worker died or fell silent."""

DRAINED = "drained"
"""Cause of a repeated attempt whose predecessor outlived the drain of its worker."""


class StepObserver(Protocol):
    """Hears of steps. Calls come from the event loop and from workflow threads, and must return at once."""

    def started(self, kind: str) -> None:
        """An attempt at a step of this kind began."""
        ...

    def ended(self, kind: str, outcome: str, seconds: float) -> None:
        """It ended: `ok`, `cancelled`, or the cause of its failure."""
        ...

    def retried(self, kind: str, cause: str) -> None:
        """A step is attempted again: `CUT`, `DRAINED`, or the cause of the failure before."""
        ...

    def used(self, model: str, *, input_tokens: int, output_tokens: int, cost_usd: Decimal | None) -> None:
        """A model answered; `cost_usd` is None when it has no price."""
        ...

    def replay_began(self) -> None:
        """A workflow is rebuilt from its history."""
        ...

    def replayed(self, kind: str) -> None:
        """A recorded step was taken from history instead of being made again."""
        ...


class Unobserved:
    """Nobody listens."""

    def started(self, kind: str) -> None:
        """Not heard."""

    def ended(self, kind: str, outcome: str, seconds: float) -> None:
        """Not heard."""

    def retried(self, kind: str, cause: str) -> None:
        """Not heard."""

    def used(self, model: str, *, input_tokens: int, output_tokens: int, cost_usd: Decimal | None) -> None:
        """Not heard."""

    def replay_began(self) -> None:
        """Not heard."""

    def replayed(self, kind: str) -> None:
        """Not heard."""


class Observers:
    """Several that listen.

    Args:
        observers: Told in this order.
    """

    def __init__(self, *observers: StepObserver) -> None:
        self._observers = observers

    def started(self, kind: str) -> None:
        """Told to all."""
        for observer in self._observers:
            observer.started(kind)

    def ended(self, kind: str, outcome: str, seconds: float) -> None:
        """Told to all."""
        for observer in self._observers:
            observer.ended(kind, outcome, seconds)

    def retried(self, kind: str, cause: str) -> None:
        """Told to all."""
        for observer in self._observers:
            observer.retried(kind, cause)

    def used(self, model: str, *, input_tokens: int, output_tokens: int, cost_usd: Decimal | None) -> None:
        """Told to all."""
        for observer in self._observers:
            observer.used(model, input_tokens=input_tokens, output_tokens=output_tokens, cost_usd=cost_usd)

    def replay_began(self) -> None:
        """Told to all."""
        for observer in self._observers:
            observer.replay_began()

    def replayed(self, kind: str) -> None:
        """Told to all."""
        for observer in self._observers:
            observer.replayed(kind)
