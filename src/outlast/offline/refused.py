"""The error of a request that the server refuses, and the body in which OpenAI's clients expect it."""

from __future__ import annotations

from typing import Any


class WireError(Exception):
    """A request that the server refuses, as OpenAI's error body tells it.

    Args:
        status: HTTP status.
        message: a sentence.
        param: the field at fault.
        code: short name that clients may test.
    """

    def __init__(self, status: int, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.param = param
        self.code = code

    def body(self) -> dict[str, Any]:
        """The JSON body."""
        kinds = {429: "rate_limit_error", 403: "permission_error"}
        kind = kinds.get(self.status, "invalid_request_error" if self.status < 500 else "server_error")
        return {"error": {"message": str(self), "type": kind, "param": self.param, "code": self.code}}
