"""Puts our side of a step around the SDK's: `attempts.py` where it is made, `dispatch.py` where it is asked for."""

from __future__ import annotations

from temporalio.converter import DataConverter
from temporalio.worker import (
    ActivityInboundInterceptor,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

from outlast.durable.attempts import StepInbound
from outlast.durable.dispatch import JobInbound
from outlast.durable.limits import Limits
from outlast.durable.observer import StepObserver, Unobserved
from outlast.durable.offload import Offload

__all__ = ["StepInterceptor"]


class StepInterceptor(Interceptor):
    """Worker interceptor for jobs and their steps.

    Args:
        converter: Of the worker's client.
        limits: What fits into a message.
        observer: Told of each attempt.
    """

    def __init__(self, converter: DataConverter, limits: Limits, observer: StepObserver | None = None) -> None:
        self._observer = observer or Unobserved()
        self._limits = limits
        self._offload = Offload(converter)
        self._inbound = JobInbound.for_worker(self._observer, limits)

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        """Wrap each attempt."""
        return StepInbound(next, observer=self._observer, limits=self._limits, offload=self._offload)

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002
    ) -> type[WorkflowInboundInterceptor] | None:
        """Wrap each workflow."""
        return self._inbound
