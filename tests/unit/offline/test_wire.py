from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlast.offline.refused import WireError
from outlast.offline.turn import Character, Message, ToolCall
from outlast.offline.wire import Request, canonical, parse_request, read_body, tokens

USER = {"role": "user", "content": "hello"}
SEARCH = {"type": "function", "function": {"name": "search", "description": "Look.", "parameters": {"type": "object"}}}
SUBMIT = {"type": "function", "function": {"name": "submit"}}
CALLED = {"id": "c1", "type": "function", "function": {"name": "search", "arguments": '{"query": "peru"}'}}


def parse(**fields: Any) -> Request:
    return parse_request(read_body(json.dumps({"model": "large", "messages": [USER], **fields}).encode()))


def refused(**fields: Any) -> WireError:
    with pytest.raises(WireError) as caught:
        parse(**fields)
    return caught.value


def test_a_conversation_becomes_messages_that_rules_can_read() -> None:
    messages = [
        {"role": "developer", "content": "Be brief."},
        {
            "role": "user",
            "content": [{"type": "text", "text": "one"}, {"type": "image_url"}, {"type": "text", "text": "two"}],
        },
        {"role": "assistant", "content": None, "tool_calls": [CALLED]},
        {"role": "tool", "tool_call_id": "c1", "content": "Lima"},
    ]
    assert parse(messages=messages).turn.messages == (
        Message("system", "Be brief."),
        Message("user", "one\ntwo"),
        Message("assistant", "", calls=(ToolCall("search", {"query": "peru"}),)),
        Message("tool", "Lima", answers="search"),
    )


@pytest.mark.parametrize("arguments", ["", "{", "[1]", "null"])
def test_arguments_that_are_no_object_read_as_none_given(arguments: str) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "search", "arguments": arguments}}
    messages = [
        USER,
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": ""},
    ]
    assert parse(messages=messages).turn.messages[1].calls == (ToolCall("search", {}),)


def test_tools_carry_their_description_in_the_schema() -> None:
    assert parse(tools=[SEARCH, SUBMIT]).turn.tools == {
        "search": {"type": "object", "description": "Look."},
        "submit": {},
    }


@pytest.mark.parametrize(
    ("choice", "left"),
    [
        ("auto", ["search", "submit"]),
        ("required", ["search", "submit"]),
        ("none", []),
        (None, ["search", "submit"]),
        ({"type": "function", "function": {"name": "submit"}}, ["submit"]),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {"name": "search"}}]},
            },
            ["search"],
        ),
    ],
)
def test_tool_choice_narrows_the_tools(choice: Any, left: list[str]) -> None:
    assert list(parse(tools=[SEARCH, SUBMIT], tool_choice=choice).turn.tools) == left


@pytest.mark.parametrize(
    ("given", "schema"),
    [
        (None, None),
        ({"type": "text"}, None),
        ({"type": "json_object"}, {"type": "object"}),
        ({"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "array"}}}, {"type": "array"}),
    ],
)
def test_response_format_becomes_the_output_schema(given: Any, schema: Any) -> None:
    assert parse(response_format=given).turn.output_schema == schema


def test_options_are_read() -> None:
    request = parse(
        stream=True, stream_options={"include_usage": True}, parallel_tool_calls=False, max_completion_tokens=7, seed=-3
    )
    assert (request.stream, request.include_usage, request.parallel, request.max_tokens) == (True, True, False, 7)
    assert request.turn.seed == -3
    assert request.model is Character.LARGE


def test_unknown_fields_are_ignored() -> None:
    assert parse(temperature=0.3, user="me", future={"a": 1}).turn == parse().turn


def test_the_seed_follows_the_conversation_and_not_the_way_it_is_sent() -> None:
    assert parse(stream=True).turn.seed == parse().turn.seed
    assert parse(messages=[{"role": "user", "content": "bye"}]).turn.seed != parse().turn.seed


def test_the_hash_does_not_depend_on_the_order_of_keys() -> None:
    one, two = read_body(b'{"model": "large", "n": 1}'), read_body(b'{"n":1,\n"model":"large"}')
    assert one.sha256 == two.sha256
    assert one.sha256 == hashlib.sha256(b'{"model":"large","n":1}').hexdigest()
    assert read_body(b'{"model": "large", "n": 2}').sha256 != one.sha256


@pytest.mark.parametrize(
    ("fields", "status", "param", "words"),
    [
        ({"model": "gpt-9"}, 404, "model", "this server has large, small, inventor, gullible"),
        ({"model": 4}, 400, "model", "valid string"),
        ({"messages": []}, 400, "messages", "at least 1"),
        ({"messages": None}, 400, "messages", "valid list"),
        ({"messages": "hi"}, 400, "messages", "valid list"),
        ({"messages": [{"role": "robot", "content": "hi"}]}, 400, "messages.0.role", "'system'"),
        ({"messages": [{"role": "user", "content": 7}]}, 400, "messages.0.content", "valid string"),
        ({"messages": [{"content": "hi"}]}, 400, "messages.0.role", "Missing"),
        ({"stream": "yes"}, 400, "stream", "boolean"),
        ({"n": 2}, 400, "n", "1"),
        ({"max_tokens": 0}, 400, "max_tokens", "greater than 0"),
        ({"tools": [{"type": "function", "function": {"name": "no spaces"}}]}, 400, "tools.0.function.name", "pattern"),
        ({"tools": {"search": {}}}, 400, "tools", "valid list"),
        ({"tool_choice": "required"}, 400, "tool_choice", "no tools"),
        ({"tool_choice": {"type": "function", "function": {"name": "rm"}}}, 400, "tool_choice", "'rm'"),
        ({"response_format": {"type": "json_schema"}}, 400, "response_format.json_schema", "Missing"),
        ({"messages": [{"role": "tool", "tool_call_id": "x", "content": ""}]}, 400, "messages.0", "'x'"),
        ({"messages": [USER, {"role": "assistant", "tool_calls": [CALLED]}]}, 400, "messages.1", "no answer to c1"),
        ({"messages": [{"role": "assistant", "tool_calls": [CALLED]}, USER]}, 400, "messages.1", "no answer to c1"),
    ],
)
def test_a_bad_request_is_told_where_it_is_bad(fields: dict[str, Any], status: int, param: str, words: str) -> None:
    error = refused(**fields)
    assert (error.status, error.param) == (status, param)
    assert words in str(error)
    assert set(error.body()["error"]) == {"message", "type", "param", "code"}


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "not valid JSON"),
        (b'{"model": ', "not valid JSON"),
        (b"\xff\xfe", "not valid JSON"),
        (b'{"model": NaN}', "NaN"),
        (b'{"seed": ' + b"9" * 5000 + b"}", "not valid JSON"),
        (b'{"model": "\\ud800"}', "not valid JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]", "a JSON list, not an object"),
        (b"null", "a JSON NoneType, not an object"),
    ],
)
def test_a_body_that_is_no_object_is_identified_and_refused(raw: bytes, words: str) -> None:
    body = read_body(raw)
    assert len(body.sha256) == 64
    with pytest.raises(WireError, match=words) as caught:
        parse_request(body)
    assert caught.value.status == 400


@pytest.mark.parametrize(("text", "count"), [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2), ("ü€", 2), ("\ud800", 1)])
def test_four_bytes_are_a_token(text: str, count: int) -> None:
    assert tokens(text) == count


def test_tool_schemas_count_as_input() -> None:
    assert parse(tools=[SEARCH]).input_tokens > parse().input_tokens
    assert parse(stream=True).input_tokens == parse().input_tokens == tokens(canonical({"messages": [USER]}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(["model", "messages", "tools", "tool_choice", "response_format", "stream", "n", "seed"])
MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "user", "assistant", "tool"]) | JSON},
    optional={
        "content": st.text() | JSON,
        "tool_calls": st.just([CALLED]) | JSON,
        "tool_call_id": st.just("c1") | JSON,
    },
)


def status_of(raw: bytes) -> int:
    try:
        parse_request(read_body(raw))
    except WireError as error:
        return error.status
    return 200


@given(st.binary() | st.dictionaries(FIELDS, JSON).map(lambda it: json.dumps(it).encode()))
def test_any_bytes_are_parsed_or_refused(raw: bytes) -> None:
    assert status_of(raw) in (200, 400, 404)


@given(st.lists(MESSAGE, max_size=4))
def test_any_messages_are_parsed_or_refused(messages: list[Any]) -> None:
    assert status_of(json.dumps({"model": "large", "messages": messages}).encode()) in (200, 400)


def test_parts_that_are_no_text_are_skipped() -> None:
    parts = [{"type": "image_url", "image_url": {"url": "data:"}}, {"type": "text", "text": "hi"}]
    assert parse(messages=[{"role": "user", "content": parts}]).turn.messages == (Message("user", "hi"),)
