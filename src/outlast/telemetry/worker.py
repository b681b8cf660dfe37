"""All that a worker tells of itself, put together: the runtime to connect with, the observer to build with, the pages.

Pages come first, so that a worker which waits for Temporal is alive, if not ready. Then `connect` takes `runtime`,
`build_worker` takes `metrics`, `watch` is told of both results, and `run_worker` calls `draining`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig
from temporalio.service import RPCError
from temporalio.worker import Worker

from outlast.local.ports import free_port
from outlast.settings import Settings
from outlast.telemetry.http import WorkerPages
from outlast.telemetry.metrics import WorkerMetrics
from outlast.telemetry.tracing import tracing

READY_SECONDS = timedelta(seconds=3)
"""How long Temporal gets to answer when readiness is probed; a kubelet waits about as long."""


class WorkerTelemetry:
    """Of one worker process.

    Args:
        settings: Of the process; without `http_port` there are no pages and no SDK metrics.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._drains = False
        self._watched: tuple[Client, Worker] | None = None
        self.metrics = WorkerMetrics(settings)
        """Give it to `build_worker` as its observer."""
        self.runtime: Runtime | None = None
        """Give it to `connect`; None takes the SDK's default."""
        self.url = ""
        """Root of the pages while they are served."""
        self._sdk_url: str | None = None
        if settings.http_port is not None:
            address = f"127.0.0.1:{free_port()}"  # for this process alone: our own page shows it with the rest
            self._sdk_url = f"http://{address}/metrics"
            exporter = PrometheusConfig(
                bind_address=address, counters_total_suffix=True, unit_suffix=True, durations_as_seconds=True
            )
            self.runtime = Runtime(telemetry=TelemetryConfig(metrics=exporter))

    def watch(self, client: Client, worker: Worker) -> None:
        """Say what readiness depends on, once it is there."""
        self._watched = (client, worker)

    def draining(self) -> None:
        """Say that this worker takes no more work."""
        self._drains = True

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Serve the pages while the block runs, and send the last spans after it.

        Raises:
            StateError: the port is taken.
        """
        try:
            if self._settings.http_port is None:
                yield
                return
            async with WorkerPages(
                host=self._settings.http_host,
                port=self._settings.http_port,
                metrics=self.metrics,
                sdk_url=self._sdk_url,
                not_ready=self._not_ready,
            ) as pages:
                self.url = pages.url
                yield
        finally:
            if traces := tracing(self._settings):
                await traces.flush()

    async def _not_ready(self) -> str | None:
        if self._drains:
            return "draining"
        if self._watched is None:
            return "not connected to Temporal"
        client, worker = self._watched
        if not worker.is_running:
            return "not polling"
        request = DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=worker.task_queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
        try:
            described = await client.workflow_service.describe_task_queue(request, timeout=READY_SECONDS)
        except RPCError as error:
            return f"Temporal does not answer: {error.status.name}"
        if client.identity not in {poller.identity for poller in described.pollers}:
            return f"Temporal sees no poll of {client.identity!r} on {worker.task_queue!r}"
        return None
