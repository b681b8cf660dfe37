from decimal import Decimal

import pytest
from pydantic_ai.messages import ModelResponse
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.usage import RequestUsage

from outlast.errors import ModelSetupError
from outlast.llm.prices import cost_usd
from outlast.llm.resolve import ModelBook
from outlast.settings import Price, Settings

URL = "http://127.0.0.1:9"


def book(**settings: object) -> ModelBook:
    return ModelBook(Settings.model_validate({"offline_url": URL, **settings}))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("openai:gpt-5", "OPENAI_API_KEY", id="a missing key is named"),
        pytest.param("anthropic:claude-sonnet-4-5", "ANTHROPIC_API_KEY", id="of every provider"),
        pytest.param("nosuch:model", "nosuch", id="unknown provider"),
        pytest.param("gpt5", "'gpt5'", id="no provider"),
        pytest.param("offline:huge", "it has large, small", id="unknown offline model"),
    ],
)
def test_a_model_that_cannot_be_used_says_why(name: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    with pytest.raises(ModelSetupError, match="can't be used") as refused:
        book().get(name)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "name", ["openai:gpt-5", "anthropic:claude-sonnet-4-5", "offline:large", "gateway/openai:gpt-5"]
)
def test_no_provider_client_retries(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(key, "k")
    monkeypatch.setenv("PYDANTIC_AI_GATEWAY_API_KEY", "pylf_v1_us_k")
    model = book().get(name)
    assert isinstance(model, WrapperModel)
    assert model.wrapped.client.max_retries == 0  # type: ignore[attr-defined]


def test_a_custom_base_url_reaches_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    model = book(base_urls={"openai": "http://vllm:8000/v1"}).get("openai:llama")
    assert model.base_url == "http://vllm:8000/v1/"


def test_a_model_is_built_once() -> None:
    models = book()
    assert models.get("offline:small") is models.get("offline:small")


def test_a_cost_budget_wants_a_price() -> None:
    models = book(base_urls={"openai": "http://vllm:8000/v1"})
    models.check("openai:our-own", needs_price=False)
    with pytest.raises(ModelSetupError, match="OUTLAST_PRICES"):
        models.check("openai:our-own", needs_price=True)
    book(base_urls={"openai": "http://x/v1"}, prices={"openai:our-own": Price(input=1, output=2)}).check(
        "openai:our-own", needs_price=True
    )


def response(*, cost: Decimal | None = None, unmeasured: int = 0) -> ModelResponse:
    usage = RequestUsage(input_tokens=1_000, output_tokens=100, cost=cost, unmeasured_requests=unmeasured)
    return ModelResponse(parts=[], usage=usage, model_name="our-own", provider_name="openai")


def test_our_own_price_goes_by_the_million() -> None:
    prices = {"openai:our-own": Price(input=2, output=10)}
    assert cost_usd("openai:our-own", response(), prices) == Decimal("0.003")


def test_a_cost_that_came_back_with_the_response_counts() -> None:
    assert cost_usd("gateway/openai:x", response(cost=Decimal("0.5")), {}) == Decimal("0.5")


def test_nobody_knows_the_price_of_an_unknown_model() -> None:
    assert cost_usd("openai:our-own", response(), {}) is None


def test_a_response_without_usage_has_no_cost() -> None:
    assert cost_usd("openai:our-own", response(unmeasured=1), {"openai:our-own": Price(input=2, output=10)}) is None
