"""The real small model as people start it, asked by the official client and by Pydantic AI: `make test-local`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import openai
import pytest
from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from outlast.small.limits import NAME

ASK: Any = {"model": NAME, "messages": [{"role": "user", "content": "Name three rivers."}], "max_tokens": 48}
COMMAND = [sys.executable, "-m", "outlast.cli"]


class River(BaseModel):
    """Nothing in it can go on for ever, as texts and lists of this model may."""

    name: Literal["Rhine", "Nile"]
    long: bool


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with subprocess.Popen([*COMMAND, "small-model", "--port", "0"], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        said = process.stderr.readline()
        found = re.search(r"http://\S+", said)
        assert found, said + process.stderr.read()
        yield found[0]
        process.terminate()
        assert process.wait(60) == 0, process.stderr.read()


@pytest.fixture
def client(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=url, api_key="none", max_retries=0, timeout=300) as client:
        yield client


def test_it_answers_and_counts_tokens(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(**ASK)
    assert answer.choices[0].message.content
    assert answer.usage
    assert 5 < answer.usage.prompt_tokens < 60
    assert 0 < answer.usage.completion_tokens <= 48


def test_it_streams_with_usage_at_the_end(client: openai.OpenAI) -> None:
    chunks = list(client.chat.completions.create(**ASK, stream=True, stream_options={"include_usage": True}))
    pieces = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices and chunk.choices[0].delta.content]
    assert chunks[-1].usage
    assert 1 < len(pieces) <= chunks[-1].usage.completion_tokens


def test_it_keeps_to_a_schema(client: openai.OpenAI) -> None:
    schema: Any = {
        "type": "object",
        "properties": {"river": {"enum": ["Rhine", "Nile"]}},
        "required": ["river"],
        "additionalProperties": False,
    }
    form: Any = {"type": "json_schema", "json_schema": {"name": "river", "schema": schema, "strict": True}}
    answer = client.chat.completions.create(**ASK, response_format=form)
    assert json.loads(answer.choices[0].message.content or "")["river"] in ("Rhine", "Nile")


def test_the_same_seed_gives_the_same_answer(client: openai.OpenAI) -> None:
    first, second = (client.chat.completions.create(**ASK, temperature=0, seed=1) for _ in range(2))
    assert first.choices[0].message.content == second.choices[0].message.content


async def test_an_agent_gets_structured_output_without_tools(url: str) -> None:
    model = OpenAIChatModel(NAME, provider=OpenAIProvider(base_url=url, api_key="none"))
    agent = Agent(model, output_type=NativeOutput(River), model_settings={"max_tokens": 200, "temperature": 0})
    async with model:  # who leaves it closes its client
        result = await agent.run("Name a river.")
    assert isinstance(result.output, River)
    assert result.usage.output_tokens


def test_a_research_job_is_told_why_it_cannot_use_it(url: str, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path),
        "OUTLAST_BASE_URLS": json.dumps({"openai-chat": url}),
        "OUTLAST_PRICES": json.dumps({f"openai-chat:{NAME}": {"input": 0, "output": 0}}),
    }
    command = [*COMMAND, "run", "How large is Peru?", "--model", f"openai-chat:{NAME}", "--stateless"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1, done.stderr
    assert "can't call tools" in done.stderr
