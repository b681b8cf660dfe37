"""Whether a failed attempt is made again, and when: one pure decision for every step.

Temporal asks by error type and counts attempts, and can't tell an attempt that failed from one whose worker died. Here
the worker decides at the failure itself, so `backoffLimit` bounds failures and no number of deaths ends a job.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic_ai.exceptions import (
    ContentFilterError,
    ModelAPIError,
    ModelConnectionError,
    ModelHTTPError,
    ModelQuotaExceededError,
    ModelRequestRejectedError,
    ModelRequestTimeout,
    ModelTimeoutError,
    UnexpectedModelBehavior,
    UserError,
)
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from outlast.durable.reasons import is_unreadable, reason
from outlast.durable.takeover import HANDED_ON, OUTLIVED_DRAIN, RETRY_AFTER
from outlast.errors import OutlastError
from outlast.redaction import redacted

RETRYABLE_STATUS = frozenset({408, 409, 425, 429})
"""Client errors that a later request may not meet; every 5xx is tried again as well."""

LONGEST_WAIT = timedelta(hours=1)
"""The most of a `Retry-After` that is waited for: beyond it, asking again tells more than waiting."""

MALFORMED_RESPONSE = "MalformedResponse"
"""Error type of a response that is no valid answer: the next one may be. Pydantic AI never retries its own type."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a failed attempt."""

    retry: bool
    cause: str
    """Short and stable, for metrics: `http_429`, `connection`, `malformed`, ..."""
    why: str
    """A sentence for people."""
    after: timedelta | None = None
    """How long the other side asked to wait; None leaves it to the policy."""
    surprising: bool = False
    """Whether nobody foresaw this kind of error, so that a log needs its traceback."""


@dataclass(frozen=True, slots=True)
class Failures:
    """How often a step failed so far. Travels from attempt to attempt in heartbeat details, which outlive a worker."""

    count: int = 0
    """Attempts that ended with an error; those whose worker died are not among them."""
    last_attempt: int = 0
    """Number of the attempt that failed last."""
    handed_over: tuple[int, ...] = ()
    """Numbers of the latest attempts that outlived the drain of their workers; no failures of the step."""

    @classmethod
    def recorded(cls, heartbeat_details: Sequence[Any]) -> Failures:
        """As the attempts before wrote it down."""
        match list(heartbeat_details[:3]):
            case [int(count), int(last_attempt), [*handed_over]]:
                return cls(count, last_attempt, tuple(number for number in handed_over if isinstance(number, int)))
            case [int(count), int(last_attempt), *_]:
                return cls(count, last_attempt)
            case _:
                return cls()

    def after(self, attempt: int) -> Failures:
        """With the failure of one more attempt."""
        return Failures(self.count + 1, attempt, self.handed_over)

    def after_handover(self, attempt: int) -> Failures:
        """With one more attempt that outlived the drain of its worker."""
        return Failures(self.count, self.last_attempt, (*self.handed_over, attempt)[-HANDED_ON:])

    def was_handed_over(self, attempt: int) -> bool:
        """Whether the attempt before this one outlived the drain of its worker."""
        return attempt - 1 in self.handed_over

    def was_cut(self, attempt: int) -> bool:
        """Whether nothing is known of the end of the attempt before this one: its worker died, or fell silent."""
        return attempt > 1 and self.last_attempt != attempt - 1 and not self.was_handed_over(attempt)

    def outlived_drain(self, attempt: int) -> ApplicationError:
        """The failure by which an attempt is handed over: made elsewhere at once, however many there were before.

        Temporal keeps the last failure only, so this one hands on those right before it that were of its kind.
        """
        error = ApplicationError(
            f"attempt {attempt} outlived the drain of its worker",
            type=OUTLIVED_DRAIN,
            next_retry_delay=RETRY_AFTER,
            category=ApplicationErrorCategory.BENIGN,
        )
        error.__cause__ = self.outlived_drain(attempt - 1) if self.was_handed_over(attempt) else None
        return error


def judge(error: BaseException) -> Verdict:
    """Decide by the class of the outermost error that we know."""
    for known in _chain(error):
        match known:
            case ModelAPIError():
                return _judge_model_error(known)
            case ContentFilterError():
                return Verdict(retry=False, cause="content_filter", why=reason(known))
            case UnexpectedModelBehavior():
                return Verdict(retry=True, cause="malformed", why=reason(known))
            case OutlastError():
                after = _asked(getattr(known, "retry_after", None))
                return Verdict(retry=known.retryable, cause=type(known).__name__, why=reason(known), after=after)
            case UserError():
                return Verdict(retry=False, cause="setup", why=reason(known))
            case _:
                continue
    final = isinstance(error, ApplicationError) and error.non_retryable
    return Verdict(retry=not final, cause=type(error).__name__, why=reason(error), surprising=True)


def retried_error(error: BaseException, *, failures: int, backoff_limit: int | None) -> ApplicationError:
    """The error that tells Temporal what `judge` decided, with what the workflow needs to rebuild it.

    Args:
        error: What the attempt raised.
        failures: How often the step failed, this time included.
        backoff_limit: How often a failing step is tried again; None is no bound.
    """
    verdict = judge(error)
    spent = backoff_limit is not None and failures > backoff_limit
    retry = verdict.retry and not spent
    why = verdict.why
    if verdict.retry and spent:
        why += f" It failed {failures} times; backoffLimit is {backoff_limit}."
    return ApplicationError(
        redacted(why),
        *(redacted(tuple(error.details)) if isinstance(error, ApplicationError) else ()),
        type=_type_of(error, verdict),
        non_retryable=not retry,
        next_retry_delay=verdict.after,
        # The SDK logs text and traceback of a failure that is not benign: a 429 is no news, and texts may be private.
        category=ApplicationErrorCategory.BENIGN,
    )


def _judge_model_error(error: ModelAPIError) -> Verdict:
    why = reason(error)
    after = _asked(error.retry_after)
    match error:
        case ModelQuotaExceededError():
            return Verdict(retry=False, cause="quota", why=why)
        case ModelHTTPError():
            retry = error.status_code in RETRYABLE_STATUS or error.status_code >= 500
            if error.provider_retry_hint is not None:
                retry = error.provider_retry_hint
            return Verdict(retry=retry, cause=f"http_{error.status_code}", why=why, after=after)
        case ModelRequestRejectedError():
            return Verdict(retry=False, cause="rejected", why=why)
        case ModelTimeoutError() | ModelRequestTimeout():
            return Verdict(retry=True, cause="timeout", why=why, after=after)
        case ModelConnectionError():
            return Verdict(retry=True, cause="connection", why=why, after=after)
        case _:
            return Verdict(retry=True, cause="malformed" if is_unreadable(error) else "provider", why=why, after=after)


def _type_of(error: BaseException, verdict: Verdict) -> str:
    if verdict.cause == "malformed":
        return MALFORMED_RESPONSE
    return (isinstance(error, ApplicationError) and error.type) or type(error).__name__


def _chain(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    seen: BaseException | None = error
    while seen is not None and len(chain) < 10:
        chain.append(seen)
        seen = seen.__cause__
    return chain


def _asked(seconds: float | None) -> timedelta | None:
    return None if seconds is None else min(timedelta(seconds=min(seconds, 1e6)), LONGEST_WAIT)
