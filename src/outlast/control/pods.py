"""Watches worker pods and takes the steps of dead containers up at once, instead of waiting for a clock.

Dead is only what the kubelet reported terminated. A pod that is deleted or unreachable may still be working: its
heartbeats decide. A signature counts only with the uid of a pod that this process itself saw among the worker pods of
its namespace, so neither a pod of the same name elsewhere nor a made-up signature leads to a failed step.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from temporalio.service import RPCError

from outlast.control.executor import Leadership
from outlast.control.jobs import JobCache
from outlast.control.kube import Kube, KubeError, KubeUnreachableError, object_path
from outlast.control.observer import Snapshot
from outlast.control.probes import OperatorMetrics
from outlast.control.temporal import TemporalUnreachableError, Workflows
from outlast.durable.takeover import take_over
from outlast.job.assess import AWAITING_APPROVAL

log = logging.getLogger(__name__)

PARALLEL = 16
"""Workflows that are asked at once whose steps the dead had."""

AGAIN_SECONDS = (0.0, 1.0, 3.0)
"""When workflows are asked after a death: a step that was handed out at that moment shows a little later."""

RETRY_SECONDS = 2.0

_SIGNATURE = re.compile(r"^(?P<pod>[a-z0-9][-a-z0-9.]*)/(?P<uid>[0-9a-f-]{36})(?:/(?P<started>\d+(?:\.\d+)?))?$")


@dataclass(frozen=True, slots=True)
class Signature:
    """How a worker in a pod signs: `pod/uid/start`, the start in seconds since 1970 by its node's clock."""

    pod: str
    uid: str
    started: float | None
    """None where it isn't told: then a restarted container can't be told from the one before."""


@dataclass(frozen=True, slots=True)
class Death:
    """What is known dead of one pod."""

    pod: str
    uid: str
    before: float | None
    """Processes that started before this time are dead; None: all of them, since no container will run again."""

    def covers(self, identity: str) -> bool:
        """Whether the worker with this signature is dead."""
        signed = read_signature(identity)
        if signed is None or (signed.pod, signed.uid) != (self.pod, self.uid):
            return False
        if self.before is None:
            return True
        return signed.started is not None and signed.started < self.before


def read_signature(identity: str) -> Signature | None:
    """Read a worker's signature; None for one that is no pod's."""
    match = _SIGNATURE.match(identity)
    if match is None:
        return None
    return Signature(match["pod"], match["uid"], float(match["started"]) if match["started"] else None)


def death_of(pod: dict[str, Any], container: str) -> Death | None:
    """What the kubelet reported dead of a pod, None when nothing is."""
    metadata, status = pod["metadata"], pod.get("status") or {}
    name, uid = metadata["name"], metadata["uid"]
    found = [seen for seen in status.get("containerStatuses") or [] if seen.get("name") == container]
    if not found:
        return None
    state = found[0].get("state") or {}
    if "terminated" in state:
        if status.get("phase") in {"Failed", "Succeeded"}:
            return Death(name, uid, None)
        # The kubelet cuts times to the second, and the next container may be about to start.
        return Death(name, uid, _seconds(state["terminated"].get("finishedAt")))
    if "running" in state and found[0].get("restartCount"):
        return Death(name, uid, _seconds(state["running"].get("startedAt")))
    if "waiting" in state and "terminated" in (found[0].get("lastState") or {}):
        return Death(name, uid, _seconds(found[0]["lastState"]["terminated"].get("finishedAt")))
    return None


class PodWatch:
    """Watches the worker pods of one namespace.

    Args:
        kube: The API server.
        workflows: Temporal.
        snapshot: Which workflows run.
        cache: The jobs, whose figures of recovery change.
        leadership: Whether this process may act.
        look_at: Told the uids of jobs whose worker was lost.
        metrics: Counts steps that were taken.
        namespace: Of the worker pods.
        selector: Their labels.
        container: Name of the container in which the worker runs.
    """

    def __init__(
        self,
        *,
        kube: Kube,
        workflows: Workflows,
        snapshot: Snapshot,
        cache: JobCache,
        leadership: Leadership,
        look_at: Callable[[str], None],
        metrics: OperatorMetrics,
        namespace: str,
        selector: str,
        container: str = "worker",
    ) -> None:
        self._kube = kube
        self._workflows = workflows
        self._snapshot = snapshot
        self._cache = cache
        self._leadership = leadership
        self._look_at = look_at
        self._metrics = metrics
        self._path = object_path("api/v1", namespace, "pods")
        self._selector = selector
        self._container = container
        self._deaths: dict[str, Death] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Watch for ever."""
        while True:
            try:
                await self._watch()
            except (KubeError, KubeUnreachableError) as error:
                log.info("worker pods are listed again: %s", error)
                await asyncio.sleep(RETRY_SECONDS)

    def wake(self) -> None:
        """This process just became the one that acts: what died meanwhile may not have been taken up."""
        if self._deaths:
            self._begin(list(self._deaths.values()))

    def saw(self, pod: dict[str, Any]) -> None:
        """A pod is there or changed."""
        death = death_of(pod, self._container)
        uid = pod["metadata"]["uid"]
        if death is not None and self._deaths.get(uid) != death:
            self._deaths[uid] = death
            log.info("the worker in pod %s is dead", death.pod, extra={"pod": death.pod, "uid": uid})
            self._begin([death])

    async def _watch(self) -> None:
        listed = await self._kube.get(self._path, labelSelector=self._selector)
        there = {pod["metadata"]["uid"] for pod in listed["items"]}
        self._deaths = {uid: death for uid, death in self._deaths.items() if uid in there}
        for pod in listed["items"]:
            self.saw(pod)
        version = listed["metadata"]["resourceVersion"]
        async for kind, pod in self._kube.watch(self._path, labelSelector=self._selector, resourceVersion=version):
            if kind != "BOOKMARK":
                self.saw(pod)
            if kind == "DELETED":
                self._deaths.pop(pod["metadata"]["uid"], None)

    def _begin(self, deaths: Sequence[Death]) -> None:
        if self._leadership.held:
            task = asyncio.create_task(self._take(deaths))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _take(self, deaths: Sequence[Death]) -> None:
        free = asyncio.Semaphore(PARALLEL)
        for pause in AGAIN_SECONDS:
            await asyncio.sleep(pause)
            busy = [id_ for id_, seen in self._snapshot.running.items() if not _waits(seen.progress)]
            await asyncio.gather(*(self._take_from(workflow_id, deaths, free) for workflow_id in busy))

    async def _take_from(self, workflow_id: str, deaths: Sequence[Death], free: asyncio.Semaphore) -> None:
        async with free:
            if not self._leadership.held:
                return
            try:
                client = await self._workflows.client()
                taken = await take_over(client, workflow_id, lambda who: any(death.covers(who) for death in deaths))
            except (RPCError, TemporalUnreachableError) as error:
                log.info("the steps of %s could not be looked at: %s", workflow_id, error)
                return
        self._metrics.taken.inc(len(taken))
        for step in taken:
            log.info(
                "took %s (%s, attempt %d) of %s from %s",
                step.activity,
                step.kind,
                step.attempt,
                workflow_id,
                step.worker,
            )
        uid = self._cache.uid_of(workflow_id)
        entry = self._cache.get(uid) if uid is not None else None
        if taken and entry is not None and uid is not None:
            entry.memory.interrupted()
            self._look_at(uid)


def _waits(progress: Any) -> bool:
    return progress is not None and progress.stage == AWAITING_APPROVAL


def _seconds(time: str | None) -> float:
    return datetime.fromisoformat(time).timestamp() if time else 0.0
