"""Puts the operator together: one connection each to the API server and to Temporal, one Lease, one controller."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from prometheus_client import CollectorRegistry
from temporalio.client import Client

from outlast.control.access import Access
from outlast.control.controller import Controller, utc_now
from outlast.control.executor import Executor
from outlast.control.jobs import JobCache
from outlast.control.kube import Kube
from outlast.control.lease import Lease
from outlast.control.observer import Observer, Snapshot
from outlast.control.pods import PodWatch
from outlast.control.probes import OperatorMetrics, probes
from outlast.control.stores import ResultStores
from outlast.control.temporal import Workflows
from outlast.durable.client import connect
from outlast.errors import SettingsError
from outlast.job.actions import Action
from outlast.settings import Settings
from outlast.telemetry.visits import VisitSpans

log = logging.getLogger(__name__)

STALE_SECONDS = 60
"""How long the loop may stand still before the liveness probe says so: two timeouts of a call."""


@dataclass(frozen=True, slots=True)
class Operator:
    """A running operator."""

    controller: Controller
    lease: Lease
    kube: Kube
    workflows: Workflows
    metrics: OperatorMetrics
    tasks: list[asyncio.Task[None]]
    """Its loops, which never end by themselves."""
    port: int | None = None
    """Where probes and metrics are served; None where they are not."""

    @property
    def ready(self) -> bool:
        """Whether the API server answered, and Temporal too unless another replica acts."""
        return self.lease.informed and (self.controller.swept or not self.lease.held)

    @property
    def alive(self) -> bool:
        """Whether its loop moves."""
        ended = any(task.done() for task in self.tasks)
        return not ended and time.monotonic() - self.controller.moved < STALE_SECONDS

    def figures(self) -> CollectorRegistry:
        """The metrics as they are now."""
        self.metrics.jobs.set(len(self.controller.cache))
        self.metrics.leads.set(self.lease.held)
        self.metrics.reachable.set(self.controller.snapshot.reachable)
        self.metrics.waiting.set(len(self.controller.queue))
        return self.metrics.registry


@asynccontextmanager
async def operator(
    settings: Settings,
    access: Access,
    *,
    identity: str | None = None,
    checkpoint: Callable[[Action], None] = lambda _: None,
) -> AsyncIterator[Operator]:
    """Run an operator; whoever watches tells its controller what it saw.

    Args:
        settings: Of this process.
        access: To the API server.
        identity: In the Lease; by default the host's name and something unlike any other's.
        checkpoint: Called before each action.
    """

    async def connected() -> Client:
        return await connect(settings)

    def woken() -> None:
        controller.wake()
        pods.wake()

    async with Kube(access) as kube:
        workflows = Workflows(connected, settings.task_queue)
        cache, snapshot, metrics = JobCache(), Snapshot(), OperatorMetrics()
        stores, overflow = ResultStores(settings.result_stores), settings.result_overflow_store
        if overflow is not None and stores.problem_of(overflow):
            raise SettingsError(f"OUTLAST_RESULT_OVERFLOW_STORE={overflow!r} is none of OUTLAST_RESULT_STORES.")
        lease = Lease(
            kube,
            namespace=settings.operator_lease_namespace or access.namespace,
            name=settings.operator_lease_name,
            identity=identity or f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}",
            seconds=settings.operator_lease_seconds,
            on_change=lambda held: woken() if held else None,
        )
        spans = VisitSpans(settings)
        controller = Controller(
            cache=cache,
            observer=Observer(kube, workflows, snapshot, stores, overflow),
            executor=Executor(kube, workflows, lease, utc_now, metrics, stores, checkpoint),
            workflows=workflows,
            snapshot=snapshot,
            leadership=lease,
            metrics=metrics,
            spans=spans,
            sweep_seconds=settings.operator_sweep_seconds,
        )
        pods = PodWatch(
            kube=kube,
            workflows=workflows,
            snapshot=snapshot,
            cache=cache,
            leadership=lease,
            look_at=controller.queue.add,
            metrics=metrics,
            namespace=settings.operator_worker_namespace or access.namespace,
            selector=settings.operator_worker_selector,
        )
        loops = (lease.keep(), controller.run(settings.operator_workers), pods.run())
        tasks = [asyncio.create_task(loop) for loop in loops]
        running = Operator(controller, lease, kube, workflows, metrics, tasks)
        try:
            async with _served(settings, running) as port:
                yield replace(running, port=port)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await lease.release()
            await spans.flush()


@asynccontextmanager
async def _served(settings: Settings, running: Operator) -> AsyncIterator[int | None]:
    if settings.http_port is None:
        yield None
        return
    async with probes(
        settings.http_host,
        settings.http_port,
        alive=lambda: running.alive,
        ready=lambda: running.ready,
        metrics=running.figures,
    ) as port:
        yield port
