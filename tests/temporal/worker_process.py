"""A worker in a process of its own, as `outlast worker` runs one: settings from the environment, SIGTERM drains it."""

from __future__ import annotations

import asyncio

from outlast.durable.client import connect
from outlast.durable.drain import run_worker, stop_on_signals
from outlast.durable.worker import build_worker
from outlast.settings import load_settings
from outlast.telemetry.worker import WorkerTelemetry
from tests.temporal.script import ScriptedSources


async def main() -> None:
    """Work until SIGTERM."""
    stop = stop_on_signals()
    settings = load_settings()
    telemetry = WorkerTelemetry(settings)
    async with telemetry.serving():
        client = await connect(settings, runtime=telemetry.runtime)
        worker = build_worker(client, settings, observer=telemetry.metrics, sources=ScriptedSources())
        telemetry.watch(client, worker)
        if telemetry.url:
            print(telemetry.url, flush=True)
        await run_worker(worker, stop, draining=telemetry.draining)


if __name__ == "__main__":
    asyncio.run(main())
