"""Measures replay: how many recorded steps a workflow got back without running them again, and how long that took.

It watches from beside the workflow: it reads a clock and tells an observer, and hands nothing back, so that no decision
of a workflow can depend on it.
"""

from __future__ import annotations

import time
from typing import Any, Protocol

from temporalio import workflow
from temporalio.worker import (
    ExecuteWorkflowInput,
    Interceptor,
    StartActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)


class ReplayObserver(Protocol):
    """Told of replays, on threads of the worker."""

    def replayed(self, job: str, steps: int, seconds: float) -> None:
        """A workflow that was replayed on this worker has so far got back so many recorded steps.

        Args:
            job: Workflow id.
            steps: Recorded steps resolved since this replay began; told again with each one.
            seconds: Wall time since this replay began.
        """
        ...


class ReplayInterceptor(Interceptor):
    """Worker interceptor that measures replays.

    Args:
        observer: Told of each.
    """

    def __init__(self, observer: ReplayObserver) -> None:
        self._observer = observer

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002
    ) -> type[WorkflowInboundInterceptor] | None:
        """Wrap each workflow."""
        observer = self._observer

        class Inbound(_ReplayInbound):
            def __init__(self, next: WorkflowInboundInterceptor) -> None:  # noqa: A002
                super().__init__(next, observer)

        return Inbound


class _Stopwatch:
    """One workflow's replay on this worker."""

    def __init__(self, observer: ReplayObserver) -> None:
        self._observer = observer
        self._began = time.perf_counter()
        self._steps = 0

    def step_resolved(self, _: object) -> None:
        if workflow.unsafe.is_replaying():
            self._steps += 1
            self._tell()

    def began(self) -> None:
        if workflow.unsafe.is_replaying():
            self._tell()

    def _tell(self) -> None:
        self._observer.replayed(workflow.info().workflow_id, self._steps, time.perf_counter() - self._began)


class _ReplayInbound(WorkflowInboundInterceptor):
    def __init__(self, next: WorkflowInboundInterceptor, observer: ReplayObserver) -> None:  # noqa: A002
        super().__init__(next)
        self._watch = _Stopwatch(observer)

    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_ReplayOutbound(outbound, self._watch))

    async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:  # noqa: A002
        self._watch.began()
        return await super().execute_workflow(input)


class _ReplayOutbound(WorkflowOutboundInterceptor):
    def __init__(self, next: WorkflowOutboundInterceptor, watch: _Stopwatch) -> None:  # noqa: A002
        super().__init__(next)
        self._watch = watch

    def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002
        handle = super().start_activity(input)
        handle.add_done_callback(self._watch.step_resolved)
        return handle
