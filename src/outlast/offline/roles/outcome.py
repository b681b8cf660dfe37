"""What a role decides to do: call a tool, or submit its output. The dispatcher turns it into the wire's terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from outlast.offline.turn import ToolCall


@dataclass(frozen=True, slots=True)
class Outcome:
    """One decision: calls of tools, or an output."""

    calls: tuple[ToolCall, ...] = ()
    output: dict[str, Any] | None = None


def call(name: str, **arguments: Any) -> Outcome:
    """Call a tool."""
    return Outcome(calls=(ToolCall(name, arguments),))


def submit(output: BaseModel) -> Outcome:
    """Submit the output of the role."""
    return Outcome(output=output.model_dump(mode="json"))
