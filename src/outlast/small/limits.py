"""What the small model is called, what it can't do, and the refusal of requests that ask for it. No I/O."""

from __future__ import annotations

from outlast.offline.refused import WireError
from outlast.offline.wire import Body, read_chat

NAME = "smollm2-135m"

NOTICE_HEADER = "x-outlast-small-model"
NOTICE = "135M parameters, no tool calls, answers are not to be relied on"
"""Every response carries this."""

CONTEXT_TOKENS = 8192
"""Prompt and answer together, as the model was trained."""

ANSWER_TOKENS = 1024
"""Longest answer: a model this small may repeat itself until its context is full."""

NO_TOOLS = (
    f"{NAME} can't call tools, and the agents of outlast answer by tools alone: `outlast run` and `outlast play` need "
    "another model, such as offline:large or a provider's. Without `tools` it takes messages, and `response_format` "
    "with a JSON schema (in Pydantic AI: NativeOutput)."
)


def check(body: Body) -> None:
    """Make sure that the model can do what is asked; llama.cpp would answer as if there were no tools.

    Raises:
        WireError: it can't, or this is no chat completion request.
    """
    chat, _ = read_chat(body)
    check_name(chat.model)
    if chat.tools and chat.tool_choice != "none":
        raise WireError(400, NO_TOOLS, param="tools", code="tools_unsupported")


def check_name(name: str) -> None:
    """Make sure that the model is meant.

    Raises:
        WireError: it isn't.
    """
    if name != NAME:
        message = f"The model {name!r} does not exist here: this server has {NAME}."
        raise WireError(404, message, param="model", code="model_not_found")
