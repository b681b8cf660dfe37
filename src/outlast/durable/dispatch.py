"""The workflow's side of every step: what it sends is measured first, and replayed steps are told from new ones.

Runs in workflow code. What it decides stands in the history, as a failed step or a failed job, and is not decided again
when that is replayed: limits and settings may change in between.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NoReturn

from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue
from temporalio.converter import PayloadConverter
from temporalio.exceptions import ApplicationError
from temporalio.worker import (
    ContinueAsNewInput,
    ExecuteWorkflowInput,
    StartActivityInput,
    WorkflowInboundInterceptor,
    WorkflowOutboundInterceptor,
)

from outlast.durable.attempts import BACKOFF_HEADER
from outlast.durable.limits import Limits, stand_in, too_large
from outlast.durable.observer import StepObserver, Unobserved
from outlast.errors import PayloadTooLargeError


class JobInbound(WorkflowInboundInterceptor):
    """Around each workflow. The SDK makes instances by class alone: see `for_worker`."""

    observer: StepObserver = Unobserved()
    limits: Limits = Limits(threshold=None)

    @classmethod
    def for_worker(cls, observer: StepObserver, limits: Limits) -> type[JobInbound]:
        """The class for one worker."""
        return type(cls.__name__, (cls,), {"observer": observer, "limits": limits})

    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        """Wrap what the workflow sends."""
        super().init(_JobOutbound(outbound, self.observer, self.limits))

    async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:  # noqa: A002
        """Run it, and measure its result."""
        if workflow.unsafe.is_replaying():
            self.observer.replay_began()
        result = await super().execute_workflow(input)
        return _fitting("The report of this job", [result], self.limits)[0]


class _JobOutbound(WorkflowOutboundInterceptor):
    def __init__(self, next: WorkflowOutboundInterceptor, observer: StepObserver, limits: Limits) -> None:  # noqa: A002
        super().__init__(next)
        self._observer = observer
        self._limits = limits
        self._task = 0
        self._sent = 0

    def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002
        return super().start_activity(dataclasses.replace(input, args=self._args(input), headers=_headers(input)))

    def continue_as_new(self, input: ContinueAsNewInput) -> NoReturn:  # noqa: A002
        args = _fitting("What this job found so far", input.args, self._limits)
        super().continue_as_new(dataclasses.replace(input, args=args))

    def _args(self, input: StartActivityInput) -> Sequence[Any]:  # noqa: A002
        if workflow.unsafe.is_replaying():
            # The step is in history: only its type and id are compared, and nothing is sent. Converting and storing its
            # arguments again would be most of what a replay costs.
            self._observer.replayed(input.activity)
            return ()
        payloads = workflow.payload_converter().to_payloads(input.args)
        if sentence := self._refusal(payloads):
            return (stand_in(sentence),)
        return [RawValue(payload) for payload in payloads]

    def _refusal(self, payloads: Sequence[Payload]) -> str | None:
        size = self._limits.size(payloads)
        if size > self._limits.payloads:
            return too_large("The conversation of a step", size, self._limits.payloads)
        task = workflow.info().get_current_history_length()  # the same for all that goes out in one message
        if task != self._task:
            self._task, self._sent = task, 0
        if self._sent + size > self._limits.message:
            return too_large("What parallel steps send at once", self._sent + size, self._limits.message)
        self._sent += size
        return None


def _fitting(what: str, values: Sequence[Any], limits: Limits) -> list[RawValue]:
    payloads = workflow.payload_converter().to_payloads(values)
    size = limits.size(payloads)
    if size > limits.payloads:
        # Any other kind of error would fail the workflow task, which is tried again for ever.
        raise ApplicationError(
            too_large(what, size, limits.payloads), type=PayloadTooLargeError.__name__, non_retryable=True
        )
    return [RawValue(payload) for payload in payloads]


def _headers(input: StartActivityInput) -> Mapping[str, Payload]:  # noqa: A002
    limit: int | None = getattr(workflow.instance(), "backoff_limit", None)
    return input.headers if limit is None else {**input.headers, BACKOFF_HEADER: _as_payload(limit)}


@cache
def _as_payload(limit: int) -> Payload:
    return PayloadConverter.default.to_payload(limit)
