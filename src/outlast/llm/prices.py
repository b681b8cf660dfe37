"""What a response cost: our own price table first, genai-prices for the rest, and None where nobody knows."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from genai_prices import calc_price
from genai_prices.types import Usage as PricedUsage
from pydantic_ai.messages import ModelResponse

from outlast.settings import Price

MILLION = Decimal(1_000_000)


def price_table(own: Mapping[str, Price]) -> dict[str, Price]:
    """The prices that settings give, over those of the offline server's models."""
    from outlast.offline.characters import PRICES

    return {**PRICES, **own}


def cost_usd(model: str, response: ModelResponse, prices: Mapping[str, Price]) -> Decimal | None:
    """Dollars of one response, None where its model has no price or it told no usage.

    A cost that came back with the response (Pydantic AI Gateway) wins over any table.
    """
    if response.usage.unmeasured_requests:
        return None
    if response.usage.cost is not None and model not in prices:
        return response.usage.cost
    if price := prices.get(model):
        used = response.usage
        return (
            Decimal(str(price.input)) * used.input_tokens + Decimal(str(price.output)) * used.output_tokens
        ) / MILLION
    try:
        return response.cost().total_price
    except (LookupError, ValueError):
        return None


def has_price(model: str, prices: Mapping[str, Price]) -> bool:
    """Whether requests to a model can be priced, so that a cost budget means something."""
    if model in prices or model.startswith("gateway/"):
        return True  # the gateway reports the cost itself
    provider, _, name = model.rpartition(":")
    try:
        calc_price(PricedUsage(input_tokens=1), name, provider_id=provider or None)
    except LookupError:
        return False
    return True
