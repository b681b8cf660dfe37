"""What the rules see of a request, and what they answer: the boundary between the wire and the roles."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Character(StrEnum):
    """How a model of this server behaves, so that comparisons have something to find."""

    LARGE = "large"
    """Follows its instructions with care."""
    SMALL = "small"
    """Cheaper and quicker; now and then it overlooks a passage."""
    INVENTOR = "inventor"
    """Answers at once and makes up what it did not look up."""
    GULLIBLE = "gullible"
    """Obeys any instruction that it reads, wherever it stands."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the conversation, reduced to what rules look at."""

    role: str
    """`system`, `user`, `assistant` or `tool`."""
    text: str
    """Its text, empty for a bare tool call."""
    calls: tuple[ToolCall, ...] = ()
    """Tool calls that an assistant message made."""
    answers: str | None = None
    """For a tool message: the name of the tool whose result it holds."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model asks for."""

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Turn:
    """One request to a model."""

    character: Character
    messages: tuple[Message, ...]
    tools: dict[str, dict[str, Any]] = field(default_factory=dict)
    """JSON schema of the parameters by tool name; output tools (`submit_plan`, ...) are among them."""
    output_schema: dict[str, Any] | None = None
    """JSON schema of the answer where the caller asked for structured text."""
    seed: int = 0
    """From the request or derived from its content: the same request gets the same answer."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model answers: text, or tool calls, never both."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
