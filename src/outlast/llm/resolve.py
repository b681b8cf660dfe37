"""From a model's name to a model that can be asked, or a sentence on what is missing.

Provider clients retry by themselves unless told otherwise; then one recorded attempt is several requests, and neither
the history nor the usage tells. Every client is built with no retries here, and nowhere else.
"""

from __future__ import annotations

import os
import re
from typing import Any

from pydantic_ai.exceptions import UserError
from pydantic_ai.models import Model, infer_model
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers import Provider, infer_provider, infer_provider_class
from pydantic_ai.providers.openai import OpenAIProvider

from outlast.errors import ModelSetupError
from outlast.llm.prices import has_price, price_table
from outlast.llm.step_model import PricedModel, StepModel
from outlast.settings import Settings
from outlast.steps import sending
from outlast.telemetry.tracing import tracing

OFFLINE = "offline"
"""Provider prefix of the built-in rule-based models."""


_MISSING_KEY = re.compile(r"Set the `([A-Z0-9_]+)` environment variable")


class ModelBook:
    """The models of one process, each built once: opening a client a request costs more CPU than the request.

    Args:
        settings: Where base URLs, prices and the address of the offline server come from.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._prices = price_table(settings.prices)
        self._models: dict[str, Model] = {}

    def get(self, name: str) -> Model:
        """The model of a name.

        Raises:
            ModelSetupError: the name is unknown, its key is not set, its package is not installed.
        """
        if name not in self._models:
            self._models[name] = self._build(name)
        return self._models[name]

    async def aclose(self) -> None:
        """Close the connections of every model; the next request opens new ones."""
        for model in self._models.values():
            if isinstance(model, StepModel):
                async with model.wrapped:  # who leaves a model last closes its client
                    pass

    def check(self, name: str, *, needs_price: bool) -> None:
        """Make sure that a model can be asked, before the first step.

        Raises:
            ModelSetupError: as `get`; or a cost budget is set and the model has no price.
        """
        self.get(name)
        if needs_price and not has_price(name, self._prices):
            raise ModelSetupError(
                f"The model {name!r} has no known price, so budget.maxCostUSD can't be kept: give its price in "
                f'OUTLAST_PRICES, as {{"{name}": {{"input": 1.0, "output": 2.0}}}} in dollars for a million tokens, '
                "or bound the job by maxTokens or maxRequests."
            )

    def _build(self, name: str) -> Model:
        provider, _, model_name = name.partition(":")
        try:
            if provider == OFFLINE:
                wrapped: Model = _offline_model(model_name, self._settings)
            else:
                wrapped = infer_model(name, _provider_factory(self._settings))
        except (UserError, ValueError, ImportError) as error:
            raise ModelSetupError(f"The model {name!r} can't be used: {_said(error)}") from None
        _without_retries(wrapped)
        _without_stale_requests(wrapped)
        priced: Model = PricedModel(wrapped, name=name, prices=self._prices)
        if traces := tracing(self._settings):
            priced = traces.instrumented(priced)
        return StepModel(priced, timeout=self._settings.request_timeout_seconds)


def _said(error: Exception) -> str:
    """What is wrong in our words where the library's are written for people who program with it."""
    missing = _MISSING_KEY.search(str(error))
    return f"{missing[1]} is not set." if missing else str(error)


def _offline_model(model_name: str, settings: Settings) -> Model:
    from outlast.offline.characters import PRICES

    known = [name.removeprefix(f"{OFFLINE}:") for name in PRICES]
    if model_name not in known:
        raise ValueError(f"the offline server has no model {model_name!r}, it has {', '.join(known)}")
    if settings.offline_url is None:
        raise ValueError("no offline model server: set OUTLAST_OFFLINE_URL, or start one with `outlast offline serve`")
    provider = OpenAIProvider(base_url=f"{settings.offline_url.rstrip('/')}/v1", api_key="none")
    return OpenAIChatModel(model_name, provider=provider)


def _provider_factory(settings: Settings) -> Any:
    def build(provider: str) -> Provider[Any]:
        base_url = settings.base_urls.get(provider)
        if base_url is None:
            return infer_provider(provider)
        provider_class: Any = infer_provider_class(provider)
        if issubclass(provider_class, OpenAIProvider):
            # Servers that speak this wire format often take any key; the library insists on one.
            return OpenAIProvider(base_url=base_url, api_key=os.environ.get("OPENAI_API_KEY", "none"))
        built: Provider[Any] = provider_class(base_url=base_url)
        return built

    return build


def _without_stale_requests(model: Model) -> None:
    """Ask at the last moment whether the step is still this attempt's own.

    A request is built after it was signed, which takes seconds in a process that starves or that builds its first one;
    by then another worker may have made the step.
    """
    http = getattr(getattr(model, "client", None), "_client", None)
    hooks: dict[str, list[Any]] | None = getattr(http, "event_hooks", None)  # of httpx, whichever a provider uses
    if hooks is not None and _refuse_stale not in hooks["request"]:
        http.event_hooks = {**hooks, "request": [*hooks["request"], _refuse_stale]}  # type: ignore[union-attr]


async def _refuse_stale(_request: Any) -> None:
    sending()


def _without_retries(model: Model) -> None:
    client = getattr(model, "client", None)
    if hasattr(client, "max_retries"):
        client.max_retries = 0  # type: ignore[union-attr]
