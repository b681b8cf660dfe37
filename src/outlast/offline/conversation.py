"""The messages of a request, checked as OpenAI checks them and reduced to what rules look at."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from outlast.offline.refused import WireError
from outlast.offline.shapes import Part, WireMessage
from outlast.offline.turn import Message, ToolCall


def read_messages(wire: Sequence[WireMessage]) -> tuple[Message, ...]:
    """The conversation; every tool message is told by the name of the tool that it answers for.

    Raises:
        WireError: a tool call stays without an answer, or an answer without a call.
    """
    names: dict[str, str] = {}
    unanswered: set[str] = set()
    messages = []
    for index, message in enumerate(wire):
        where = f"messages.{index}"
        if message.role == "tool":
            answers = _answered(message, names, where)
            unanswered.discard(message.tool_call_id or "")
            messages.append(Message("tool", _text(message.content), answers=answers))
            continue
        _refuse_unanswered(unanswered, where)
        calls = message.tool_calls or []
        names.update({call.id: call.function.name for call in calls})
        unanswered = {call.id for call in calls}
        role = "system" if message.role == "developer" else message.role
        made = tuple(ToolCall(call.function.name, _arguments(call.function.arguments)) for call in calls)
        messages.append(Message(role, _text(message.content), calls=made))
    _refuse_unanswered(unanswered, f"messages.{len(wire) - 1}")
    return tuple(messages)


def _answered(message: WireMessage, names: dict[str, str], where: str) -> str:
    try:
        return names[message.tool_call_id or ""]
    except KeyError:
        text = f"{where} has role 'tool', but no message before it made the call {message.tool_call_id!r}."
        raise WireError(400, text, param=where, code="invalid_value") from None


def _refuse_unanswered(unanswered: set[str], where: str) -> None:
    if unanswered:
        missing = ", ".join(sorted(unanswered))
        text = f"Each tool call must be answered by a 'tool' message before the next one; no answer to {missing}."
        raise WireError(400, text, param=where, code="invalid_value")


def _text(content: str | list[Part] | None) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    return "\n".join(part.text or part.refusal or "" for part in content if part.text or part.refusal)


def _arguments(text: str) -> dict[str, Any]:
    try:
        arguments = json.loads(text)
    except (ValueError, RecursionError):
        return {}  # a model's own slip, which the caller sends back for it to see
    return arguments if isinstance(arguments, dict) else {}
