"""MCP servers as toolsets of agents.

Which servers there are is said in the settings, by whoever runs the workers: a job names one and can neither add one
nor change its command. What a server answers is data of bounded size, and its instructions are never read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from outlast.errors import SettingsError, SourceError
from outlast.settings import MCPServer, Settings
from outlast.sources.folder import RESERVED
from outlast.sources.guard import Guard
from outlast.sources.markup import plain
from outlast.sources.passage import Passage, digest
from outlast.sources.pinned import guarded_transport
from outlast.sources.recording import Recorder

if TYPE_CHECKING:
    from pydantic_ai.mcp import MCPToolset
    from pydantic_ai.toolsets import AbstractToolset

__all__ = ["bounded", "check_server", "mcp_toolset", "mcp_toolsets", "passage_from_tool"]

MAX_RESULT_CHARACTERS = 8_000
"""Of one tool result: it is sent again with every later request of the conversation, and recorded each time."""

MAX_ANSWER_BYTES = 10_000_000
"""Of one answer on the wire."""

START_SECONDS = 20.0
"""A server started by command may have to load a lot."""

CALL_SECONDS = 120.0

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,30}")


def mcp_toolsets(settings: Settings, recorder: Recorder | None = None) -> dict[str, AbstractToolset[Any]]:
    """The toolset of every server in the settings, by name. Nothing is connected to before a toolset is entered.

    The names of its tools begin with the server's name, so that no server can stand in for another, or for us.

    Args:
        settings: of this process.
        recorder: writes each call into the ledger.

    Raises:
        SettingsError: a server's entry makes no sense.
        SourceError: a URL is refused, or the library is not installed.
    """
    guard = Guard(settings.private_hosts)
    servers = sorted(settings.mcp_servers.items())
    return {name: mcp_toolset(name, server, guard, recorder).prefixed(name) for name, server in servers}


def mcp_toolset(name: str, server: MCPServer, guard: Guard, recorder: Recorder | None = None) -> MCPToolset[Any]:
    """The toolset of one server. Its id is the name, a durable contract of recorded histories.

    Raises:
        SettingsError: the server's entry makes no sense.
        SourceError: its URL is refused, or the library is not installed.
    """
    check_server(name, server, guard)
    try:
        from fastmcp.client.transports import StdioTransport, StreamableHttpTransport
        from pydantic_ai.mcp import MCPToolset
    except ImportError:
        raise SourceError(f"The MCP server {name!r} needs a library: `pip install outlast[mcp]`.") from None
    transport: Any
    if server.url:
        transport = StreamableHttpTransport(server.url, httpx_client_factory=_client_factory(guard))
    else:
        program, *arguments = server.command
        # The library hands on PATH, HOME and the like, so no key of ours. Kept alive, since every step enters the
        # toolset and a server takes a second to start; it ends with the event loop, or with the pipe if we are killed.
        transport = StdioTransport(program, arguments, keep_alive=True)
    return MCPToolset(
        transport,
        id=name,
        tool_error_behavior="failed",
        process_tool_call=_call(name, recorder or Recorder(None)),
        include_instructions=False,
        init_timeout=START_SECONDS,
        read_timeout=CALL_SECONDS,
    )


def check_server(name: str, server: MCPServer, guard: Guard) -> None:
    """Check a server's entry without connecting.

    Raises:
        SettingsError: it makes no sense.
        RefusedURLError: its URL leads where nobody should go.
    """
    entry = f"OUTLAST_MCP_SERVERS: {name!r}"
    if not _NAME.fullmatch(name):
        raise SettingsError(f"{entry} is no name for a server: use up to 31 letters, digits, dashes and underscores.")
    if name in RESERVED:
        raise SettingsError(f"{entry} is the name of another source: {', '.join(sorted(RESERVED))} are taken.")
    if bool(server.url) == bool(server.command):
        raise SettingsError(f"{entry} needs a `url` or a `command`, and not both.")
    if server.url:
        guard.read(server.url)


def passage_from_tool(server: str, tool: str, text: str) -> Passage:
    """The passage that a tool's result is cited as: the same result is the same passage."""
    tool = plain(tool)[:100]
    return Passage.of(
        id=f"mcp:{server}/{tool}/{digest(text)[:16]}",
        source=server,
        title=f"{server}: {tool}",
        text=text,
        location=f"mcp://{server}/{tool}",
    )


def bounded(result: Any, limit: int = MAX_RESULT_CHARACTERS) -> Any:
    """A tool's result as text, cut at `limit` characters with a note that says so.

    Args:
        result: what the library made of the server's answer: text, JSON values, or files, which are left out.
        limit: characters kept.
    """
    text = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False, default=_left_out)
    if len(text) <= limit:
        return text
    return f"{text[:limit].rstrip()}\n[cut: {len(text) - limit} more characters]"


def _left_out(value: Any) -> Any:
    return f"[left out: {getattr(value, 'media_type', type(value).__name__)}]"


def _call(server: str, recorder: Recorder) -> Callable[..., Any]:
    async def call(ctx: Any, call_tool: Callable[..., Any], name: str, arguments: dict[str, Any]) -> Any:
        async with recorder.recording(server, name, {"tool": name, "arguments": arguments}):
            return bounded(await call_tool(name, arguments))

    return call


def _client_factory(guard: Guard) -> Callable[..., Any]:
    """Clients whose every request goes through the guard; the library closes them."""

    def factory(**options: Any) -> Any:
        import httpx2

        options.setdefault("timeout", httpx2.Timeout(30.0, read=CALL_SECONDS))
        transport = guarded_transport(httpx2, guard, max_bytes=MAX_ANSWER_BYTES)
        return httpx2.AsyncClient(transport=transport, trust_env=False, **options)

    return factory
