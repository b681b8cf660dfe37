"""A worker as a process: what `outlast worker` runs, without what it shows."""

import asyncio
import signal

from outlast.durable.client import connect
from outlast.durable.worker import build_worker
from outlast.settings import load_settings


async def main() -> None:
    settings = load_settings()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with build_worker(await connect(settings), settings):
        print("polling", flush=True)
        await stop.wait()
    await asyncio.sleep(0.2)  # a short-lived client may otherwise die by a signal at exit


asyncio.run(main())
