"""A worker as a process of its own, to be measured and killed."""

from __future__ import annotations

import asyncio
import sys

from outlast.durable.client import connect
from outlast.durable.identity import process_identity
from outlast.durable.worker import build_worker
from outlast.settings import load_settings


async def work() -> None:
    """Work until standard input is closed."""
    settings = load_settings().model_copy(update={"identity": process_identity()})
    worker = build_worker(await connect(settings), settings)
    async with worker:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(work())
