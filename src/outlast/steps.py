"""Which step is running here: the key that joins history with a ledger kept elsewhere.

The worker sets the step before it runs an activity; model clients send it as headers and sources write it into their
ledger. This module knows no engine, so that the same clients serve a run without Temporal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Self

from outlast.errors import StaleAttemptError

HEADER_PREFIX = "x-outlast-"
"""Every step header starts with this; a ledger on the other side stores what follows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One attempt at one recorded unit of work."""

    job: str
    """Workflow id on Temporal, a generated id in a stateless run."""
    run: str
    """Run id of the workflow: continuing as new changes it."""
    activity: str
    """Activity id, unique within `run`."""
    kind: str
    """Activity type, such as `agent__searcher__model_request`."""
    attempt: int
    """1 for the first attempt."""

    def headers(self) -> dict[str, str]:
        """The step as request headers, ASCII only since ids are."""
        return {
            f"{HEADER_PREFIX}job": self.job,
            f"{HEADER_PREFIX}run": self.run,
            f"{HEADER_PREFIX}activity": self.activity,
            f"{HEADER_PREFIX}kind": self.kind,
            f"{HEADER_PREFIX}attempt": str(self.attempt),
        }

    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> Self | None:
        """Read a step back from request headers; None when a request names none."""
        found = {key.lower(): value for key, value in headers.items()}
        try:
            return cls(
                job=found[f"{HEADER_PREFIX}job"],
                run=found[f"{HEADER_PREFIX}run"],
                activity=found[f"{HEADER_PREFIX}activity"],
                kind=found[f"{HEADER_PREFIX}kind"],
                attempt=int(found[f"{HEADER_PREFIX}attempt"]),
            )
        except (KeyError, ValueError):
            return None


_current: ContextVar[Step | None] = ContextVar("outlast_step", default=None)
_is_fresh: ContextVar[Callable[[], bool]] = ContextVar("outlast_fresh", default=lambda: True)


def current_step() -> Step | None:
    """The step whose attempt this code runs in, None outside of any."""
    return _current.get()


def sending() -> Step | None:
    """The same, for who is about to send a request for it.

    A process that was frozen wakes up in the middle of whatever it did; meanwhile its step may have been made and
    recorded elsewhere. Its request is not sent.

    Raises:
        StaleAttemptError: the attempt stood still for too long.
    """
    step = _current.get()
    if step is not None and not _is_fresh.get()():
        raise StaleAttemptError(
            f"Attempt {step.attempt} at {step.kind} stood still for longer than its heartbeat timeout, so another "
            "worker may have been given the step: nothing is sent."
        )
    return step


@contextmanager
def running(step: Step, is_fresh: Callable[[], bool] = lambda: True) -> Iterator[None]:
    """Mark the block as an attempt at `step`.

    Args:
        step: The attempt.
        is_fresh: Whether it is certain that no other worker was given the step meanwhile.
    """
    tokens = _current.set(step), _is_fresh.set(is_fresh)
    try:
        yield
    finally:
        _current.reset(tokens[0])
        _is_fresh.reset(tokens[1])
