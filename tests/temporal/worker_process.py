"""A worker in a process of its own, as `outlast worker` runs one: settings from the environment, SIGTERM drains it."""

from __future__ import annotations

import asyncio

from outlast.durable.client import connect
from outlast.durable.drain import run_worker, stop_on_signals
from outlast.durable.worker import build_worker
from outlast.settings import load_settings
from tests.temporal.script import ScriptedSources


async def main() -> None:
    """Work until SIGTERM."""
    stop = stop_on_signals()
    settings = load_settings()
    await run_worker(build_worker(await connect(settings), settings, sources=ScriptedSources()), stop)


if __name__ == "__main__":
    asyncio.run(main())
