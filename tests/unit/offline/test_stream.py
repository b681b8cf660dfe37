from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlast.offline.answer import render, usage
from outlast.offline.stream import DONE, Event, events
from outlast.offline.turn import Reply, ToolCall
from outlast.offline.wire import Request, parse_request, read_body


def ask(**fields: Any) -> Request:
    document = {"model": "large", "messages": [{"role": "user", "content": "hello"}], "stream": True, **fields}
    return parse_request(read_body(json.dumps(document).encode()))


def chunks(stream: list[Event]) -> list[dict[str, Any]]:
    assert stream[-1].data == DONE
    assert all(event.data.startswith(b"data: ") and event.data.endswith(b"\n\n") for event in stream)
    return [json.loads(event.data[6:]) for event in stream[:-1]]


def joined(stream: list[Event]) -> tuple[str, list[tuple[str, str, str]], list[str]]:
    text = ""
    calls: list[tuple[str, str, str]] = []
    reasons: list[str] = []
    for chunk in chunks(stream):
        for choice in chunk["choices"]:
            text += choice["delta"].get("content") or ""
            for call in choice["delta"].get("tool_calls", []):
                if "id" in call:
                    assert call["index"] == len(calls)
                    calls.append((call["id"], call["function"]["name"], ""))
                found = calls[call["index"]]
                calls[call["index"]] = (found[0], found[1], found[2] + call["function"]["arguments"])
            reasons += [choice["finish_reason"]] if choice["finish_reason"] else []
    return text, calls, reasons


@given(
    st.text(max_size=120),
    st.lists(
        st.builds(ToolCall, st.just("search"), st.dictionaries(st.text(max_size=5), st.text(max_size=40))), max_size=3
    ),
)
def test_a_stream_adds_up_to_the_answer(text: str, calls: list[ToolCall]) -> None:
    request = ask()
    answer = render(request, Reply(text, tuple(calls)))
    assert joined(events(request, answer, 1)) == (
        answer.text or "",
        [(call.id, call.name, call.arguments) for call in answer.calls],
        [answer.finish_reason],
    )


def test_every_chunk_has_the_same_id_and_names_the_rules() -> None:
    request = ask()
    found = chunks(events(request, render(request, Reply("hello " * 20)), 9))
    heads = {(chunk["id"], chunk["created"], chunk["object"], chunk["system_fingerprint"]) for chunk in found}
    assert heads == {(f"chatcmpl-{request.sha256[:24]}", 9, "chat.completion.chunk", "outlast-offline-rules")}
    assert found[0]["choices"][0]["delta"]["role"] == "assistant"


@pytest.mark.parametrize("wanted", [True, False])
def test_usage_comes_last_and_only_when_asked_for(wanted: bool) -> None:
    request = ask(stream_options={"include_usage": wanted})
    answer = render(request, Reply("hello"))
    found = chunks(events(request, answer, 1))
    if wanted:
        assert [chunk["usage"] for chunk in found] == [None] * (len(found) - 1) + [usage(request, answer)]
        assert found[-1]["choices"] == []
    else:
        assert not any("usage" in chunk for chunk in found)
