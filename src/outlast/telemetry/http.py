"""The pages of a worker: `/metrics` for Prometheus, `/healthz` and `/readyz` for the kubelet.

Alive means that the event loop moves: an answer is the proof, and a loop that is stuck gives none. Ready means that
Temporal sees this worker poll, and that it is not draining.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web

from outlast.errors import StateError
from outlast.telemetry.metrics import WorkerMetrics

SDK_SECONDS = aiohttp.ClientTimeout(total=2)
"""How long the SDK's exporter, in this very process, gets to answer."""

TEXT = "text/plain; version=0.0.4; charset=utf-8"

Probe = Callable[[], Awaitable[str | None]]
"""Why the worker is not ready; None when it is."""


class WorkerPages:
    """Serves the pages while used as a context manager.

    Args:
        host: Address to listen on.
        port: 0 picks a free one.
        metrics: Of this worker.
        sdk_url: Where the SDK exposes its own; None when it does not.
        not_ready: Asked by `/readyz`.
    """

    def __init__(self, *, host: str, port: int, metrics: WorkerMetrics, sdk_url: str | None, not_ready: Probe) -> None:
        self.url = ""
        self._host, self._port = host, port
        self._metrics = metrics
        self._sdk_url = sdk_url
        self._not_ready = not_ready

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.router.add_get("/metrics", self._show_metrics)
        application.router.add_get("/healthz", self._alive)
        application.router.add_get("/readyz", self._ready)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise StateError(
                f"The worker's pages can't be served on {self._host}:{self._port}: {error.strerror}. "
                "Set OUTLAST_HTTP_PORT to another port, or to 0 for a free one."
            ) from None
        self._session = aiohttp.ClientSession(timeout=SDK_SECONDS)
        port: int = self._runner.addresses[0][1]
        self.url = f"http://{self._host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()
        await self._runner.cleanup()

    async def _show_metrics(self, request: web.Request) -> web.Response:
        return web.Response(body=self._metrics.exposition() + await self._of_sdk(), headers={"Content-Type": TEXT})

    async def _of_sdk(self) -> bytes:
        if self._sdk_url is None:
            return b""
        try:
            async with self._session.get(self._sdk_url) as response:
                return await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            return f"# the SDK's metrics are missing: {type(error).__name__}\n".encode()

    async def _alive(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _ready(self, request: web.Request) -> web.Response:
        if problem := await self._not_ready():
            return web.json_response({"status": "not ready", "reason": problem}, status=503)
        return web.json_response({"status": "ok"})
