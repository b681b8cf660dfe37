"""The decision on a failed attempt: by its class, by what the other side asked for, by the failures before it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from pydantic_ai.exceptions import (
    ContentFilterError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelNotFoundError,
    ModelOverloadedError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelRequestTimeout,
    ModelServerError,
    ModelTimeoutError,
    UnexpectedModelBehavior,
    UserError,
)
from temporalio.exceptions import ApplicationError

from outlast.durable.retries import LONGEST_WAIT, MALFORMED_RESPONSE, Failures, judge, retried_error
from outlast.durable.takeover import HANDED_ON, OUTLIVED_DRAIN, RETRY_AFTER
from outlast.errors import PayloadTooLargeError, SourceError, SourceUnavailableError


def http(status: int, category: Any = None, **more: Any) -> ModelHTTPError:
    return ModelHTTPError.for_category(category, status_code=status, model_name="m", **more)


def unreadable() -> ModelAPIError:
    error = ModelAPIError("m", "Failed to decode response as JSON: Unterminated string")
    error.__cause__ = json.JSONDecodeError("Unterminated string", "{", 1)
    return error


@pytest.mark.parametrize(
    ("error", "retry", "cause"),
    [
        pytest.param(http(429, ModelRateLimitError), True, "http_429", id="429"),
        pytest.param(http(500, ModelServerError), True, "http_500", id="500"),
        pytest.param(http(503, ModelOverloadedError), True, "http_503", id="503"),
        pytest.param(http(529), True, "http_529", id="a status of its own"),
        pytest.param(http(408), True, "http_408", id="408"),
        pytest.param(http(400), False, "http_400", id="400"),
        pytest.param(http(401, ModelAuthenticationError), False, "http_401", id="401"),
        pytest.param(http(404, ModelNotFoundError), False, "http_404", id="404"),
        pytest.param(http(400, ModelContextWindowExceededError), False, "http_400", id="too long a conversation"),
        pytest.param(http(429, ModelQuotaExceededError), False, "quota", id="a used-up quota"),
        pytest.param(http(500, headers={"x-should-retry": "false"}), False, "http_500", id="500, told not to retry"),
        pytest.param(http(400, headers={"x-should-retry": "true"}), True, "http_400", id="400, told to retry"),
        pytest.param(ModelConnectionError("m", "no"), True, "connection", id="no connection"),
        pytest.param(ModelTimeoutError("m", "no"), True, "timeout", id="silence"),
        pytest.param(ModelRequestTimeout("m", 5), True, "timeout", id="a deadline"),
        pytest.param(unreadable(), True, "malformed", id="half a JSON document"),
        pytest.param(ModelAPIError("m", "odd"), True, "provider", id="an error inside a stream"),
        pytest.param(UnexpectedModelBehavior("odd"), True, "malformed", id="JSON that is no answer"),
        pytest.param(ContentFilterError("no"), False, "content_filter", id="a filtered answer"),
        pytest.param(SourceUnavailableError("no"), True, "SourceUnavailableError", id="a source that does not answer"),
        pytest.param(SourceError("no"), False, "SourceError", id="a source that can't be searched"),
        pytest.param(PayloadTooLargeError("no"), False, "PayloadTooLargeError", id="too large"),
        pytest.param(UserError("no"), False, "setup", id="a mistake in code"),
        pytest.param(TypeError("no"), True, "TypeError", id="a bug that a new build may heal"),
        pytest.param(ApplicationError("no", non_retryable=True), False, "ApplicationError", id="final by its own word"),
    ],
)
def test_an_error_is_retried_when_it_can_heal(error: Exception, retry: bool, cause: str) -> None:
    verdict = judge(error)
    assert (verdict.retry, verdict.cause) == (retry, cause)


def test_the_cause_behind_a_wrapper_decides() -> None:
    wrapper = ApplicationError("wrapped", {"some": "details"}, type="ModelHTTPError")
    wrapper.__cause__ = http(401, ModelAuthenticationError)
    failed = retried_error(wrapper, failures=1, backoff_limit=5)
    assert failed.non_retryable
    assert failed.details == ({"some": "details"},)  # what the workflow rebuilds the error from
    assert failed.type == "ModelHTTPError"


@pytest.mark.parametrize(
    ("failures", "limit", "final"),
    [(1, 0, True), (1, 1, False), (2, 1, True), (5, 5, False), (6, 5, True), (1000, None, False)],
)
def test_failures_are_bounded(failures: int, limit: int | None, final: bool) -> None:
    failed = retried_error(http(500), failures=failures, backoff_limit=limit)
    assert failed.non_retryable is final
    assert ("It failed" in failed.message) is final


@pytest.mark.parametrize(
    ("asked", "waited"),
    [
        pytest.param("7", timedelta(seconds=7), id="seconds"),
        pytest.param("999999999", LONGEST_WAIT, id="longer than is sensible"),
        pytest.param(None, None, id="nothing"),
    ],
)
def test_retry_after_is_the_next_delay(asked: str | None, waited: timedelta | None) -> None:
    error = http(429, headers={"retry-after": asked} if asked else None)
    assert retried_error(error, failures=1, backoff_limit=5).next_retry_delay == waited


def test_a_malformed_answer_has_a_type_that_pydantic_ai_does_not_forbid_to_retry() -> None:
    assert retried_error(UnexpectedModelBehavior("odd"), failures=1, backoff_limit=5).type == MALFORMED_RESPONSE


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        pytest.param(
            http(401, ModelAuthenticationError, body={"error": {"message": "Wrong key."}}),
            "The provider of the model 'm' refused the key: check the one that the worker has (HTTP 401: Wrong key).",
            id="a key",
        ),
        pytest.param(
            http(400, body="x" * 1000),
            f"The provider of the model 'm' refused the request (HTTP 400: {'x' * 300}...).",
            id="a long body",
        ),
        pytest.param(http(429), "The provider of the model 'm' asked to slow down (HTTP 429).", id="no body"),
        pytest.param(
            ModelConnectionError("m", "Connection error."),
            "The model 'm' can't be reached: Connection error.",
            id="no connection",
        ),
        pytest.param(SourceError("It is closed."), "It is closed.", id="our own words"),
    ],
)
def test_a_final_failure_says_why(error: Exception, sentence: str) -> None:
    assert retried_error(error, failures=1, backoff_limit=5).message == sentence


@pytest.mark.parametrize(
    ("details", "failures"),
    [
        pytest.param([], Failures(), id="none so far"),
        pytest.param([2, 3], Failures(2, 3), id="as written"),
        pytest.param([2, 3, "more"], Failures(2, 3), id="with details of the step itself"),
        pytest.param([2, 3, [4, 5]], Failures(2, 3, (4, 5)), id="with drains"),
        pytest.param([2, 3, [4, "x"], "more"], Failures(2, 3, (4,)), id="with drains and details"),
        pytest.param(["of", "another"], Failures(), id="written by somebody else"),
    ],
)
def test_failures_travel_in_heartbeats(details: list[Any], failures: Failures) -> None:
    assert Failures.recorded(details) == failures


@pytest.mark.parametrize(
    ("failures", "attempt", "cut"),
    [
        pytest.param(Failures(), 1, False, id="the first attempt"),
        pytest.param(Failures(), 2, True, id="the first one died"),
        pytest.param(Failures(1, 1), 2, False, id="the first one failed"),
        pytest.param(Failures(1, 1), 3, True, id="the first failed, the second died"),
        pytest.param(Failures().after_handover(1), 2, False, id="the first one outlived its drain"),
        pytest.param(Failures().after_handover(1), 3, True, id="the first was handed over, the second died"),
    ],
)
def test_a_cut_attempt_is_told_from_a_failed_one(failures: Failures, attempt: int, cut: bool) -> None:
    assert failures.was_cut(attempt) is cut


def test_a_handed_over_attempt_is_no_failure_and_waits_for_nothing() -> None:
    failures = Failures(1, 1).after_handover(2).after_handover(3)
    assert (failures.count, failures.was_handed_over(4), failures.was_handed_over(5)) == (1, True, False)
    error = failures.outlived_drain(4)
    assert (error.type, error.non_retryable, error.next_retry_delay) == (OUTLIVED_DRAIN, False, RETRY_AFTER)


def test_a_handover_hands_on_those_right_before_it_and_no_more() -> None:
    def chain(error: BaseException | None) -> list[str]:
        return [str(error), *chain(error.__cause__)] if error else []

    failures = Failures().after_handover(1).after_handover(3).after_handover(4)
    said = "OutlivedDrain: attempt {} outlived the drain of its worker"
    assert chain(failures.outlived_drain(5)) == [said.format(number) for number in (5, 4, 3)]
    for number in range(5, 100):
        failures = failures.after_handover(number)
    assert len(chain(failures.outlived_drain(100))) == HANDED_ON + 1
