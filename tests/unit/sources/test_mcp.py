"""MCP servers, real ones: over streamable HTTP on loopback, and started by command."""

from __future__ import annotations

import asyncio
import runpy
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from pydantic_ai import Agent, BinaryContent, ModelRetry
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.toolsets import AbstractToolset

from outlast.errors import OutlastError, SettingsError
from outlast.ledger import read_rows
from outlast.settings import MCPServer, Settings
from outlast.sources import mcp as mcp_module
from outlast.sources.failures import RefusedURLError
from outlast.sources.guard import Guard
from outlast.sources.mcp import (
    MAX_RESULT_CHARACTERS,
    bounded,
    check_server,
    mcp_toolset,
    mcp_toolsets,
    passage_from_tool,
)
from outlast.sources.passage import digest
from outlast.sources.registry import Sources
from outlast.steps import Step, running

PROGRAM = Path(__file__).with_name("mcp_server.py")
STDIO = MCPServer(command=(sys.executable, str(PROGRAM)))


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """The endpoint of a server on loopback."""
    app = runpy.run_path(str(PROGRAM))["server"].streamable_http_app()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
        task = asyncio.create_task(server.serve([listening]))
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"
        server.should_exit = True
        await task


def settings(tmp_path: Path, server: MCPServer, *private_hosts: str) -> Settings:
    return Settings(mcp_servers={"kb": server}, private_hosts=private_hosts, state_dir=tmp_path)


async def ask(
    settings: Settings, tool: str, arguments: dict[str, Any], toolsets: Sequence[AbstractToolset[Any]] = ()
) -> ToolReturnPart:
    """What an agent gets that calls one tool."""
    seen: list[ModelMessage] = []

    async def model(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        seen[:] = messages
        assert [part for message in messages for part in message.parts if "Ignore your" in str(part)] == []
        if len(messages) == 1:
            return ModelResponse(parts=[ToolCallPart(tool, arguments)])
        return ModelResponse(parts=[TextPart("done")])

    agent = Agent(FunctionModel(model), toolsets=toolsets or list(mcp_toolsets(settings).values()))
    async with asyncio.timeout(60), agent:
        await agent.run("go")
    (part,) = (part for message in seen for part in message.parts if isinstance(part, ToolReturnPart))
    return part


async def test_over_http(tmp_path: Path, url: str) -> None:
    part = await ask(settings(tmp_path, MCPServer(url=url), "127.0.0.1"), "kb_lookup", {"key": "a"})
    assert part.content == "The value of a is 42."


async def test_a_large_result_is_cut_with_a_note(tmp_path: Path, url: str) -> None:
    part = await ask(settings(tmp_path, MCPServer(url=url), "127.0.0.1"), "kb_large", {"characters": 20_000})
    assert part.content == "x" * MAX_RESULT_CHARACTERS + "\n[cut: 12000 more characters]"


async def test_a_failing_tool_is_told_to_the_model(tmp_path: Path, url: str) -> None:
    part = await ask(settings(tmp_path, MCPServer(url=url), "127.0.0.1"), "kb_broken", {})
    assert part.outcome == "failed"


async def test_calls_are_in_the_ledger(tmp_path: Path, url: str) -> None:
    made = settings(tmp_path, MCPServer(url=url), "127.0.0.1").model_copy(update={"ledger": tmp_path / "ledger.db"})
    sources = Sources(made)
    step = Step(job="job", run="run", activity="7", kind="agent__searcher__call_tool", attempt=1)
    with running(step):
        await ask(made, "kb_lookup", {"key": "a"}, list(sources.toolsets().values()))
        await ask(made, "kb_broken", {}, list(sources.toolsets().values()))
    sources.close()
    rows = read_rows(tmp_path / "ledger.db")
    assert [(row.kind, row.name, row.subject, row.step) for row in rows] == [
        ("source", "kb", "lookup", step),
        ("source", "kb", "broken", step),
    ]
    assert [row.outcome for row in rows] == ["ok", "error:ToolFailed"]


async def test_over_standard_input_and_output_without_our_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAVILY_API_KEY", "tvly-secret")
    part = await ask(settings(tmp_path, STDIO), "kb_environment", {"name": "TAVILY_API_KEY"})
    assert part.content == "unset"


async def test_an_endless_answer_is_cut_on_the_wire(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_module, "MAX_ANSWER_BYTES", 50_000)
    toolset = mcp_toolset("kb", MCPServer(url=url), Guard(["127.0.0.1"]))
    async with asyncio.timeout(60), toolset:
        assert await toolset.direct_call_tool("lookup", {"key": "a"})
        with pytest.raises(ModelRetry, match="longer than 50000 bytes"):
            await toolset.direct_call_tool("large", {"characters": 900_000})
        assert await toolset.direct_call_tool("lookup", {"key": "b"}), "the session goes on"


async def test_a_server_inside_is_never_connected_to(url: str) -> None:
    with pytest.raises(RefusedURLError, match="OUTLAST_PRIVATE_HOSTS"):
        mcp_toolset("kb", MCPServer(url=url), Guard())


async def test_a_name_that_leads_inside_is_refused_on_connecting(url: str) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    toolset = mcp_toolset("kb", MCPServer(url="http://mcp.example/mcp"), Guard(resolve=resolve))
    with pytest.raises(Exception, match=r"loopback|connect"):
        async with asyncio.timeout(60), toolset:
            await toolset.list_tools()


def test_the_id_is_the_name() -> None:
    assert mcp_toolset("kb", STDIO, Guard()).id == "kb"


@pytest.mark.parametrize(
    ("name", "server", "reason"),
    [
        ("kb", MCPServer(), "needs a `url` or a `command`"),
        ("kb", MCPServer(url="https://a.example/", command=("x",)), "and not both"),
        ("a b", MCPServer(url="https://a.example/"), "is no name for a server"),
        ("x" * 32, MCPServer(url="https://a.example/"), "is no name for a server"),
        ("factbook", MCPServer(url="https://a.example/"), "is the name of another source"),
        ("kb", MCPServer(url="file:///etc/passwd"), "file scheme"),
        ("kb", MCPServer(url="http://169.254.169.254/"), "metadata"),
        ("kb", MCPServer(url="https://a.example:8443/"), "port 8443"),
    ],
)
def test_entries_that_make_no_sense(name: str, server: MCPServer, reason: str) -> None:
    with pytest.raises(OutlastError, match=reason) as caught:
        check_server(name, server, Guard())
    assert isinstance(caught.value, SettingsError | RefusedURLError)


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ("as it is", "as it is"),
        ({"a": [1, "ü"]}, '{"a": [1, "ü"]}'),
        (["a", b"\x89"], '["a", "[left out: bytes]"]'),
        ("x" * 11, "x" * 10 + "\n[cut: 1 more characters]"),
        (None, "null"),
    ],
)
def test_bounded(result: Any, text: str) -> None:
    assert bounded(result, 10 if isinstance(result, str) else 1_000) == text


def test_files_are_left_out() -> None:
    assert bounded(["a", BinaryContent(b"\x89", media_type="image/png")]) == '["a", "[left out: image/png]"]'


def test_a_result_is_a_passage() -> None:
    passage = passage_from_tool("kb", "lookup\x1b[2J", "The value is 42.")
    assert passage == passage_from_tool("kb", "lookup\x1b[2J", "The value is 42.")
    assert passage.id == f"mcp:kb/lookup[2J/{digest('The value is 42.')[:16]}"
    assert (passage.source, passage.title, passage.location) == ("kb", "kb: lookup[2J", "mcp://kb/lookup[2J")
