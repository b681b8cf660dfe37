"""Spans of steps: one for each attempt, opened and closed on the worker that makes it.

Those of the job and its agents are in `job_spans.py`.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from temporalio import activity
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadConverter
from temporalio.exceptions import ApplicationError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
)

from outlast.durable.observer import Unobserved
from outlast.telemetry.job_spans import TRACE_HEADER
from outlast.telemetry.tracing import Tracing

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span

RETRY_EVENT = "retry"
"""Event of the attempt after which a step is attempted again; of the next one, when the attempt before was cut."""

_attempt: ContextVar[Span | None] = ContextVar("outlast_attempt_span", default=None)


class RetryEvents(Unobserved):
    """Puts why a step is attempted again into the span of the attempt that tells it."""

    def retried(self, kind: str, cause: str) -> None:
        """Told within the attempt."""
        if (span := _attempt.get()) is not None:
            span.add_event(RETRY_EVENT, {"outlast.cause": cause})


class StepSpans(Interceptor):
    """Worker interceptor that writes the spans of steps; the first one, to see what the others make of an error.

    Args:
        tracing: Where to.
    """

    def __init__(self, tracing: Tracing) -> None:
        self._tracing = tracing

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        """Wrap each attempt."""
        return _Attempt(next, self._tracing)


class _Attempt(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, tracing: Tracing) -> None:  # noqa: A002
        super().__init__(next)
        self._tracer = tracing.tracer

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        from opentelemetry.trace import StatusCode

        info = activity.info()
        attributes: dict[str, str | int] = {
            "outlast.job": info.workflow_id or "",
            "outlast.run": info.workflow_run_id or "",
            "outlast.activity": info.activity_id,
            "outlast.attempt": info.attempt,
        }
        with self._tracer.start_as_current_span(
            info.activity_type,
            context=_parent(input.headers.get(TRACE_HEADER)),
            attributes=attributes,
            record_exception=False,  # its text and its frames may be private
            set_status_on_exception=False,
        ) as span:
            token = _attempt.set(span)
            try:
                return await self._made(input)
            except ApplicationError as error:
                span.set_attribute("error.type", error.type or "ApplicationError")
                span.set_status(StatusCode.ERROR)
                raise
            finally:
                _attempt.reset(token)

    async def _made(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        tool = getattr(input.args[0], "name", None) if input.args else None
        if not tool or not activity.info().activity_type.endswith("call_tool"):
            return await super().execute_activity(input)  # the model's span is opened around the model itself
        with self._tracer.start_as_current_span(
            f"execute_tool {tool}",
            attributes={"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool},
            record_exception=False,
            set_status_on_exception=False,
        ):
            return await super().execute_activity(input)


def _parent(header: Payload | None) -> Context | None:
    if header is None:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carried: str = PayloadConverter.default.from_payload(header, str)
    return TraceContextTextMapPropagator().extract({TRACE_HEADER: carried})
