"""Each provider over its own wire: one request an attempt, signed with its step; errors judged; keys told to nobody."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal

import pytest
from pydantic_ai.messages import ModelRequest, ModelResponse, TextPart
from pydantic_ai.models import ModelRequestParameters
from temporalio.exceptions import ApplicationError

from outlast.durable.retries import judge, retried_error
from outlast.llm.resolve import ModelBook
from outlast.settings import Settings
from outlast.steps import Step, running

from .wires import Wires

KEY = "sk-canary-5f1c9e77"
STEP = Step(job="ns/peru", run="run-1", activity="7", kind="agent__planner__model_request", attempt=2)


@dataclass(frozen=True)
class Provider:
    """One provider and where its client takes key and address from."""

    model: str
    key_variable: str
    base_url: str | None = None
    """Path of its base URL, for those that `OUTLAST_BASE_URLS` moves."""
    url_variable: str | None = None

    @property
    def name(self) -> str:
        return self.model.partition(":")[0]


PROVIDERS = [
    Provider("openai:gpt-5-mini", "OPENAI_API_KEY", "/v1"),
    Provider("openai-chat:gpt-5-mini", "OPENAI_API_KEY", "/v1"),
    Provider("anthropic:claude-haiku-4-5", "ANTHROPIC_API_KEY", ""),
    Provider("google:gemini-2.5-flash", "GOOGLE_API_KEY", ""),
    Provider("gateway/openai:gpt-5-mini", "PYDANTIC_AI_GATEWAY_API_KEY", url_variable="PYDANTIC_AI_GATEWAY_BASE_URL"),
    Provider(
        "gateway/anthropic:claude-haiku-4-5",
        "PYDANTIC_AI_GATEWAY_API_KEY",
        url_variable="PYDANTIC_AI_GATEWAY_BASE_URL",
    ),
]

every_provider = pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.model.partition(":")[0])


@pytest.fixture
async def wires() -> AsyncIterator[Wires]:
    async with Wires() as wires:
        yield wires


async def ask(provider: Provider, wires: Wires, monkeypatch: pytest.MonkeyPatch) -> ModelResponse:
    """Make one attempt."""
    monkeypatch.setenv(provider.key_variable, KEY)
    if provider.url_variable:
        monkeypatch.setenv(provider.url_variable, wires.url)
    moved = {} if provider.base_url is None else {provider.name: wires.url + provider.base_url}
    book = ModelBook(Settings(base_urls=moved))
    try:
        with running(STEP):
            return await book.get(provider.model).request(
                [ModelRequest.user_text_prompt("Which one?")], None, ModelRequestParameters()
            )
    finally:
        await book.aclose()


@every_provider
async def test_an_attempt_is_one_signed_request(
    provider: Provider, wires: Wires, monkeypatch: pytest.MonkeyPatch
) -> None:
    response = await ask(provider, wires, monkeypatch)
    assert [part.content for part in response.parts if isinstance(part, TextPart)] == ["Peru."]
    assert (response.usage.input_tokens, response.usage.output_tokens) == (1000, 100)
    assert response.usage.cost is not None
    assert response.usage.cost > 0
    (asked,) = wires.asked
    assert Step.from_headers(asked.headers) == STEP
    assert "Which one?" in asked.body
    assert [name for name, value in asked.headers.items() if KEY in value]  # the provider gets its key
    assert KEY not in asked.body


@pytest.mark.parametrize("provider", PROVIDERS[-2:], ids=lambda provider: provider.model.partition(":")[0])
async def test_what_the_gateway_says_that_it_cost_is_what_it_cost(
    provider: Provider, wires: Wires, monkeypatch: pytest.MonkeyPatch
) -> None:
    wires.cost_usd = "0.0123456789"
    response = await ask(provider, wires, monkeypatch)
    assert response.usage.cost == Decimal("0.0123456789")


@every_provider
async def test_a_refusal_for_now_is_tried_again_when_it_asks_to(
    provider: Provider, wires: Wires, monkeypatch: pytest.MonkeyPatch
) -> None:
    wires.answers = [(429, {"Retry-After": "7"}, '{"error": {"message": "slow down", "type": "rate_limit_error"}}')]
    with pytest.raises(Exception) as failed:  # noqa: PT011 - each client has its own; what counts is the verdict
        await ask(provider, wires, monkeypatch)
    verdict = judge(failed.value)
    assert (verdict.retry, verdict.cause) == (True, "http_429")
    assert verdict.after is not None
    assert verdict.after.total_seconds() == 7
    assert len(wires.asked) == 1  # the client itself tries nothing again


@every_provider
async def test_half_an_answer_is_tried_again(provider: Provider, wires: Wires, monkeypatch: pytest.MonkeyPatch) -> None:
    wires.answers = [(200, {}, '{"id": "x", "cand')]
    with pytest.raises(Exception) as failed:  # noqa: PT011
        await ask(provider, wires, monkeypatch)
    verdict = judge(failed.value)
    assert verdict.retry, verdict
    assert len(wires.asked) == 1


@every_provider
async def test_a_refused_key_is_final_and_not_repeated_in_the_error(
    provider: Provider, wires: Wires, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = f'{{"error": {{"message": "Incorrect API key provided: {KEY}.", "type": "authentication_error"}}}}'
    wires.answers = [(401, {}, said)]
    with pytest.raises(Exception) as failed:  # noqa: PT011
        await ask(provider, wires, monkeypatch)
    assert not judge(failed.value).retry
    # As the library hands it on: with what it needs to raise the same error in the workflow.
    raised = ApplicationError(str(failed.value), {"body": [said], KEY: 1}, non_retryable=True)
    raised.__cause__ = failed.value
    told = retried_error(raised, failures=1, backoff_limit=5)
    assert told.non_retryable
    assert "[key]" in told.message
    for form in (KEY, KEY[::-1], base64.b64encode(KEY.encode()).decode(), KEY.encode().hex()):
        assert form not in f"{told} {told.details} {told.message}"
    assert len(wires.asked) == 1
