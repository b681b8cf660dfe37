"""Says why a step failed, in a sentence that a person can act on: it reaches the failure of the job.

Providers' own words are kept, shortened: they name the field or the limit. Class names and tracebacks are for logs.
"""

from __future__ import annotations

from typing import Any

from pydantic_ai.exceptions import (
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelNotFoundError,
    ModelQuotaExceededError,
    ModelTimeoutError,
    UnexpectedModelBehavior,
)

WORDS_OF_OTHERS = 300
"""How much of a provider's message is kept."""


def reason(error: BaseException) -> str:
    """One sentence on an error that `judge` knows, or its own words."""
    match error:
        case ModelHTTPError():
            return f"{_http(error)} (HTTP {error.status_code}{_quoted(error)})."
        case ModelTimeoutError():
            return f"The model {error.model_name!r} did not answer in time (OUTLAST_REQUEST_TIMEOUT_SECONDS)."
        case ModelConnectionError():
            return f"The model {error.model_name!r} can't be reached: {_short(_innermost(error))}."
        case ModelAPIError() if is_unreadable(error):
            return f"The answer of the model {error.model_name!r} can't be read: {_short(error.message)}."
        case ModelAPIError():
            return f"The provider of the model {error.model_name!r} failed: {_short(error.message)}."
        case UnexpectedModelBehavior():
            return f"The answer of the model can't be read: {_short(error.message)}."
        case _:
            return str(error) or type(error).__name__


def is_unreadable(error: ModelAPIError) -> bool:
    """Whether a response came that is no valid answer, such as half a JSON document."""
    return isinstance(error.__cause__, ValueError) or error.message.startswith("Expected a JSON response")


def _http(error: ModelHTTPError) -> str:
    name = repr(error.model_name)
    match error:
        case ModelAuthenticationError():
            return f"The provider of the model {name} refused the key: check the one that the worker has"
        case ModelNotFoundError():
            return f"The provider knows no model {name}: check its name and the base URL"
        case ModelContextWindowExceededError():
            return f"The conversation is longer than the model {name} can read"
        case ModelQuotaExceededError():
            return f"The quota or credit for the model {name} is used up"
        case _ if error.status_code == 429:
            return f"The provider of the model {name} asked to slow down"
        case _ if error.status_code >= 500:
            return f"The provider of the model {name} failed"
        case _:
            return f"The provider of the model {name} refused the request"


def _quoted(error: ModelHTTPError) -> str:
    body: Any = error.body
    if isinstance(body, dict):
        body = body.get("error", body)
    words = body.get("message") if isinstance(body, dict) else body
    return f": {_short(str(words))}" if words else ""


def _innermost(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error) or type(error).__name__


def _short(words: str) -> str:
    words = " ".join(words.split()).rstrip(".")
    return words if len(words) <= WORDS_OF_OTHERS else f"{words[:WORDS_OF_OTHERS]}..."
