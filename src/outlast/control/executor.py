"""Carries a plan out: one action, one call, one log line.

Every call may be made twice: what is there already and what is gone already are success. Nothing is done by a process
that doesn't hold the Lease at that moment; what an old holder sends all the same is refused by the resource version.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError, RPCStatusCode

from outlast.control.jobs import Entry, without_owners
from outlast.control.kube import Kube, KubeConflictError, KubeGoneError, job_path, object_path
from outlast.control.probes import OperatorMetrics
from outlast.control.report import config_map
from outlast.control.stores import ResultStoreError, ResultStores
from outlast.control.temporal import TemporalUnreachableError, Workflows
from outlast.errors import OutlastError
from outlast.job import actions as do
from outlast.job.observed import FINALIZER, Desired
from outlast.job.spec import API_VERSION, KIND, ResearchPlan
from outlast.research.models import Plan
from outlast.research.workflow import DeepResearch

log = logging.getLogger(__name__)

UPDATE_SECONDS = 10
"""How long a worker gets to take an update in; none may be running, then it is planned again."""

COMPONENT = "outlast-operator"


class NotLeaderError(OutlastError):
    """This process doesn't hold the Lease, so it doesn't act."""

    retryable = True


class NoWorkerError(OutlastError):
    """No worker took an update in."""

    retryable = True


class Leadership(Protocol):
    """Whether this process may act."""

    @property
    def held(self) -> bool:
        """Whether it may at this moment."""
        ...


class Outcome:
    """How a plan went."""

    __slots__ = ("again", "requeue")

    def __init__(self) -> None:
        self.again = False
        """Whether the world changed, so that the job has to be planned anew."""
        self.requeue: timedelta | None = None


class Executor:
    """Carries plans out.

    Args:
        kube: For objects.
        workflows: For workflows.
        leadership: Asked before each action.
        clock: For the times of Events.
        metrics: Counts what was done.
        stores: For reports that don't go to ConfigMaps.
        checkpoint: Called before each action; a test ends the process there.
    """

    def __init__(
        self,
        kube: Kube,
        workflows: Workflows,
        leadership: Leadership,
        clock: Callable[[], datetime],
        metrics: OperatorMetrics,
        stores: ResultStores,
        checkpoint: Callable[[do.Action], None] = lambda _: None,
    ) -> None:
        self._kube = kube
        self._workflows = workflows
        self._leadership = leadership
        self._clock = clock
        self._metrics = metrics
        self._stores = stores
        self.abandoned: set[str] = set()
        """Workflows whose jobs went while Temporal didn't answer; they are cancelled when it does."""
        self._checkpoint = checkpoint
        self._calls: dict[type, Callable[[Entry, Desired, Any], Coroutine[Any, Any, None]]] = {
            do.AddFinalizer: self._add_finalizer,
            do.RemoveFinalizer: self._remove_finalizer,
            do.StartWorkflow: self._start,
            do.RequestCancel: self._cancel,
            do.TerminateWorkflow: self._terminate,
            do.CancelLater: self._cancel_later,
            do.SetSuspended: self._suspend,
            do.SetBudget: self._budget,
            do.ApprovePlan: self._approve,
            do.RejectPlan: self._reject,
            do.WriteResult: self._write_result,
            do.UpdateStatus: self._update_status,
            do.EmitEvent: self._emit,
            do.DeleteJob: self._delete,
        }

    async def run(self, entry: Entry, actions: Sequence[do.Action]) -> Outcome:
        """Carry actions out in order.

        The status comes after the steps: where a step changed the world it is out of date and planned anew, where one
        failed it is written before the error goes on.
        """
        outcome = Outcome()
        failure: OutlastError | None = None
        for action in actions:
            if isinstance(action, do.Requeue):
                outcome.requeue = action.after
                continue
            if isinstance(action, do.UpdateStatus | do.EmitEvent):
                if outcome.again and failure is None:
                    continue
            elif failure is not None:
                continue
            try:
                await self._one(entry, action)
            except (NotLeaderError, KubeConflictError):
                raise  # who writes next knows better
            except OutlastError as error:
                failure = failure or error
            else:
                outcome.again |= not isinstance(action, do.UpdateStatus | do.EmitEvent)
        if failure is not None:
            raise failure
        return outcome

    async def _one(self, entry: Entry, action: do.Action) -> None:
        self._checkpoint(action)
        if not self._leadership.held:
            raise NotLeaderError("The Lease is another's by now; this process stops acting.")
        desired = entry.desired
        await self._calls[type(action)](entry, desired, action)
        self._metrics.actions.labels(type(action).__name__).inc()
        fields = {"namespace": desired.namespace, "job": desired.name, "uid": desired.uid}
        log.info("%s %s/%s", type(action).__name__, desired.namespace, desired.name, extra=fields)

    async def _add_finalizer(self, entry: Entry, job: Desired, action: do.AddFinalizer) -> None:
        await self._finalizers(entry, job, [*entry.body["metadata"].get("finalizers", []), FINALIZER])

    async def _remove_finalizer(self, entry: Entry, job: Desired, action: do.RemoveFinalizer) -> None:
        try:
            await self._finalizers(
                entry, job, [name for name in entry.body["metadata"].get("finalizers", []) if name != FINALIZER]
            )
        except KubeGoneError:
            return

    async def _finalizers(self, entry: Entry, job: Desired, finalizers: list[str]) -> None:
        # The list is replaced whole, so the version that it was read from has to be the one that stands.
        version = entry.body["metadata"]["resourceVersion"]
        patch = {"metadata": {"finalizers": finalizers, "resourceVersion": version, "uid": job.uid}}
        entry.body = without_owners(await self._kube.merge(job_path(job.namespace, job.name), patch))

    async def _start(self, entry: Entry, job: Desired, action: do.StartWorkflow) -> None:
        run_id = await self._workflows.start(job.workflow_id, action.spec, again=action.again)
        entry.memory.delivered = job.generation if run_id is not None else None
        entry.memory.failure = None
        entry.memory.changed(started_run=run_id or "")

    async def _cancel(self, entry: Entry, job: Desired, action: do.RequestCancel) -> None:
        await self._workflows.cancel(job.workflow_id)
        entry.memory.changed()

    async def _terminate(self, entry: Entry, job: Desired, action: do.TerminateWorkflow) -> None:
        await self._workflows.terminate(job.workflow_id, action.reason)
        entry.memory.changed()

    async def _cancel_later(self, entry: Entry, job: Desired, action: do.CancelLater) -> None:
        self.abandoned.add(job.workflow_id)

    async def _budget(self, entry: Entry, job: Desired, action: do.SetBudget) -> None:
        await self._update(entry, job, DeepResearch.set_budget, action.budget)

    async def _suspend(self, entry: Entry, job: Desired, action: do.SetSuspended) -> None:
        await self._update(entry, job, DeepResearch.suspend, action.suspended)
        entry.memory.delivered = job.generation  # the last of what a spec has to say

    async def _approve(self, entry: Entry, job: Desired, action: do.ApprovePlan) -> None:
        await self._update(entry, job, DeepResearch.approve, _research_plan(action.plan) if action.plan else None)

    async def _reject(self, entry: Entry, job: Desired, action: do.RejectPlan) -> None:
        await self._update(entry, job, DeepResearch.reject, action.reason)

    async def _update(self, entry: Entry, job: Desired, update: Any, argument: Any) -> None:
        handle = await self._workflows.handle(job.workflow_id)
        entry.memory.changed()
        try:
            await handle.execute_update(update, argument, rpc_timeout=timedelta(seconds=UPDATE_SECONDS))
        except WorkflowUpdateFailedError as error:
            # It was judged and turned down: decided before, or ended meanwhile. The next look at it tells.
            log.info("%s turned %s down: %s", job.workflow_id, getattr(update, "__name__", update), error.cause)
        except WorkflowUpdateRPCTimeoutOrCancelledError:
            raise NoWorkerError(
                f"No worker took the update of {job.workflow_id} in within {UPDATE_SECONDS} s."
            ) from None
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return  # ended meanwhile
            if error.status is RPCStatusCode.DEADLINE_EXCEEDED:
                raise NoWorkerError(f"No worker took the update of {job.workflow_id} in in time.") from None
            raise TemporalUnreachableError(f"Temporal does not answer: {error.message or error.status.name}.") from None

    async def _write_result(self, entry: Entry, job: Desired, action: do.WriteResult) -> None:
        if action.store:
            await self._store(entry, action)
            return
        if entry.memory.rendered is None:
            return
        body = config_map(job, entry.memory.rendered)
        try:
            await self._kube.create(object_path("api/v1", job.namespace, "configmaps"), body)
        except KubeConflictError:
            await self._replace_own(job, action.name, body)

    async def _store(self, entry: Entry, action: do.WriteResult) -> None:
        if entry.memory.rendered is None:
            return
        try:
            await self._stores.write(action.store, action.name, entry.memory.rendered.documents)
        except ResultStoreError as error:
            entry.memory.store_problem = str(error)
            raise
        entry.memory.store_problem = ""

    async def _replace_own(self, job: Desired, name: str, body: dict[str, Any]) -> None:
        path = object_path("api/v1", job.namespace, "configmaps", name)
        found = await self._kube.get(path)
        if any(reference.get("uid") == job.uid for reference in found["metadata"].get("ownerReferences", [])):
            body["metadata"]["resourceVersion"] = found["metadata"]["resourceVersion"]
            await self._kube.replace(path, body)

    async def _update_status(self, entry: Entry, job: Desired, action: do.UpdateStatus) -> None:
        path = job_path(job.namespace, job.name, "status")
        if action.clear:
            entry.body = without_owners(
                await self._kube.merge(path, {"metadata": self._version(entry), "status": None})
            )
        written = action.status.model_dump(mode="json", by_alias=True, exclude_none=True)
        body = {**entry.body, "status": written}
        entry.body = without_owners(await self._kube.replace(path, body))
        entry.memory.written, _ = entry.status

    def _version(self, entry: Entry) -> dict[str, str]:
        return {"resourceVersion": entry.body["metadata"]["resourceVersion"]}

    async def _emit(self, entry: Entry, job: Desired, action: do.EmitEvent) -> None:
        now = self._clock().strftime("%Y-%m-%dT%H:%M:%SZ")
        # One name for one piece of news: said twice after a crash, it is refused as being there.
        digest = hashlib.sha256(f"{job.uid} {action.reason} {job.generation} {action.message}".encode()).hexdigest()
        body = {
            "metadata": {"name": f"{job.name}.{digest[:16]}", "namespace": job.namespace},
            "involvedObject": {
                "apiVersion": API_VERSION,
                "kind": KIND,
                "namespace": job.namespace,
                "name": job.name,
                "uid": job.uid,
            },
            "reason": action.reason.value,
            "message": action.message[:1000],
            "type": "Warning" if action.warning else "Normal",
            "source": {"component": COMPONENT},
            "reportingComponent": COMPONENT,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
        try:
            await self._kube.create(object_path("api/v1", job.namespace, "events"), body)
        except OutlastError as error:
            log.debug("no Event %s for %s/%s: %s", action.reason, job.namespace, job.name, error)

    async def _delete(self, entry: Entry, job: Desired, action: do.DeleteJob) -> None:
        options = {"preconditions": {"uid": job.uid}, "propagationPolicy": "Background"}
        try:
            await self._kube.delete(job_path(job.namespace, job.name), options)
        except (KubeGoneError, KubeConflictError):  # gone, or another job of this name
            return


def _research_plan(plan: ResearchPlan) -> Plan:
    return Plan.model_validate(plan.model_dump(by_alias=False))
