"""What the answers of services on the network mean: whether and when trying again may help."""

from __future__ import annotations

import email.utils
from collections.abc import Mapping
from datetime import UTC, datetime

from outlast.errors import SourceError, SourceUnavailableError

__all__ = ["RefusedURLError", "ThrottledError", "http_error", "retry_after_seconds"]

LONGEST_WAIT_SECONDS = 3600.0
"""A service that asks for more is taken to have asked for this much."""


class RefusedURLError(SourceError):
    """A URL that outlast does not connect to, whatever stands behind it."""


class ThrottledError(SourceUnavailableError):
    """A service that asks to be left alone for a while.

    Attributes:
        retry_after: seconds that it asked for, None when it named no time.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


def http_error(who: str, status: int, headers: Mapping[str, str], *, hint: str = "") -> SourceError:
    """The error that an HTTP status of 400 or more stands for.

    Args:
        who: whose answer it is, to begin the sentence with.
        status: HTTP status.
        headers: of the answer, with names in any case.
        hint: the next step for a person, where the error can't heal.
    """
    after = retry_after_seconds(headers)
    if status == 429 or after is not None:
        wait = f" and asks to wait {after:g} s" if after is not None else ""
        return ThrottledError(f"{who} answered HTTP {status}{wait}.", retry_after=after)
    if status >= 500 or status in (408, 425):
        return SourceUnavailableError(f"{who} answered HTTP {status}.")
    return SourceError(f"{who} answered HTTP {status}.{' ' if hint else ''}{hint}")


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """The wait that `Retry-After` asks for, as seconds or as a date; None when it is missing or makes no sense."""
    value = next((value for name, value in headers.items() if name.lower() == "retry-after"), "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), LONGEST_WAIT_SECONDS)
    try:
        when = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    seconds = (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), LONGEST_WAIT_SECONDS)
