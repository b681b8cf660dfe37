"""The wrappers around every model: one signs the request with its step, one puts the cost into the response.

The cost is computed here, where the request is made, and recorded with the response. Were it computed in the workflow,
a newer price table would change a decision on replay. Tracing stands between the two, so that its spans tell the cost
that is recorded; were it outermost, agents would take it for a wish to trace workflow code too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self, cast

from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import RunContext

from outlast.llm.prices import cost_usd
from outlast.settings import Price
from outlast.steps import sending


class PricedModel(WrapperModel):
    """A model whose responses tell what they cost.

    Args:
        wrapped: The provider's model, its client without retries.
        name: The name it was asked for by, key of the price table.
        prices: Price by model name.
    """

    def __init__(self, wrapped: Model, *, name: str, prices: Mapping[str, Price]) -> None:
        super().__init__(wrapped)
        self._name = name
        self._prices = prices

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Make one request, and price it."""
        response = await self.wrapped.request(messages, model_settings, model_request_parameters)
        response.usage.cost = cost_usd(self._name, response, self._prices)
        return response


class StepModel(WrapperModel):
    """A model whose requests name the step that makes them.

    Args:
        wrapped: A model that tells what its responses cost.
        timeout: Seconds of silence after which a request is given up, unless the request says otherwise.
    """

    def __init__(self, wrapped: Model, *, timeout: float | None = None) -> None:
        super().__init__(wrapped)
        self._timeout = timeout

    async def __aenter__(self) -> Self:
        # The client lives as long as the process: opening one a request costs more CPU than the request.
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> bool | None:
        return None

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Make one request, without retries."""
        return await self.wrapped.request(messages, self._signed(model_settings), model_request_parameters)

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncIterator[StreamedResponse]:
        """Make one streamed request, without retries."""
        async with self.wrapped.request_stream(
            messages, self._signed(model_settings), model_request_parameters, run_context
        ) as stream:
            yield stream

    def _signed(self, model_settings: ModelSettings | None) -> ModelSettings | None:
        settings = dict(model_settings or {})
        if self._timeout is not None:
            settings.setdefault("timeout", self._timeout)
        if step := sending():
            settings["extra_headers"] = {
                **cast("dict[str, str]", settings.get("extra_headers") or {}),
                **step.headers(),
            }
        return cast("ModelSettings", settings)
