"""Failures on purpose: a share of all attempts at model requests and tool calls breaks, by a seeded draw.

They strike before anything is sent, so a failed attempt costs nothing. The draw is by what is attempted and by the
number of the attempt: a game that is played again meets the same failures.
"""

from __future__ import annotations

import hashlib
from typing import ClassVar

from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings

from outlast.errors import OutlastError
from outlast.games.gate import GameDeps
from outlast.steps import current_step

MOST_IN_A_ROW = 3
"""Attempts at one step that are struck at the most: a backoffLimit of as many is never used up by them."""


class SimulatedFailureError(OutlastError):
    """A failure that the game asked for."""

    retryable: ClassVar[bool] = True
    retry_after: ClassVar[float] = 0.05
    """Nothing has to heal."""


def strike(deps: GameDeps, what: str) -> None:
    """Fail, or let pass.

    Args:
        deps: Of the step that is attempted; they hold rate and seed.
        what: Tells the step from others of its game.

    Raises:
        SimulatedFailureError: the draw fell on this attempt.
    """
    step = current_step()
    attempt = step.attempt if step else 1
    if (
        attempt <= MOST_IN_A_ROW
        and _draw(f"{deps.seed}:{deps.role}:{deps.question}:{what}:{attempt}") < deps.failure_rate
    ):
        raise SimulatedFailureError(f"Simulated: attempt {attempt} at this step fails on purpose.")


class UnreliableModel(WrapperModel):
    """A model some of whose requests are never sent.

    Args:
        wrapped: The model.
        deps: Of the run that asks it.
    """

    def __init__(self, wrapped: Model, deps: GameDeps) -> None:
        super().__init__(wrapped)
        self._deps = deps

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Fail, or make the request."""
        strike(self._deps, f"request {len(messages)}")
        return await self.wrapped.request(messages, model_settings, model_request_parameters)


def _draw(key: str) -> float:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:6]) / 2**48
