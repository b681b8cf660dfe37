"""The shape of a chat completion request: which fields the server reads, and of what type they must be.

Fields that are not here are ignored, as they don't change what rules answer: temperature, penalties, and the like.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt


class Shape(BaseModel):
    """Strict on types, as the original is: `"stream": "yes"` is an error, not True."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class Part(Shape):
    """One part of a message's content; rules see text only, other parts are skipped."""

    type: str
    text: str | None = None
    refusal: str | None = None


class CalledFunction(Shape):
    """What an assistant message called."""

    name: str
    arguments: str


class Call(Shape):
    """One tool call of an assistant message."""

    id: str
    type: Literal["function"] = "function"
    function: CalledFunction


class WireMessage(Shape):
    """One message."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[Part] | None = None
    tool_calls: list[Call] | None = None
    tool_call_id: str | None = None


class OfferedFunction(Shape):
    """A tool that the model may call."""

    name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,128}$")]
    description: str | None = None
    parameters: dict[str, Any] | None = None


class Tool(Shape):
    """One entry of `tools`."""

    type: Literal["function"]
    function: OfferedFunction


class NamedFunction(Shape):
    """A tool by name."""

    name: str


class NamedTool(Shape):
    """A tool that must be called, or that may be."""

    type: Literal["function"]
    function: NamedFunction


class AllowedTools(Shape):
    """Part of the tools, and whether one must be called."""

    mode: Literal["auto", "required"]
    tools: list[NamedTool]


class AllowedChoice(Shape):
    """`tool_choice` that narrows the tools without changing their list."""

    type: Literal["allowed_tools"]
    allowed_tools: AllowedTools


class NamedSchema(Shape):
    """The schema in `response_format`."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", populate_by_name=True)

    name: str
    body: Annotated[dict[str, Any] | None, Field(alias="schema")] = None


class ResponseFormat(Shape):
    """How the answer's text must be laid out."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: NamedSchema | None = None


class StreamOptions(Shape):
    """What a stream carries besides the answer."""

    include_usage: bool = False


class ChatRequest(Shape):
    """The body of `POST /v1/chat/completions`."""

    model: str
    messages: Annotated[list[WireMessage], Field(min_length=1)]
    tools: list[Tool] | None = None
    tool_choice: Literal["none", "auto", "required"] | NamedTool | AllowedChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Literal[1] | None = None
    max_tokens: PositiveInt | None = None
    max_completion_tokens: PositiveInt | None = None
    seed: int | None = None
