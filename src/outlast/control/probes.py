"""What the kubelet and Prometheus ask of the operator: `/healthz`, `/readyz`, `/metrics`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, generate_latest


class OperatorMetrics:
    """Figures of one operator."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.jobs = Gauge("outlast_operator_jobs", "Jobs that are watched.", registry=self.registry)
        self.leads = Gauge("outlast_operator_leads", "1 while this replica acts.", registry=self.registry)
        self.reachable = Gauge(
            "outlast_operator_temporal_reachable", "1 while Temporal answers.", registry=self.registry
        )
        self.waiting = Gauge("outlast_operator_queue", "Jobs that wait to be looked at.", registry=self.registry)
        self.actions = Counter("outlast_operator_actions", "Actions carried out.", ["action"], registry=self.registry)
        self.errors = Counter(
            "outlast_operator_errors", "Visits that ended in an error.", ["error"], registry=self.registry
        )
        self.taken = Counter("outlast_operator_steps_taken", "Steps taken from dead workers.", registry=self.registry)


@asynccontextmanager
async def probes(
    host: str,
    port: int,
    *,
    alive: Callable[[], bool],
    ready: Callable[[], bool],
    metrics: Callable[[], CollectorRegistry],
) -> AsyncIterator[int]:
    """Serve the probes; yields the port."""

    def answers(asked: Callable[[], bool]) -> Callable[[web.Request], object]:
        async def answer(_: web.Request) -> web.Response:
            return web.Response(text="ok\n") if asked() else web.Response(status=503, text="no\n")

        return answer

    async def figures(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(metrics()), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.router.add_get("/healthz", answers(alive))  # type: ignore[arg-type]
    app.router.add_get("/readyz", answers(ready))  # type: ignore[arg-type]
    app.router.add_get("/metrics", figures)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
