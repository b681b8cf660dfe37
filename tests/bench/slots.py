"""What one worker takes and carries, by the number of its slots: the figures that a fleet is sized by."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from outlast.ledger import read_rows
from tests.bench.stage import Child, stage, worker
from tests.bench.steps import durable

SLOTS = (10, 50, 200)


async def by_slots(folder: Path) -> dict[str, float]:
    """Resident memory and requests a second of one worker at 300 ms a request, as many jobs at once as it has slots."""
    figures: dict[str, float] = {}
    for slots in SLOTS:
        async with (
            stage(folder / str(slots), latency_scale=1) as on,
            # A machine that is busy with all of this is no dead one.
            worker(on, OUTLAST_MAX_CONCURRENT_STEPS=str(slots), OUTLAST_HEARTBEAT_SECONDS="60") as process,
        ):
            await durable(on, "warm")
            idle, before, began = process.resident_megabytes(), len(read_rows(on.ledger)), time.perf_counter()
            watching = asyncio.create_task(_peak(process))
            await asyncio.gather(*(durable(on, f"load-{index}") for index in range(slots)))
            seconds, requests = time.perf_counter() - began, len(read_rows(on.ledger)) - before
            watching.cancel()
            figures |= {
                f"worker of {slots} slots, MB before its jobs": idle,
                f"worker of {slots} slots, MB at most with {slots} jobs": await watching,
                f"worker of {slots} slots, requests/s": requests / seconds,
            }
    return figures


async def _peak(process: Child) -> float:
    """The most memory seen, told when the watching is called off."""
    most = 0.0
    try:
        while True:
            most = max(most, process.resident_megabytes())
            await asyncio.sleep(0.2)
    except asyncio.CancelledError:
        return most
