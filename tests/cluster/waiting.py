"""Waiting for a condition with a deadline: the only way anything here waits."""

import time
from collections.abc import Callable
from typing import TypeVar

from tests.cluster.errors import DeadlineError

T = TypeVar("T")

_FIRST_PAUSE_SECONDS = 0.02
_LONGEST_PAUSE_SECONDS = 0.25


def wait_until(
    condition: Callable[[], T | None],
    *,
    what: str,
    deadline_seconds: float,
    next_step: Callable[[], str] = lambda: "",
    seen: Callable[[], str] = lambda: "",
) -> T:
    """Return the condition's first value that is neither None nor False; `seen` tells what stood in the way."""
    end = time.monotonic() + deadline_seconds
    pause = _FIRST_PAUSE_SECONDS
    while True:
        value = condition()
        if value is not None and value is not False:
            return value
        if time.monotonic() >= end:
            raise DeadlineError(
                f"{what} did not happen within {deadline_seconds:g} s", seen=seen(), next_step=next_step()
            )
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)
