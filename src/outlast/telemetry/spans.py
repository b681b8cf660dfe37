"""Spans of jobs and steps: one trace a job, however many workers had a part in it.

A step's span is opened and closed on the worker that makes the attempt. The job's own span is written once, by the
worker that ends the job, with the start that history tells. In between no span is open in workflow code, so there is
none to lose with a worker, and a replay has none to add. (Pydantic AI's `LogfirePlugin` keeps spans open there: after a
restart its ids come out in another order, and children hang under strangers.)
"""

from __future__ import annotations

import asyncio
import dataclasses
from typing import TYPE_CHECKING, Any

from temporalio import activity, workflow
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadConverter
from temporalio.exceptions import ApplicationError, FailureError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    ExecuteWorkflowInput,
    Interceptor,
    StartActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

from outlast.telemetry.ids import root_span_id, trace_id, traceparent
from outlast.telemetry.tracing import Tracing, given_ids

if TYPE_CHECKING:
    from opentelemetry.context import Context

TRACE_HEADER = "traceparent"
"""Carries a job's trace to its steps. Headers stay clear: it holds two hashes of ids."""


class SpanInterceptor(Interceptor):
    """Worker interceptor that writes the spans.

    Args:
        tracing: Where to.
    """

    def __init__(self, tracing: Tracing) -> None:
        self._tracing = tracing

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        """Wrap each attempt."""
        return _StepSpans(next, self._tracing)

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002
    ) -> type[WorkflowInboundInterceptor] | None:
        """Wrap each workflow."""
        return type(_JobSpans.__name__, (_JobSpans,), {"tracing": self._tracing})


class _StepSpans(ActivityInboundInterceptor):
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
            try:
                return await self._made(input)
            except ApplicationError as error:
                span.set_attribute("error.type", error.type or "ApplicationError")
                span.set_status(StatusCode.ERROR)
                raise

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


class _JobSpans(WorkflowInboundInterceptor):
    tracing: Tracing

    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_JobTrace(outbound))

    async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:  # noqa: A002
        try:
            result = await super().execute_workflow(input)
        except FailureError as error:
            self._write(getattr(error, "type", None) or type(error).__name__)
            raise
        except asyncio.CancelledError:
            if workflow.cancellation_reason() is not None:  # else it only leaves this worker's memory
                self._write("Cancelled")
            raise
        self._write(None)
        return result

    def _write(self, failure: str | None) -> None:
        if workflow.unsafe.is_replaying():
            return
        from opentelemetry.context import Context
        from opentelemetry.trace import StatusCode

        info = workflow.info()
        key = (info.namespace, info.workflow_id, info.first_execution_run_id)
        began = getattr(workflow.instance(), "started_at", None) or info.workflow_start_time
        with given_ids(trace_id(*key), root_span_id(*key)):
            span = self.tracing.tracer.start_span(
                "research job",
                context=Context(),
                start_time=int(began.timestamp() * 1e9),
                attributes={"outlast.job": info.workflow_id, "outlast.run": info.run_id},
            )
        if failure:
            span.set_attribute("error.type", failure)
            span.set_status(StatusCode.ERROR)
        span.end(end_time=workflow.time_ns())


class _JobTrace(WorkflowOutboundInterceptor):
    def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002
        info = workflow.info()
        key = (info.namespace, info.workflow_id, info.first_execution_run_id)
        header = PayloadConverter.default.to_payload(traceparent(trace_id(*key), root_span_id(*key)))
        return super().start_activity(dataclasses.replace(input, headers={**input.headers, TRACE_HEADER: header}))


def _parent(header: Payload | None) -> Context | None:
    if header is None:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carried: str = PayloadConverter.default.from_payload(header, str)
    return TraceContextTextMapPropagator().extract({TRACE_HEADER: carried})
