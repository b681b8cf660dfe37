"""What answers mean for the next attempt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from outlast.errors import SourceUnavailableError
from outlast.sources.failures import ThrottledError, http_error, retry_after_seconds


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("3", 3.0), ("0", 0.0), (" 7 ", 7.0), ("99999999999999", 3600.0), ("-1", None), ("soon", None), ("", None)],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after_seconds({"RETRY-AFTER": value}) == seconds


def test_retry_after_as_a_date() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    past = format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True)
    assert 55 <= (retry_after_seconds({"Retry-After": soon}) or 0) <= 60
    assert retry_after_seconds({"Retry-After": past}) == 0


@pytest.mark.parametrize(
    ("status", "retryable"),
    [(400, False), (401, False), (404, False), (408, True), (429, True), (500, True), (503, True)],
)
def test_status(status: int, retryable: bool) -> None:
    error = http_error("Who", status, {})
    assert error.retryable is retryable
    assert isinstance(error, SourceUnavailableError) is retryable
    assert str(status) in str(error)


def test_throttled() -> None:
    error = http_error("Who", 503, {"Retry-After": "5"})
    assert isinstance(error, ThrottledError)
    assert error.retry_after == 5
    assert str(error) == "Who answered HTTP 503 and asks to wait 5 s."
