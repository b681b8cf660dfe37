"""Whether a failed attempt is made again, and when: one pure decision for every step.

Temporal asks by error type and counts attempts, and can't tell an attempt that failed from one whose worker died. Here
the worker decides at the failure itself, so `backoffLimit` bounds failures and no number of deaths ends a job.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from pydantic_ai.exceptions import ModelAPIError, ModelHTTPError, UnexpectedModelBehavior, UserError
from temporalio.exceptions import ApplicationError

from outlast.errors import OutlastError

RETRYABLE_STATUS = frozenset({408, 409, 425, 429})
"""Client errors that a later request may not meet; every 5xx is tried again as well."""

MALFORMED_RESPONSE = "MalformedResponse"
"""Error type of a response that is no valid answer: the next one may be."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a failed attempt."""

    retry: bool
    cause: str
    """Short and stable, for metrics: `http_429`, `connection`, `malformed`, ..."""
    after: timedelta | None = None
    """How long the other side asked to wait; None leaves it to the policy."""


def judge(error: BaseException) -> Verdict:
    """Decide by the class of the innermost error that we know."""
    for known in _chain(error):
        match known:
            case ModelHTTPError():
                retry = known.status_code in RETRYABLE_STATUS or known.status_code >= 500
                return Verdict(retry=retry, cause=f"http_{known.status_code}", after=_asked(known.retry_after))
            case ModelAPIError():
                return Verdict(retry=True, cause="connection", after=_asked(known.retry_after))
            case UnexpectedModelBehavior():
                return Verdict(retry=True, cause="malformed")
            case OutlastError():
                after = _asked(getattr(known, "retry_after", None))
                return Verdict(retry=known.retryable, cause=type(known).__name__, after=after)
            case UserError():
                return Verdict(retry=False, cause="setup")
            case _:
                continue
    return Verdict(retry=True, cause=type(error).__name__)


def retried_error(error: BaseException, *, attempt: int, backoff_limit: int | None) -> ApplicationError:
    """The error that tells Temporal what `judge` decided, with what the workflow needs to rebuild it.

    Args:
        error: What the attempt raised.
        attempt: Number of the attempt, from 1; it counts attempts cut by a death too, which only makes room.
        backoff_limit: How often a failing step is tried again; None is no bound.
    """
    verdict = judge(error)
    spent = backoff_limit is not None and attempt > backoff_limit
    details = error.details if isinstance(error, ApplicationError) else ()
    kind = error.type if isinstance(error, ApplicationError) else type(error).__name__
    return ApplicationError(
        str(error) or kind or "failed",
        *details,
        type=MALFORMED_RESPONSE if verdict.cause == "malformed" else kind,
        non_retryable=spent or not verdict.retry,
        next_retry_delay=verdict.after,
    )


def _chain(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    seen: BaseException | None = error
    while seen is not None and len(chain) < 10:
        chain.append(seen)
        seen = seen.__cause__
    return chain


def _asked(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)
