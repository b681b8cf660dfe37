"""Looks at the world around one job. Decides nothing; what it can't learn is said to be unknown."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from datetime import timedelta

from temporalio.service import RPCError

from outlast.control.jobs import Entry, Memory
from outlast.control.kube import Kube, KubeGoneError, object_path
from outlast.control.recovery import recovery_of
from outlast.control.report import compare, compare_in, render
from outlast.control.stores import ResultStores
from outlast.control.temporal import TemporalUnreachableError, Workflows
from outlast.job.assess import AWAITING_APPROVAL, was_started
from outlast.job.observed import (
    ABSENT,
    ENDED_BADLY,
    UNREACHABLE,
    Desired,
    Observed,
    ReportState,
    Workflow,
    WorkflowState,
)
from outlast.job.spec import PlanApproval, ResearchJobSpec, ResearchPlan
from outlast.job.status import JobStatus, RecoveryStatus, UsageStatus
from outlast.research.workflow import DeepResearch
from outlast.usage.budget import exceeded
from outlast.usage.meter import Usage

log = logging.getLogger(__name__)

POLLED_SECONDS = 3
"""How long an answer about a task queue's workers is used."""

QUERY_SECONDS = 5
"""How long a worker gets to hand the plan out; it is asked again on the next visit."""


class Snapshot:
    """The running workflows as the last sweep listed them, and whether Temporal answers at all."""

    def __init__(self) -> None:
        self.running: dict[str, Workflow] = {}
        self.reachable = True


class Observer:
    """Observes jobs.

    Args:
        kube: For what stands under a result's name.
        workflows: For what Temporal says.
        snapshot: What the sweep listed.
        stores: For what lies in them.
        overflow: The store of reports that are too large for a ConfigMap.
    """

    def __init__(
        self,
        kube: Kube,
        workflows: Workflows,
        snapshot: Snapshot,
        stores: ResultStores,
        overflow: str | None = None,
    ) -> None:
        self._kube = kube
        self._stores = stores
        self._overflow = overflow
        self._workflows = workflows
        self._snapshot = snapshot
        self._polled: dict[str, tuple[float, bool]] = {}
        self._asking: dict[str, asyncio.Task[bool]] = {}
        """One question a task queue at a time, whoever waits for the answer."""

    async def observe(self, entry: Entry) -> Observed:
        """The world around a job, now."""
        desired, memory = entry.desired, entry.memory
        status, readable = entry.status
        foreign = not readable or (memory.written is not None and memory.written != status)
        delivered = memory.delivered if memory.delivered is not None or foreign else status.observed_generation
        observed = Observed(
            status=status,
            foreign_status=foreign,
            delivered=delivered,
            store_problem=self._stores.problem_of(desired.store) if desired.store else "",
        )
        if status.finished and not foreign:
            memory.rendered = None
            return observed
        began = time.monotonic()
        try:
            workflow = await self._workflow(desired, status, memory)
            workflow = await self._told(workflow, desired, status, memory)
            observed = replace(observed, workflow=workflow)
            if workflow.state is WorkflowState.COMPLETED:
                observed = await self._with_report(observed, workflow, desired, memory)
        except TemporalUnreachableError as error:
            if self._workflows.answered_since(began):
                raise  # this job is looked at again soon; nobody is told what is not so
            log.warning("%s", error)
            self._snapshot.reachable = False
            return replace(observed, workflow=UNREACHABLE)
        return observed

    async def _workflow(self, desired: Desired, status: JobStatus, memory: Memory) -> Workflow:
        if not self._snapshot.reachable:
            return UNREACHABLE
        listed = self._snapshot.running.get(desired.workflow_id)
        if listed is not None and memory.is_shown_by(listed) and not status.finished and desired.deleted is None:
            return listed
        if (
            not desired.finalizer
            and not memory.listing_is_behind
            and desired.deleted is None
            and not was_started(status)
        ):
            return ABSENT  # never seen before: should it be there after all, starting it finds out
        return await self._workflows.describe(desired.workflow_id)

    async def _told(self, workflow: Workflow, desired: Desired, status: JobStatus, memory: Memory) -> Workflow:
        """The workflow with what only further questions tell."""
        spec = desired.spec
        if workflow.state in ENDED_BADLY:
            if memory.failure is None or memory.failure[0] != workflow.run_id:
                memory.failure = (workflow.run_id, await self._workflows.failure(desired.workflow_id, workflow))
            workflow = replace(workflow, failure=memory.failure[1])
        if spec is not None and workflow.usage is not None:
            workflow = replace(workflow, exceeded=_exceeded(spec, workflow.usage))
        if workflow.running:
            workflow = replace(workflow, polled=await self._is_polled(workflow.task_queue))
            if spec is not None and _awaits_review(spec, workflow) and workflow.polled:
                memory.plan = memory.plan or status.plan or await self._plan(desired)
            if memory.recounts:
                memory.recovery = await self._recovery(desired, workflow)
            workflow = replace(workflow, plan=memory.plan, recovery=memory.recovery)
        elif workflow.run_id:
            if memory.ended_run != workflow.run_id:
                memory.recovery = await self._recovery(desired, workflow)
                memory.ended_run = workflow.run_id  # only now: a history that could not be read is read again
            workflow = replace(workflow, recovery=memory.recovery)
        return workflow

    async def _with_report(self, observed: Observed, workflow: Workflow, desired: Desired, memory: Memory) -> Observed:
        if memory.rendered is None:
            result = await self._workflows.result(desired.workflow_id, workflow.run_id)
            memory.rendered = await asyncio.to_thread(render, desired.workflow_id, result)
        store = desired.store or (self._overflow if memory.rendered.brief is not None else None)
        if store:
            report = await compare_in(self._stores, store, desired, memory.rendered)
            if report.state in {ReportState.NOTHING, ReportState.STALE}:
                report = replace(report, problem=memory.store_problem)
            return replace(observed, report=report)
        path = object_path("api/v1", desired.namespace, "configmaps", desired.report_name)
        try:
            found = await self._kube.get(path)
        except KubeGoneError:
            found = None
        return replace(observed, report=compare(found, desired, memory.rendered))

    async def _recovery(self, desired: Desired, workflow: Workflow) -> RecoveryStatus | None:
        return await recovery_of(await self._workflows.client(), desired.workflow_id, workflow.run_id)

    async def repolled(self) -> set[str]:
        """Task queues of running workflows whose workers came or went since they were last asked for."""
        queues = {workflow.task_queue for workflow in self._snapshot.running.values()}
        self._polled = {queue: told for queue, told in self._polled.items() if queue in queues}
        before = {queue: polled for queue, (_, polled) in self._polled.items()}
        return {queue for queue, polled in before.items() if await self._is_polled(queue) is not polled}

    async def _is_polled(self, task_queue: str) -> bool:
        now = asyncio.get_running_loop().time()
        asked, polled = self._polled.get(task_queue, (-POLLED_SECONDS, False))
        if now - asked < POLLED_SECONDS:
            return polled
        if task_queue not in self._asking:
            asking = self._asking[task_queue] = asyncio.create_task(self._ask(task_queue))
            asking.add_done_callback(lambda _: self._asking.pop(task_queue, None))
        return await asyncio.shield(self._asking[task_queue])

    async def _ask(self, task_queue: str) -> bool:
        polled = await self._workflows.polled(task_queue)
        self._polled[task_queue] = (asyncio.get_running_loop().time(), polled)
        return polled

    async def _plan(self, desired: Desired) -> ResearchPlan | None:
        handle = await self._workflows.handle(desired.workflow_id)
        try:
            plan = await handle.query(DeepResearch.plan, rpc_timeout=timedelta(seconds=QUERY_SECONDS))
        except RPCError as error:
            log.info("no worker handed the plan of %s out: %s", desired.workflow_id, error.message)
            return None
        return ResearchPlan.model_validate(plan.model_dump()) if plan is not None else None


def _awaits_review(spec: ResearchJobSpec, workflow: Workflow) -> bool:
    required = spec.approval.plan is PlanApproval.REQUIRED
    return required and workflow.progress is not None and workflow.progress.stage == AWAITING_APPROVAL


def _exceeded(spec: ResearchJobSpec, usage: UsageStatus) -> str:
    used = Usage(
        requests=usage.requests,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cost_usd=usage.cost_usd,
    )
    return str(exceeded(spec.budget, used) or "")
