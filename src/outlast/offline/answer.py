"""From what the rules reply to OpenAI's response JSON. No I/O, no clock, no chance."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Literal

from outlast.offline.turn import Reply
from outlast.offline.wire import BYTES_PER_TOKEN, Request, tokens

FINGERPRINT = "outlast-offline-rules"
"""`system_fingerprint` of every answer."""

NOTICE_HEADER = "x-outlast-offline"
NOTICE = "rule-based stand-in, no language model"
"""Every response carries this, so that nobody takes the rules for what they are not."""


@dataclass(frozen=True, slots=True)
class AnsweredCall:
    """One tool call on its way out."""

    id: str
    name: str
    arguments: str
    """JSON, cut short when the answer hit its token limit."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply with everything that the wire adds to it."""

    text: str | None
    calls: tuple[AnsweredCall, ...]
    finish_reason: Literal["stop", "tool_calls", "length"]
    output_tokens: int


def render(request: Request, reply: Reply) -> Answer:
    """Give calls their ids, keep the caller's limits, count tokens."""
    replied = reply.calls if request.parallel else reply.calls[:1]
    calls = tuple(
        AnsweredCall(_call_id(request.sha256, index), call.name, json.dumps(call.arguments, ensure_ascii=False))
        for index, call in enumerate(replied)
    )
    answer = Answer(reply.text or None, calls, "tool_calls" if calls else "stop", _count(reply.text, calls))
    if request.max_tokens is None or answer.output_tokens <= request.max_tokens:
        return answer
    return _cut(answer, request.max_tokens)


def completion(request: Request, answer: Answer, created: int) -> dict[str, Any]:
    """The body of a response that is not streamed.

    Args:
        request: what was asked.
        answer: what is answered.
        created: epoch seconds.
    """
    message: dict[str, Any] = {"role": "assistant", "content": answer.text, "refusal": None}
    if answer.calls:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in answer.calls
        ]
    return {
        **envelope(request, created, "chat.completion"),
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": answer.finish_reason}],
        "usage": usage(request, answer),
    }


def envelope(request: Request, created: int, kind: str) -> dict[str, Any]:
    """What a response and each chunk of a stream have in common."""
    return {
        "id": f"chatcmpl-{request.sha256[:24]}",
        "object": kind,
        "created": created,
        "model": str(request.model),
        "system_fingerprint": FINGERPRINT,
    }


def usage(request: Request, answer: Answer) -> dict[str, int]:
    """Tokens of the request and of the answer."""
    return {
        "prompt_tokens": request.input_tokens,
        "completion_tokens": answer.output_tokens,
        "total_tokens": request.input_tokens + answer.output_tokens,
    }


def model_card(name: str, notice: str = NOTICE) -> dict[str, Any]:
    """One entry of `GET /v1/models`."""
    return {"id": name, "object": "model", "created": 0, "owned_by": f"outlast ({notice})"}


def _call_id(sha256: str, index: int) -> str:
    return f"call_{hashlib.sha256(f'{sha256}:{index}'.encode()).hexdigest()[:24]}"


def _count(text: str, calls: tuple[AnsweredCall, ...]) -> int:
    return tokens(text) + sum(tokens(call.name) + tokens(call.arguments) for call in calls)


def _cut(answer: Answer, limit: int) -> Answer:
    """Stop where the limit is, in the middle of JSON if need be, as a model does."""
    text = _head(answer.text or "", limit)
    left = limit - tokens(text)
    calls: list[AnsweredCall] = []
    for call in answer.calls:
        left -= tokens(call.name)
        if left < 0:
            break
        arguments = _head(call.arguments, left)
        left -= tokens(arguments)
        calls.append(AnsweredCall(call.id, call.name, arguments))
    return Answer(text or None, tuple(calls), "length", limit)


def _head(text: str, limit: int) -> str:
    return text.encode("utf-8", "surrogatepass")[: limit * BYTES_PER_TOKEN].decode("utf-8", "ignore")
