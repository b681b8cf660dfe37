"""An answer as server-sent events, cut into the chunks in which OpenAI's servers send them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from outlast.offline.answer import Answer, envelope, usage
from outlast.offline.wire import Request, tokens

PIECE = 24
"""Characters in a chunk: about six tokens, so that a report comes in some hundred events rather than a thousand."""

DONE = b"data: [DONE]\n\n"


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event."""

    data: bytes
    tokens: int
    """How much of the answer it holds: a server paces by it."""


def events(request: Request, answer: Answer, created: int) -> list[Event]:
    """The whole stream, the closing `[DONE]` included.

    Args:
        request: what was asked.
        answer: what is answered.
        created: epoch seconds, the same in every chunk.
    """
    common = envelope(request, created, "chat.completion.chunk")
    if request.include_usage:
        common["usage"] = None
    found = [_event({**common, "choices": [_choice(delta, None)]}, weight) for delta, weight in _deltas(answer)]
    found.append(_event({**common, "choices": [_choice({}, answer.finish_reason)]}))
    if request.include_usage:
        found.append(_event({**common, "choices": [], "usage": usage(request, answer)}))
    found.append(Event(DONE, 0))
    return found


def _deltas(answer: Answer) -> Iterator[tuple[dict[str, Any], int]]:
    yield {"role": "assistant", "content": "" if answer.text else None, "refusal": None}, 0
    for piece in _pieces(answer.text or ""):
        yield {"content": piece}, tokens(piece)
    for index, call in enumerate(answer.calls):
        head = {"name": call.name, "arguments": ""}
        yield {"tool_calls": [{"index": index, "id": call.id, "type": "function", "function": head}]}, tokens(call.name)
        for piece in _pieces(call.arguments):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}, tokens(piece)


def _pieces(text: str) -> Iterator[str]:
    for start in range(0, len(text), PIECE):
        yield text[start : start + PIECE]


def _choice(delta: dict[str, Any], finish_reason: str | None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}


def _event(data: dict[str, Any], weight: int = 0) -> Event:
    return Event(b"data: " + json.dumps(data, separators=(",", ":")).encode() + b"\n\n", weight)
