"""A stand-in for the providers' servers: each wire shape as its provider sends it, and a record of what was asked.

The shapes are cut down from recorded responses; texts and ids are ours.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.loopback import LoopbackServer

Json = dict[str, Any]

CHAT: Json = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1760000000,
    "model": "gpt-5-mini-2025-08-07",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Peru."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100},
}
"""OpenAI, Chat Completions."""

RESPONSES: Json = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1760000000,
    "status": "completed",
    "model": "gpt-5-mini-2025-08-07",
    "output": [
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "Peru.", "annotations": []}],
        }
    ],
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
    "usage": {
        "input_tokens": 1000,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 100,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 1100,
    },
}
"""OpenAI, Responses."""

MESSAGES: Json = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-5-20250929",
    "content": [{"type": "text", "text": "Peru."}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 1000, "output_tokens": 100},
}
"""Anthropic, Messages."""

GEMINI: Json = {
    "candidates": [{"content": {"parts": [{"text": "Peru."}], "role": "model"}, "finishReason": "STOP", "index": 0}],
    "usageMetadata": {"promptTokenCount": 1000, "candidatesTokenCount": 100, "totalTokenCount": 1100},
    "modelVersion": "gemini-2.5-flash",
    "responseId": "r1",
}
"""Gemini, generateContent."""


def streamed(message: Json) -> list[Json]:
    """A message as Anthropic streams it; its client asks for a stream wherever an answer may be long."""
    begun = {**message, "content": [], "stop_reason": None, "usage": {"input_tokens": 1000, "output_tokens": 1}}
    return [
        {"type": "message_start", "message": begun},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Peru."}},
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": message["usage"],
        },
        {"type": "message_stop"},
    ]


def _event(data: Json) -> str:
    return f"event: {data['type']}\ndata: {json.dumps(data)}\n\n"


@dataclass
class Asked:
    """One request that reached the server."""

    path: str
    headers: dict[str, str]
    body: str


@dataclass
class Wires(LoopbackServer):
    """Answers on loopback while used as a context manager, by the path that each provider's client asks for."""

    asked: list[Asked] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str], str]] = field(default_factory=list)
    """Sent first, in this order, whoever asks: status, headers, body."""
    cost_usd: str = ""
    """Told with each answer as the gateway does; empty tells none."""

    def application(self) -> web.Application:
        """What is served."""
        application = web.Application()
        application.router.add_post("/{path:.*}", self._answer)
        return application

    async def _answer(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.asked.append(Asked(request.path, headers, await request.text()))
        if self.answers:
            status, extra, body = self.answers.pop(0)
            return web.Response(status=status, headers=extra, text=body, content_type="application/json")
        shape = self._shape(request.path)
        if self.cost_usd:
            shape = {**shape, "usage": {**shape.get("usage", {}), "logfire_ai_gateway": {"cost": self.cost_usd}}}
        if request.path.endswith("/messages") and '"stream":true' in self.asked[-1].body:
            return web.Response(text="".join(map(_event, streamed(shape))), content_type="text/event-stream")
        return web.json_response(shape)

    def _shape(self, path: str) -> Json:
        if path.endswith("/chat/completions"):
            return CHAT
        if path.endswith("/responses"):
            return RESPONSES
        if path.endswith("/messages"):
            return MESSAGES
        assert path.endswith(":generateContent"), path
        return GEMINI
