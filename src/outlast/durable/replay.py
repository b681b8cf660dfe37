"""Measures replay: how many recorded steps a workflow got back without running them again, and how long that took.

It watches from beside the workflow: it reads a clock and tells an observer, and hands nothing back, so that no decision
of a workflow can depend on it.
"""

from __future__ import annotations

import time
from datetime import datetime
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

    def replay_began(self, job: str) -> None:
        """A workflow is rebuilt from its history on this worker.

        Args:
            job: Workflow id.
        """
        ...

    def step_replayed(self, job: str, recorded: datetime, seconds: float) -> None:
        """It got a recorded step back.

        Args:
            job: Workflow id.
            recorded: When the result reached the workflow for the first time, on the server's clock.
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

    def began(self) -> None:
        if workflow.unsafe.is_replaying():
            self._observer.replay_began(workflow.info().workflow_id)

    def step_resolved(self, _: object) -> None:
        if workflow.unsafe.is_replaying():
            seconds = time.perf_counter() - self._began
            self._observer.step_replayed(workflow.info().workflow_id, workflow.now(), seconds)


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
