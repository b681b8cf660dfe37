from __future__ import annotations

import json
from typing import Any

import pytest

from outlast.offline.answer import FINGERPRINT, completion, render
from outlast.offline.turn import Reply, ToolCall
from outlast.offline.wire import Request, parse_request, read_body

CALLS = Reply(calls=(ToolCall("search", {"query": "Perú"}), ToolCall("search", {"query": "Chile"})))


def ask(**fields: Any) -> Request:
    document = {"model": "small", "messages": [{"role": "user", "content": "hello"}], **fields}
    return parse_request(read_body(json.dumps(document).encode()))


def test_a_text_answer() -> None:
    request = ask()
    assert completion(request, render(request, Reply("hello")), created=5) == {
        "id": f"chatcmpl-{request.sha256[:24]}",
        "object": "chat.completion",
        "created": 5,
        "model": "small",
        "system_fingerprint": FINGERPRINT,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "hello", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": request.input_tokens,
            "completion_tokens": 2,
            "total_tokens": request.input_tokens + 2,
        },
    }


def test_tool_calls_have_ids_that_repeat_with_the_request() -> None:
    first, again, other = (render(ask(seed=seed), CALLS) for seed in (1, 1, 2))
    assert [call.id for call in first.calls] == [call.id for call in again.calls]
    assert len({call.id for call in (*first.calls, *other.calls)}) == 4
    assert [call.arguments for call in first.calls] == ['{"query": "Perú"}', '{"query": "Chile"}']
    assert (first.text, first.finish_reason) == (None, "tool_calls")


def test_a_caller_who_wants_one_call_at_a_time_gets_one() -> None:
    assert len(render(ask(parallel_tool_calls=False), CALLS).calls) == 1


@pytest.mark.parametrize("limit", range(1, 20))
@pytest.mark.parametrize("reply", [Reply("äöü hello there"), CALLS, Reply("both", CALLS.calls)])
def test_an_answer_stops_at_its_token_limit(reply: Reply, limit: int) -> None:
    whole, cut = render(ask(), reply), render(ask(max_tokens=limit), reply)
    assert cut.output_tokens <= limit
    assert (cut.finish_reason == "length") == (whole.output_tokens > limit)
    assert (whole.text or "").startswith(cut.text or "")
    for before, after in zip(whole.calls, cut.calls, strict=False):
        assert before.arguments.startswith(after.arguments)
