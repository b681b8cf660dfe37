"""Spans of a job and of its agents, and an event for each resumption: one trace a job, whoever had a part in it.

The job's span and those of its agents are written once, by the worker that ends the job, with the times that history
tells. Until then no span is open in workflow code: there is none to lose with a worker, and a replay has none to add.
Their ids follow from the job, so steps know their parents before these are written. (Pydantic AI's `LogfirePlugin`
keeps spans open there: after a restart its ids come out in another order, and children hang under strangers.)
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic_ai.messages import ModelResponse
from temporalio import workflow
from temporalio.converter import PayloadConverter
from temporalio.exceptions import FailureError
from temporalio.worker import (
    ExecuteWorkflowInput,
    Interceptor,
    StartActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

from outlast.telemetry.ids import agent_span_id, root_span_id, trace_id, traceparent
from outlast.telemetry.tracing import Tracing, given_ids, under
from outlast.usage.meter import Usage

if TYPE_CHECKING:
    from opentelemetry.trace import Span

TRACE_HEADER = "traceparent"
"""Carries a job's trace to its steps. Headers stay clear: it holds two hashes of ids."""

JOB_NAMES = {"DeepResearch": "research job", "TwentyQuestions": "game"}
"""Names of the spans of jobs, by workflow type."""

RESUMED = "resumed"
"""Name of the event that a worker writes when it goes on with a job that another one had."""


@dataclass
class _AgentRun:
    """One run of an agent, from its first step to the end of its last one."""

    agent: str
    began: int
    ended: int
    usage: Usage = field(default_factory=Usage)


class JobSpans(Interceptor):
    """Worker interceptor that writes them; the last one, since the others turn arguments and results into bytes.

    Args:
        tracing: Where to.
    """

    def __init__(self, tracing: Tracing) -> None:
        self._tracing = tracing

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002
    ) -> type[WorkflowInboundInterceptor] | None:
        """Wrap each workflow."""
        return type(_Job.__name__, (_Job,), {"tracing": self._tracing})


class _Job(WorkflowInboundInterceptor):
    tracing: Tracing

    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        self._trace = _JobTrace(outbound, self.tracing)
        super().init(self._trace)

    async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:  # noqa: A002
        self._trace.began()
        try:
            result = await super().execute_workflow(input)
        except FailureError as error:
            self._trace.ended(getattr(error, "type", None) or type(error).__name__)
            raise
        except workflow.ContinueAsNewError:
            self._trace.handed_on()
            raise
        except asyncio.CancelledError:
            if workflow.cancellation_reason() is not None:  # else it only leaves this worker's memory
                self._trace.ended("Cancelled")
            raise
        self._trace.ended(None, getattr(result, "usage", None))
        return result


class _JobTrace(WorkflowOutboundInterceptor):
    """Follows one job on this worker; a replay tells it again what was before."""

    def __init__(self, next: WorkflowOutboundInterceptor, tracing: Tracing) -> None:  # noqa: A002
        super().__init__(next)
        self._tracing = tracing
        self._agents: dict[str, _AgentRun] = {}
        self._replayed: int | None = None
        self._replay_began = 0.0

    def began(self) -> None:
        """The job begins on this worker, or begins to be replayed."""
        if workflow.unsafe.is_replaying():
            self._replayed, self._replay_began = 0, time.perf_counter()

    def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002
        """Tell a step its parent: the agent that it serves, else the job."""
        self._goes_on()
        trace = _trace()
        run = _agent_run(input.args)
        if run is not None and run not in self._agents:
            self._agents[run] = _AgentRun(_agent(input.activity), workflow.time_ns(), workflow.time_ns())
        parent = root_span_id(trace) if run is None else agent_span_id(trace, run)
        header = PayloadConverter.default.to_payload(traceparent(trace, parent))
        handle = super().start_activity(dataclasses.replace(input, headers={**input.headers, TRACE_HEADER: header}))
        handle.add_done_callback(lambda step: self._step_ended(run, step))
        return handle

    def _step_ended(self, run: str | None, step: asyncio.Future[Any]) -> None:
        if self._replayed is not None and workflow.unsafe.is_replaying():
            self._replayed += 1
        self._goes_on()
        if run is None:
            return
        agent = self._agents[run]
        agent.ended = workflow.time_ns()
        if not step.cancelled() and step.exception() is None and isinstance(step.result(), ModelResponse):
            agent.usage += _usage(step.result())

    def ended(self, failure: str | None, usage: Mapping[str, Usage] | None = None) -> None:
        """Write what is known by now: the job is over."""
        if workflow.unsafe.is_replaying():
            return
        self.handed_on()
        info = workflow.info()
        began = getattr(workflow.instance(), "started_at", None) or info.workflow_start_time
        # Runs that this one continues are in the result alone.
        spent = sum((usage or {"": self._spent}).values(), Usage())
        span = self._span(
            JOB_NAMES.get(info.workflow_type, info.workflow_type),
            root_span_id(_trace()),
            int(began.timestamp() * 1e9),
            {"outlast.job": info.workflow_id, "outlast.run": info.run_id, **_spending(spent)},
        )
        if failure:
            from opentelemetry.trace import StatusCode

            span.set_attribute("error.type", failure)
            span.set_status(StatusCode.ERROR)
        span.end(end_time=workflow.time_ns())

    def handed_on(self) -> None:
        """Write the agents of this run; another one may go on with the job."""
        if workflow.unsafe.is_replaying():
            return
        trace = _trace()
        for run, agent in self._agents.items():
            attributes = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": agent.agent}
            span = self._span(
                f"invoke_agent {agent.agent}",
                agent_span_id(trace, run),
                agent.began,
                {**attributes, **_spending(agent.usage)},
                parent=root_span_id(trace),
            )
            span.end(end_time=agent.ended)

    @property
    def _spent(self) -> Usage:
        return sum((agent.usage for agent in self._agents.values()), Usage())

    def _goes_on(self) -> None:
        """Note the resumption once something new happens: a replay that only answers a question resumes nothing."""
        if self._replayed is None or workflow.unsafe.is_replaying():
            return
        replayed, self._replayed = self._replayed, None
        seconds = time.perf_counter() - self._replay_began
        trace, now = _trace(), time.time_ns()
        span = self._tracing.tracer.start_span(
            RESUMED,
            context=under(trace, root_span_id(trace)),
            start_time=now,
            attributes={
                "logfire.span_type": "log",  # without a length, in Logfire's words
                "logfire.msg": f"resumed: {replayed} recorded steps replayed",
                "outlast.job": workflow.info().workflow_id,
                "outlast.replayed_steps": replayed,
                "outlast.replay_seconds": seconds,
            },
        )
        span.end(end_time=now)

    def _span(
        self, name: str, span_id: int, began: int, attributes: dict[str, Any], *, parent: int | None = None
    ) -> Span:
        trace = _trace()
        context = under(trace, parent)
        with given_ids(trace, span_id):
            return self._tracing.tracer.start_span(name, context=context, start_time=began, attributes=attributes)


def _trace() -> int:
    info = workflow.info()
    return trace_id(info.namespace, info.workflow_id, info.first_execution_run_id)


def _agent_run(args: Any) -> str | None:
    """The run of an agent that a step serves: Pydantic AI sends its id along, drawn from the workflow's own numbers."""
    context = getattr(args[0], "serialized_run_context", None) if args else None
    run = context.get("run_id") if isinstance(context, Mapping) else None
    return str(run) if run else None


def _agent(kind: str) -> str:
    parts = kind.split("__")
    return parts[1] if parts[0] == "agent" and len(parts) > 2 else kind


def _usage(response: ModelResponse) -> Usage:
    cost = response.usage.cost
    return Usage(
        requests=1,
        input_tokens=response.usage.input_tokens,
        output_tokens=response.usage.output_tokens,
        cost_usd=cost or Decimal(0),
        unpriced_requests=int(cost is None),
    )


def _spending(usage: Usage) -> dict[str, int | str]:
    """Under names of our own: those of the conventions would be added up with the requests'."""
    return {
        "outlast.requests": usage.requests,
        "outlast.input_tokens": usage.input_tokens,
        "outlast.output_tokens": usage.output_tokens,
        "outlast.cost_usd": f"{usage.cost_usd:f}",
    }
