"""From the bytes of a request to the turn that rules see. No I/O, no clock, no chance.

Two requests with the same JSON have the same hash whatever the order of their keys; everything that looks random in an
answer (ids, delays, faults) is derived from it.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from outlast.offline.conversation import read_messages
from outlast.offline.refused import WireError
from outlast.offline.shapes import AllowedChoice, ChatRequest, NamedTool
from outlast.offline.turn import Character, Turn

BYTES_PER_TOKEN = 4
"""A token is four UTF-8 bytes, rounded up: near enough for English, and anyone can count it again."""


@dataclass(frozen=True, slots=True)
class Body:
    """A request body as far as it can be known before it is checked: enough to record it."""

    sha256: str
    """Of the canonical JSON; of the raw bytes where they are no JSON."""
    model: str | None
    document: dict[str, Any] | None
    problem: str | None = None
    """Why there is no document."""


@dataclass(frozen=True, slots=True)
class Request:
    """A checked request."""

    sha256: str
    model: Character
    turn: Turn
    input_tokens: int
    stream: bool
    include_usage: bool
    parallel: bool
    """Whether several tool calls may be answered at once."""
    max_tokens: int | None


def tokens(text: str) -> int:
    """How many tokens a text counts as."""
    return math.ceil(len(text.encode("utf-8", "surrogatepass")) / BYTES_PER_TOKEN)


def canonical(document: Any) -> str:
    """JSON with sorted keys and no spaces: equal documents, equal text."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def read_body(raw: bytes) -> Body:
    """Identify a body, whatever it holds."""
    try:
        document = json.loads(raw, parse_constant=_refuse_constant)
        text = canonical(document).encode()  # a lone surrogate is no text
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        return Body(hashlib.sha256(raw).hexdigest(), None, None, f"The body is not valid JSON: {reason}.")
    digest = hashlib.sha256(text).hexdigest()
    if not isinstance(document, dict):
        return Body(digest, None, None, f"The body is a JSON {type(document).__name__}, not an object.")
    model = document.get("model")
    return Body(digest, model if isinstance(model, str) else None, document)


def parse_request(body: Body) -> Request:
    """Check a body and reduce it to what rules look at.

    Raises:
        WireError: the body is no chat completion request, or names a model that isn't here.
    """
    chat, document = read_chat(body)
    character = find_model(chat.model)
    turn = Turn(
        character=character,
        messages=read_messages(chat.messages),
        tools=_tools(chat),
        output_schema=_output_schema(chat),
        seed=_seed(chat, document),
    )
    counted = {key: document.get(key) for key in ("messages", "tools", "response_format") if document.get(key)}
    return Request(
        sha256=body.sha256,
        model=character,
        turn=turn,
        input_tokens=tokens(canonical(counted)),
        stream=bool(chat.stream),
        include_usage=bool(chat.stream_options and chat.stream_options.include_usage),
        parallel=chat.parallel_tool_calls is not False,
        max_tokens=chat.max_completion_tokens or chat.max_tokens,
    )


def read_chat(body: Body) -> tuple[ChatRequest, dict[str, Any]]:
    """Check the shape of a body: its fields that are read here, and all of them.

    Raises:
        WireError: the body is no chat completion request.
    """
    if body.document is None:
        raise WireError(400, body.problem or "The body is empty.", code="invalid_json")
    try:
        return ChatRequest.model_validate(body.document), body.document
    except ValidationError as error:
        raise _wire_error(error) from None


def find_model(name: str) -> Character:
    """The model of this name.

    Raises:
        WireError: there is none.
    """
    try:
        return Character(name)
    except ValueError:
        known = ", ".join(Character)
        message = f"The model {name!r} does not exist here: this server has {known}."
        raise WireError(404, message, param="model", code="model_not_found") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _wire_error(error: ValidationError) -> WireError:
    problem = error.errors(include_url=False)[0]
    # Pydantic names the alternative of a union it tried; people look for the field.
    path = [str(part) for part in problem["loc"] if isinstance(part, int) or part in _FIELDS]
    param = ".".join(path)
    if problem["type"] == "missing":
        return WireError(400, f"Missing required parameter: {param!r}.", param=param, code="missing_required_parameter")
    return WireError(400, f"Invalid value for {param!r}: {problem['msg']}.", param=param, code="invalid_value")


def _field_names(shape: Any, found: set[str]) -> set[str]:
    for definition in [shape, *shape.get("$defs", {}).values()]:
        found.update(definition.get("properties", {}))
    return found


_FIELDS = _field_names(ChatRequest.model_json_schema(), set())


def _tools(chat: ChatRequest) -> dict[str, dict[str, Any]]:
    offered = {tool.function.name: tool.function for tool in chat.tools or []}
    choice = chat.tool_choice
    if choice == "none":
        return {}
    if isinstance(choice, NamedTool | AllowedChoice):
        chosen = [choice] if isinstance(choice, NamedTool) else choice.allowed_tools.tools
        names = [tool.function.name for tool in chosen]
        if unknown := [name for name in names if name not in offered]:
            text = f"`tool_choice` names {unknown[0]!r}, which is not among the tools: {', '.join(offered) or 'none'}."
            raise WireError(400, text, param="tool_choice", code="invalid_value")
        offered = {name: offered[name] for name in names}
    elif choice == "required" and not offered:
        raise WireError(400, "`tool_choice` is 'required', but there are no tools.", param="tool_choice")
    # A model reads descriptions too, so they ride along where JSON schema keeps them.
    return {
        name: {**(tool.parameters or {}), **({"description": tool.description} if tool.description else {})}
        for name, tool in offered.items()
    }


def _output_schema(chat: ChatRequest) -> dict[str, Any] | None:
    if chat.response_format is None or chat.response_format.type == "text":
        return None
    if chat.response_format.type == "json_object":
        return {"type": "object"}
    if chat.response_format.json_schema is None:
        text = "Missing required parameter: 'response_format.json_schema'."
        raise WireError(400, text, param="response_format.json_schema", code="missing_required_parameter")
    return chat.response_format.json_schema.body or {"type": "object"}


def _seed(chat: ChatRequest, document: dict[str, Any]) -> int:
    if chat.seed is not None:
        return chat.seed
    # Not the whole body: streamed or not, the same conversation gets the same answer.
    content = {key: document.get(key) for key in ("model", "messages", "tools", "tool_choice", "response_format")}
    return int.from_bytes(hashlib.sha256(canonical(content).encode()).digest()[:8])
