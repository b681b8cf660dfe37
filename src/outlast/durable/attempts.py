"""One attempt at a step, on the worker that makes it: its key is set, its failure judged, its result checked."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from pydantic_ai.messages import ModelResponse
from temporalio import activity
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue
from temporalio.converter import PayloadConverter
from temporalio.exceptions import CancelledError
from temporalio.worker import ActivityInboundInterceptor, ActivityOutboundInterceptor, ExecuteActivityInput

from outlast.durable.claims import refuse_if_taken
from outlast.durable.limits import Limits, sentence_in, too_large
from outlast.durable.observer import CUT, DRAINED, StepObserver
from outlast.durable.offload import Offload
from outlast.durable.pulse import Pulse
from outlast.durable.retries import judge, retried_error
from outlast.errors import PayloadTooLargeError
from outlast.steps import Step, running

BACKOFF_HEADER = "outlast-backoff-limit"
"""Carries the job's `backoffLimit` from workflow to worker. Headers stay clear: the number is all that we put there."""

log = logging.getLogger(__name__)


class StepInbound(ActivityInboundInterceptor):
    """Around each attempt.

    Args:
        next: What it wraps.
        observer: Told of each attempt.
        limits: What fits into a message.
        offload: Stores large results.
    """

    def __init__(
        self,
        next: ActivityInboundInterceptor,  # noqa: A002
        *,
        observer: StepObserver,
        limits: Limits,
        offload: Offload,
    ) -> None:
        super().__init__(next)
        self._observer = observer
        self._limits = limits
        self._offload = offload

    def init(self, outbound: ActivityOutboundInterceptor) -> None:
        """Take the heartbeats of this attempt in hand."""
        self._pulse = Pulse(outbound)
        super().init(self._pulse)

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        """Make the attempt."""
        info = activity.info()
        kind = info.activity_type
        self._observer.started(kind)
        if self._pulse.failures.was_cut(info.attempt):
            self._observer.retried(kind, CUT)
        elif self._pulse.failures.was_handed_over(info.attempt):
            self._observer.retried(kind, DRAINED)
        outcome = "cancelled"
        began = time.perf_counter()
        try:
            with running(_step(info), self._pulse.is_fresh), self._pulse.beating():
                result = await self._made(input)
            outcome = "ok"
        except (CancelledError, asyncio.CancelledError):
            if _drain_is_over():
                outcome = DRAINED
                handed_over = self._handed_over()
                raise handed_over from handed_over.__cause__  # which tells of the attempts before
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, Temporal has to be told what becomes of it
            outcome = judge(error).cause
            raise self._failed(error, input) from None
        finally:
            self._observer.ended(kind, outcome, time.perf_counter() - began)
        return result

    async def _made(self, input: ExecuteActivityInput) -> RawValue:  # noqa: A002
        await refuse_if_taken(activity.info())
        if sentence := sentence_in(input.args):
            raise PayloadTooLargeError(sentence)
        result = await super().execute_activity(input)
        if isinstance(result, ModelResponse):
            self._count_usage(input, result)
        payload = activity.payload_converter().to_payload(result)
        size = self._limits.size([payload])
        if size > self._limits.payloads:
            raise PayloadTooLargeError(too_large("The result of a step", size, self._limits.payloads))
        await self._offload.store_ahead(payload)
        return RawValue(payload)

    def _handed_over(self) -> Exception:
        info = activity.info()
        handed_over = self._pulse.failures.outlived_drain(info.attempt)
        self._pulse.hand_over(info)
        log.info(
            "step %s of %s outlived the drain at attempt %d: made again elsewhere",
            info.activity_type,
            info.workflow_id,
            info.attempt,
        )
        return handed_over

    def _failed(self, error: Exception, input: ExecuteActivityInput) -> Exception:  # noqa: A002
        info = activity.info()
        self._pulse.count_failure(info)
        verdict = judge(error)
        failed = retried_error(
            error,
            failures=self._pulse.failures.count,
            backoff_limit=_backoff_limit(input.headers.get(BACKOFF_HEADER)),
        )
        if not failed.non_retryable:
            self._observer.retried(info.activity_type, verdict.cause)
        # Texts of errors may quote prompts, so they go to the history, which can be encrypted, and not to logs.
        log.log(
            logging.WARNING if failed.non_retryable else logging.INFO,
            "step %s of %s failed at attempt %d: %s, %s",
            info.activity_type,
            info.workflow_id,
            info.attempt,
            verdict.cause,
            "final" if failed.non_retryable else "tried again",
            exc_info=error if verdict.surprising else None,
        )
        return failed

    def _count_usage(self, input: ExecuteActivityInput, response: ModelResponse) -> None:  # noqa: A002
        asked_for = getattr(input.args[0], "model_id", None) if input.args else None
        self._observer.used(
            asked_for or response.model_name or "unknown",
            input_tokens=response.usage.input_tokens,
            output_tokens=response.usage.output_tokens,
            cost_usd=response.usage.cost,
        )


def _drain_is_over() -> bool:
    """Whether an attempt is cancelled because its worker has to end, not because its job does."""
    details = activity.cancellation_details()
    return details is not None and details.worker_shutdown


def _step(info: activity.Info) -> Step:
    return Step(
        job=info.workflow_id or "",
        run=info.workflow_run_id or "",
        activity=info.activity_id,
        kind=info.activity_type,
        attempt=info.attempt,
    )


def _backoff_limit(header: Payload | None) -> int | None:
    if header is None:
        return None
    limit: int = PayloadConverter.default.from_payload(header, int)
    return limit
