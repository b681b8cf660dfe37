"""Election by a Lease, so that of several replicas one acts.

Holding it is a matter of this process's own monotonic clock: whoever could not renew for `hold_seconds` stops acting by
itself, before others may take over. A process that was stopped and wakes finds its time over and does nothing; what it
had under way carries the resource version of its day and is refused if somebody wrote since.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from outlast.control.kube import Kube, KubeConflictError, KubeError, KubeGoneError, KubeUnreachableError, object_path

log = logging.getLogger(__name__)

API = "apis/coordination.k8s.io/v1"

HOLD_FRACTION = 2 / 3
"""Part of a Lease's duration that its holder relies on; the rest is for clocks that run at different speeds."""


class Lease:
    """One Lease, held or sought by this process.

    Args:
        kube: The API server.
        namespace: Of the Lease.
        name: Of the Lease.
        identity: Of this process, unlike any other's.
        seconds: After how long without renewal another may take it.
        on_change: Told whenever this process gains or loses it.
    """

    def __init__(
        self,
        kube: Kube,
        *,
        namespace: str,
        name: str,
        identity: str,
        seconds: float = 15.0,
        on_change: Callable[[bool], None] = lambda _: None,
    ) -> None:
        self._kube = kube
        self._path = object_path(API, namespace, "leases", name)
        self._create_path = object_path(API, namespace, "leases")
        self._name = name
        self._identity = identity
        self._seconds = seconds
        self._on_change = on_change
        self._until = 0.0
        self._seen: tuple[str, float] = ("", 0.0)
        self._told = False
        self.informed = False
        """Whether the API server answered about it at all."""

    @property
    def held(self) -> bool:
        """Whether this process may act now."""
        return time.monotonic() < self._until

    async def keep(self) -> None:
        """Seek it, and renew it while it is held, for ever."""
        while True:
            asked = time.monotonic()
            try:
                if await self._try():
                    self._until = asked + self._seconds * HOLD_FRACTION  # counted from before the question
            except KubeConflictError:
                self._until = 0.0  # another one was quicker
            except (KubeError, KubeUnreachableError) as error:
                log.warning("the Lease %s can't be renewed: %s", self._name, error)
            self._tell()
            await asyncio.sleep(self._seconds / 6)
            self._tell()

    async def release(self) -> None:
        """Let go of it, so that the next holder need not wait."""
        if not self.held:
            return
        self._until = 0.0
        try:
            lease = await self._kube.get(self._path)
            if lease["spec"].get("holderIdentity") == self._identity:
                lease["spec"] |= {"holderIdentity": "", "leaseDurationSeconds": 1}
                await self._kube.replace(self._path, lease)
        except (KubeError, KubeUnreachableError) as error:
            log.info("the Lease %s was not released: %s", self._name, error)

    async def _try(self) -> bool:
        try:
            lease = await self._kube.get(self._path)
        except KubeGoneError:
            await self._kube.create(self._create_path, {"metadata": {"name": self._name}, "spec": self._spec(0)})
            self.informed = True
            return True
        self.informed = True
        spec = lease.get("spec") or {}
        holder = spec.get("holderIdentity") or ""
        mine = holder == self._identity
        if not mine and holder and not self._expired(lease):
            self._until = 0.0
            return False
        # The resource version goes along: of two that try, one is refused.
        lease["spec"] = spec | self._spec(int(spec.get("leaseTransitions") or 0) + (not mine))
        if mine:
            lease["spec"]["acquireTime"] = spec.get("acquireTime", lease["spec"]["acquireTime"])
        await self._kube.replace(self._path, lease)
        return True

    def _expired(self, lease: dict[str, Any]) -> bool:
        """Whether it stood unchanged for its whole duration, by our own clock: those of others may be wrong."""
        version = lease["metadata"]["resourceVersion"]
        now = time.monotonic()
        if self._seen[0] != version:
            self._seen = (version, now)
        duration = float(lease["spec"].get("leaseDurationSeconds") or self._seconds)
        return now - self._seen[1] > duration

    def _spec(self, transitions: int) -> dict[str, Any]:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return {
            "holderIdentity": self._identity,
            "leaseDurationSeconds": max(1, round(self._seconds)),
            "acquireTime": now,
            "renewTime": now,
            "leaseTransitions": transitions,
        }

    def _tell(self) -> None:
        if self.held is not self._told:
            self._told = self.held
            log.info("this process %s the Lease %s", "holds" if self._told else "no longer holds", self._name)
            self._on_change(self._told)
