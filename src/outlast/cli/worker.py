"""`outlast worker`: works on the jobs of a Temporal server until SIGTERM, then lets its steps finish.

What it holds is worth money only until it is recorded, so ending is the part that matters: polling stops at once, steps
under way get `drain_seconds`, and a second signal ends it on the spot, which costs what is in flight and nothing else.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from typing import TYPE_CHECKING, Annotated

import typer

from outlast.cli.exits import DONE, INTERRUPTED, TERMINATED

if TYPE_CHECKING:
    from temporalio.client import Client
    from temporalio.runtime import Runtime

    from outlast.settings import Settings

AGAIN_SECONDS = (1.0, 2.0, 5.0, 10.0)
"""Pauses between tries to connect; the last one repeats. A server that comes up later is no reason to be restarted."""

log = logging.getLogger("outlast.worker")


def worker(
    task_queue: Annotated[
        str | None, typer.Option("--task-queue", metavar="NAME", help="Instead of OUTLAST_TASK_QUEUE.")
    ] = None,
) -> None:
    """Run a worker for the Temporal server in OUTLAST_TEMPORAL_ADDRESS.

    SIGTERM or Ctrl-C drains it: steps under way finish within OUTLAST_DRAIN_SECONDS. A second one ends it at once.
    """
    from outlast.cli.console import run_async
    from outlast.cli.logs import log_to_stderr
    from outlast.durable.identity import process_identity
    from outlast.errors import SettingsError
    from outlast.settings import load_settings

    settings = load_settings()
    if settings.temporal_address is None:
        raise SettingsError(
            "OUTLAST_TEMPORAL_ADDRESS is not set: give the frontend of Temporal as host:port. Without a server, "
            "`outlast dev` runs everything on this machine."
        )
    log_to_stderr(settings.log_format)
    # The start time tells this process from one that ran in the same pod before its container was restarted.
    identity = f"{settings.identity}/{time.time():.3f}" if settings.identity else process_identity()
    changes = {"identity": identity, "task_queue": task_queue or settings.task_queue}
    run_async(_work(settings.model_copy(update=changes)))


class Stop:
    """The wish that this process ends: the first signal is a wish, the second one is obeyed on the spot."""

    def __init__(self) -> None:
        self._wanted = asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, self._came, name)

    async def wait(self) -> None:
        """Return when the first signal came."""
        await self._wanted.wait()

    def _came(self, name: signal.Signals) -> None:
        if self._wanted.is_set():
            log.warning("ending at once: steps under way are sent again elsewhere")
            os._exit(INTERRUPTED if name is signal.SIGINT else TERMINATED)
        log.info("draining after %s", name.name)
        self._wanted.set()


async def _work(settings: Settings) -> int:
    from outlast.cli.staying import imports_that_stay

    with imports_that_stay():
        from outlast.cli.working import Busy, equipped
        from outlast.durable.drain import run_worker
        from outlast.durable.observer import Observers
        from outlast.durable.worker import build_worker
        from outlast.telemetry.worker import WorkerTelemetry

    stop = Stop()
    telemetry, busy = WorkerTelemetry(settings), Busy()

    def draining() -> None:
        telemetry.draining()
        log.info("waiting for steps under way", extra={"steps": busy.steps, "drain_seconds": settings.drain_seconds})

    async with telemetry.serving():
        client = await _connected(settings, stop, telemetry.runtime)
        if client is None:
            return DONE
        async with equipped(settings) as (models, sources):
            heard = Observers(telemetry.metrics, busy)
            worker = build_worker(client, settings, observer=heard, models=models, sources=sources)
            telemetry.watch(client, worker)
            warming = asyncio.create_task(_warm(settings))
            where = {"task_queue": settings.task_queue, "temporal": settings.temporal_address}
            log.info("polling", extra={**where, "identity": settings.identity})
            try:
                await run_worker(worker, stop, draining=draining)
            finally:
                warming.cancel()
            log.info("drained")
    return DONE


async def _connected(settings: Settings, stop: Stop, runtime: Runtime | None) -> Client | None:
    """Connect, however long the server takes to come up; None when this process is to end meanwhile."""
    from outlast.durable.client import connect
    from outlast.errors import UnreachableError

    wanted = asyncio.create_task(stop.wait())
    for tries in range(10**9):
        try:
            return await connect(settings, runtime=runtime)
        except UnreachableError as error:
            pause = AGAIN_SECONDS[min(tries, len(AGAIN_SECONDS) - 1)]
            log.warning("%s Trying again in %d s.", error, pause)
            await asyncio.wait({wanted}, timeout=pause)
            if wanted.done():
                return None
    return None


async def _warm(settings: Settings) -> None:
    """Build the index of the embedded corpus before the first search wants it."""
    from outlast.errors import StateError
    from outlast.sources import factbook

    try:
        index = await asyncio.to_thread(factbook.embedded_index, settings.cache_dir)
    except StateError as error:
        log.warning("%s", error)
    else:
        index.close()
