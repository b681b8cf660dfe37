"""What happens around every step on a worker: its key is set, its failure judged, its figures counted."""

from __future__ import annotations

import dataclasses
from typing import Any, Protocol

from temporalio import activity, workflow
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadConverter
from temporalio.exceptions import CancelledError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
    StartActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

from outlast.durable.retries import judge, retried_error
from outlast.steps import Step, running

BACKOFF_HEADER = "outlast-backoff-limit"
"""Carries the job's `backoffLimit` from workflow to worker."""


class StepObserver(Protocol):
    """Counts what happens to steps."""

    def started(self, kind: str, attempt: int) -> None:
        """An attempt began."""
        ...

    def ended(self, kind: str, outcome: str) -> None:
        """It ended: `ok`, `cancelled`, or the cause of its failure."""
        ...


class StepInterceptor(Interceptor):
    """Worker interceptor for steps.

    Args:
        observer: Told of each attempt.
    """

    def __init__(self, observer: StepObserver | None = None) -> None:
        self._observer = observer

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        """Wrap each activity."""
        return _StepInbound(next, self._observer)

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002
    ) -> type[WorkflowInboundInterceptor] | None:
        """Wrap each workflow."""
        return _WorkflowInbound


class _StepInbound(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, observer: StepObserver | None) -> None:  # noqa: A002
        super().__init__(next)
        self._observer = observer

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        info = activity.info()
        step = Step(
            job=info.workflow_id or "",
            run=info.workflow_run_id or "",
            activity=info.activity_id,
            kind=info.activity_type,
            attempt=info.attempt,
        )
        self._tell("started", info.activity_type, info.attempt)
        with running(step):
            try:
                result = await super().execute_activity(input)
            except CancelledError:
                self._tell("ended", info.activity_type, "cancelled")
                raise
            except Exception as error:
                self._tell("ended", info.activity_type, judge(error).cause)
                limit = _backoff_limit(input.headers.get(BACKOFF_HEADER))
                raise retried_error(error, attempt=info.attempt, backoff_limit=limit) from error
        self._tell("ended", info.activity_type, "ok")
        return result

    def _tell(self, event: str, *args: object) -> None:
        if self._observer is not None:
            getattr(self._observer, event)(*args)


class _WorkflowInbound(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_WorkflowOutbound(outbound))


class _WorkflowOutbound(WorkflowOutboundInterceptor):
    def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002
        limit = getattr(workflow.instance(), "backoff_limit", None)
        if limit is not None:
            header = workflow.payload_converter().to_payload(limit)
            input = dataclasses.replace(input, headers={**input.headers, BACKOFF_HEADER: header})  # noqa: A001
        return super().start_activity(input)


def _backoff_limit(header: Payload | None) -> int | None:
    if header is None:
        return None
    limit: int = PayloadConverter.default.from_payload(header, int)
    return limit
