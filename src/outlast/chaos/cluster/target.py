"""The pods of one namespace as the target of a campaign.

It kills by deleting pods with a second's grace: a pod that may run nothing in another one has no other way to end it.
It never deletes a pod without the label, nor one whose data would go with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import Sequence
from typing import Any

from temporalio.client import Client

from outlast.chaos.cluster.moments import Aim, moment
from outlast.chaos.cluster.pods import (
    ALLOWED,
    LABEL,
    Pod,
    counts,
    is_of,
    loses_data,
    may_be_struck,
    missing,
    of_victim,
    role,
)
from outlast.chaos.interruptions import Interruption
from outlast.chaos.interruptions import Target as Kind
from outlast.chaos.join import LedgerCopy
from outlast.chaos.schedule import Manner, Moment, Strike, Victim
from outlast.chaos.target import Blow
from outlast.control.kube import (
    Kube,
    KubeConflictError,
    KubeError,
    KubeGoneError,
    KubeUnreachableError,
    job_path,
    object_path,
)
from outlast.control.lease import API as LEASES
from outlast.control.pods import read_signature
from outlast.errors import JobFailedError, UnreachableError
from outlast.job.spec import API_VERSION, KIND, ResearchJobSpec
from outlast.offline.faults import AimedFault, FaultConfig, FaultKind
from outlast.offline.remote import fetch_rows, put_faults

GRACE_SECONDS = 1
"""Of a kill: SIGTERM, and SIGKILL a second later. With 0 the API server forgets the pod at once, so that nobody can see
it end."""

BACK_SECONDS = 180.0
"""How long pods get until all are there again."""

POLL_SECONDS = 0.5

STORM_SECONDS = 5.0

STORM = {FaultKind.RATE_LIMIT: 2, FaultKind.UNAVAILABLE: 1, FaultKind.SERVER_ERROR: 1}
"""Refusals of one storm: fewer than `backoffLimit`."""

CAMPAIGN = "outlast.dev/chaos-campaign"
"""Label of the jobs of a campaign."""

Json = dict[str, Any]


class ClusterTarget:
    """Pods and ResearchJobs of one namespace.

    Args:
        kube: The API server.
        client: Temporal, with payloads.
        namespace: The only one that is touched.
        campaign: Name that its jobs are labelled with.
        model_url: Root of the offline model server, whose ledger is read; None without one.
        lease: Name of the operator's Lease.
        pods: As they are now.
    """

    def __init__(
        self,
        kube: Kube,
        client: Client,
        namespace: str,
        *,
        campaign: str,
        model_url: str | None,
        lease: str,
        pods: Sequence[Pod] = (),
    ) -> None:
        self.client = client
        self.known: list[Interruption] = []
        self._kube = kube
        self._namespace = namespace
        self._campaign = campaign
        self._model_url = model_url
        self._lease = lease
        self.pods = list(pods)
        """As they were seen last."""
        self._turn = itertools.count()
        self._whole: dict[str, int] = counts(pods)
        self._striking = asyncio.Lock()
        """Two jobs never choose the same pod."""
        self._watches: set[asyncio.Task[None]] = set()

    def refusal(self, strike: Strike) -> str | None:
        """Why a strike can't be made here."""
        if strike.manner in (Manner.STALL, Manner.CUT):
            return f"{strike.manner}: a pod may not do that to another one; Chaos Mesh can, see docs/how-to/chaos.md"
        if strike.moment in (Moment.BEGUN, Moment.ANSWERED):
            return f"{strike.moment}: only a worker itself knows this moment; use `in flight` or `recorded`"
        if strike.manner is Manner.STORM:
            return None if self._model_url else "storm: OUTLAST_OFFLINE_URL names no offline model server"
        meant = [pod for pod in self.pods if is_of(pod, strike.victim)]
        allowed = [pod for pod in meant if may_be_struck(pod)]
        if not allowed:
            return f"{strike.victim}: {len(meant)} pods in {self._namespace}, none with the label {LABEL}={ALLOWED}"
        if losing := [pod["metadata"]["name"] for pod in allowed if loses_data(pod)]:
            return f"{strike.victim}: the data of {losing[0]} would go with it; give it a persistent volume"
        return None

    async def look(self) -> None:
        """See which pods there are."""
        self.pods = list((await self._kube.get(object_path("api/v1", self._namespace, "pods")))["items"])

    async def ready(self) -> None:
        """Wait until as many pods are there as at the beginning."""
        async with asyncio.timeout(BACK_SECONDS):
            while True:
                try:
                    await self.look()
                    if not missing(self._whole, self.pods):
                        return
                except (KubeError, KubeUnreachableError):
                    pass  # it is asked again
                await asyncio.sleep(POLL_SECONDS)

    async def start(self, job: str, spec: ResearchJobSpec) -> None:
        """Apply a ResearchJob."""
        body = {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "metadata": {"name": job, "labels": {CAMPAIGN: self._campaign}},
            "spec": spec.model_dump(mode="json", exclude_none=True, exclude_defaults=True),
        }
        await self._kube.create(job_path(self._namespace), body)

    async def workflow(self, job: str) -> str:
        """The id of its workflow, which holds its uid."""
        found = await self._kube.get(job_path(self._namespace, job))
        return f"{self._namespace}/{job}/{found['metadata']['uid']}"

    async def ended(self, job: str) -> None:
        """Wait for its end in its status, and for nothing else."""
        while True:
            try:
                found = await self._kube.get(job_path(self._namespace, job))
            except (KubeError, KubeUnreachableError) as error:
                if isinstance(error, KubeGoneError):
                    raise JobFailedError(f"The job {job!r} is gone.") from None
                found = {}
            for condition in (found.get("status") or {}).get("conditions") or []:
                if condition["status"] == "True" and condition["type"] == "Complete":
                    return
                if condition["status"] == "True" and condition["type"] == "Failed":
                    raise JobFailedError(f"The job {job!r} failed: {condition.get('message')}")
            await asyncio.sleep(POLL_SECONDS)

    async def strike(self, job: str, strike: Strike, over: asyncio.Event) -> Blow | None:
        """Wait for the moment, strike, and wait until every pod is back."""
        workflow = await self.workflow(job)
        aim = await moment(self.client, workflow, strike, over)
        if aim is None:
            return None
        if strike.manner is Manner.STORM:
            at = time.time()
            await self._storm(workflow)
            return Blow(at, time.time(), "model server", aim.activity)
        async with self._striking:
            struck = await self._chosen(strike, aim)
            grace = GRACE_SECONDS if strike.manner is Manner.KILL else None
            at = time.time()
            await asyncio.gather(*(self._delete(pod, grace) for pod in struck))
        # Nobody waits here for new pods: a fleet is struck again before it is whole.
        self._note(struck, at, time.time() + GRACE_SECONDS)
        watch = asyncio.create_task(self._watch_return(struck, at))
        self._watches.add(watch)
        watch.add_done_callback(self._watches.discard)
        return Blow(at, at, ", ".join(pod["metadata"]["name"] for pod in struck), aim.activity, len(struck))

    async def ledgers(self) -> Sequence[LedgerCopy]:
        """The model server's; workers of a cluster keep none of their sources."""
        if self._model_url is None:
            return []
        try:
            return [LedgerCopy(self._model_url, tuple(await fetch_rows(self._model_url)))]
        except UnreachableError:
            return []  # the verdict is then unknown

    async def leftovers(self, jobs: Sequence[str]) -> Sequence[str]:
        """Jobs whose status does not say that they ended."""
        found: list[str] = []
        for job in jobs:
            status = (await self._kube.get(job_path(self._namespace, job))).get("status") or {}
            if "completionTime" not in status:
                found.append(f"{job}: its status has no completionTime")
        return found

    async def recovery(self, job: str) -> Json:
        """What the job's status says of its recovery."""
        found = await self._kube.get(job_path(self._namespace, job))
        recovery: Json = (found.get("status") or {}).get("recovery") or {}
        return recovery

    async def is_there(self, job: str) -> bool:
        """Whether a job has not been deleted yet."""
        try:
            await self._kube.get(job_path(self._namespace, job))
        except KubeGoneError:
            return False
        return True

    async def remove(self, job: str) -> list[str]:
        """Delete a job; what of it is still there after its time, in sentences."""
        await self._kube.delete(job_path(self._namespace, job), {"propagationPolicy": "Background"})
        deadline = time.monotonic() + BACK_SECONDS
        while time.monotonic() < deadline:
            try:
                found = await self._kube.get(job_path(self._namespace, job))
            except KubeGoneError:
                return []
            await asyncio.sleep(POLL_SECONDS)
        return [f"{job}: still there after its deletion, with the finalizers {found['metadata'].get('finalizers')}"]

    async def orphaned_lease(self) -> list[str]:
        """Whether the operator's Lease stays with a pod that is gone, for longer than it lasts."""
        deadline = time.monotonic() + BACK_SECONDS
        while True:
            await self.look()
            holder = await self._holder()
            if any(holder.startswith(pod["metadata"]["name"]) for pod in self.pods):
                return []
            if time.monotonic() > deadline:
                return [f"the Lease {self._lease} is held by {holder!r}, which is no pod that there is"]
            await asyncio.sleep(POLL_SECONDS)

    async def keep(self, config_map: Json) -> None:
        """Create or replace a ConfigMap."""
        name = config_map["metadata"]["name"]
        try:
            await self._kube.replace(object_path("api/v1", self._namespace, "configmaps", name), config_map)
        except KubeGoneError:
            await self._kube.create(object_path("api/v1", self._namespace, "configmaps"), config_map)

    async def _chosen(self, strike: Strike, aim: Aim) -> list[Pod]:
        """The pods of a strike; waits for one if all of them were struck just before."""
        async with asyncio.timeout(BACK_SECONDS):
            while True:
                with contextlib.suppress(KubeError, KubeUnreachableError):
                    await self.look()
                if there := of_victim(self.pods, strike.victim):
                    break
                await asyncio.sleep(POLL_SECONDS)
        if strike.victim is Victim.EVERYTHING:
            return there
        if strike.victim is Victim.WORKER and (signed := read_signature(aim.worker)):
            there = [pod for pod in there if pod["metadata"]["name"] == signed.pod] or there
        if strike.victim is Victim.OPERATOR:
            holder = await self._holder()
            there = [pod for pod in there if holder.startswith(pod["metadata"]["name"])] or there
        return [there[next(self._turn) % len(there)]]

    async def _watch_return(self, struck: Sequence[Pod], at: float) -> None:
        """Note how long what was struck was away, as evidence for whatever it delayed."""
        roles = {role(pod) for pod in struck}
        deadline = time.monotonic() + BACK_SECONDS
        while time.monotonic() < deadline:
            await asyncio.sleep(POLL_SECONDS)
            with contextlib.suppress(KubeError, KubeUnreachableError):
                await self.look()
                if not roles & set(missing(self._whole, self.pods)):
                    break
        self._note(struck, at, time.time())

    async def _holder(self) -> str:
        try:
            lease = await self._kube.get(object_path(LEASES, self._namespace, "leases", self._lease))
        except (KubeError, KubeUnreachableError):
            return ""
        return str((lease.get("spec") or {}).get("holderIdentity") or "")

    async def _delete(self, pod: Pod, grace: int | None) -> None:
        body: Json = {"preconditions": {"uid": pod["metadata"]["uid"]}}
        if grace is not None:
            body["gracePeriodSeconds"] = grace
        # Gone by itself meanwhile, or another pod by now.
        with contextlib.suppress(KubeGoneError, KubeConflictError):
            await self._kube.delete(object_path("api/v1", self._namespace, "pods", pod["metadata"]["name"]), body)

    async def _storm(self, workflow: str) -> None:
        url = str(self._model_url)
        faults = tuple(AimedFault(kind=kind, job=workflow, count=count) for kind, count in STORM.items())
        await put_faults(url, FaultConfig(retry_after_seconds=0.2, aimed=faults))
        await asyncio.sleep(STORM_SECONDS)
        await put_faults(url, FaultConfig())

    def _note(self, struck: Sequence[Pod], at: float, back: float) -> None:
        for pod in struck:
            name, uid = pod["metadata"]["name"], pod["metadata"]["uid"]
            if is_of(pod, Victim.WORKER):
                self.known.append(Interruption(Kind.WORKER, at, back, f"{name}/{uid}", "chaos run"))
            elif is_of(pod, Victim.TEMPORAL) or is_of(pod, Victim.DATABASE):
                self.known.append(Interruption(Kind.TEMPORAL, at, back, name, "chaos run"))
            elif is_of(pod, Victim.MODEL):
                self.known.append(Interruption(Kind.MODEL, at, back, name, "chaos run"))
