"""The client that matters most: agents of Pydantic AI, as the project runs them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from outlast.offline.turn import Reply, ToolCall, Turn


class City(BaseModel):
    name: str


def play(turn: Turn) -> Reply:
    """Searches once, then submits what it found."""
    if turn.output_schema:
        return Reply('{"name": "Lima"}')
    last = turn.messages[-1]
    if last.role == "tool":
        return Reply(calls=(ToolCall("final_result", {"name": last.text}),)) if turn.tools else Reply(last.text)
    return Reply(calls=(ToolCall("search", {"query": last.text}),)) if "search" in turn.tools else Reply(last.text)


def model(client: Any) -> OpenAIChatModel:
    return OpenAIChatModel("large", provider=OpenAIProvider(openai_client=client))


async def test_an_agent_calls_a_tool_and_submits_its_output(serve: Any, connect: Any) -> None:
    agent = Agent(model(connect(await serve(play))), output_type=City)

    @agent.tool_plain
    def search(query: str) -> str:
        return f"capital of {query}"

    result = await agent.run("peru")
    assert result.output == City(name="capital of peru")
    assert result.usage.requests == 2
    assert result.usage.input_tokens > 0


async def test_an_agent_with_native_output(serve: Any, connect: Any) -> None:
    agent = Agent(model(connect(await serve(play))), output_type=NativeOutput(City))
    assert (await agent.run("peru")).output == City(name="Lima")


async def test_an_agent_that_streams(serve: Any, connect: Any) -> None:
    agent = Agent(model(connect(await serve(play))))
    async with agent.run_stream("the quick brown fox jumps over the lazy dog") as stream:
        pieces = [piece async for piece in stream.stream_text(delta=True, debounce_by=None)]
    assert "".join(pieces) == "the quick brown fox jumps over the lazy dog"
    assert len(pieces) > 1


async def test_a_fault_reaches_the_agent_as_a_status(serve: Any, connect: Any) -> None:
    agent = Agent(model(connect(await serve(play, faults={"rates": {"429": 1.0}}))))
    with pytest.raises(ModelHTTPError) as caught:
        await agent.run("peru")
    assert caught.value.status_code == 429
