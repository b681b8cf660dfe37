"""A worker that dies in the middle of a workflow task costs its job no timeout, where it is known to be dead."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from outlast.durable.identity import is_dead, process_identity
from outlast.durable.wake import wake
from outlast.local.temporal import TemporalServer

TASK_TIMEOUT_SECONDS = 10
"""What the server gives a worker for a workflow task, and would wait for here."""


@workflow.defn(name="Sleepy")
class Sleepy:
    """Hangs in its first workflow task where it is told to."""

    @workflow.run
    async def run(self) -> str:
        if "HANG" in os.environ:
            print("hangs", flush=True)
            time.sleep(600)  # noqa: ASYNC251 - it hangs on purpose
        await asyncio.sleep(0.01)
        return "awake"


async def work(address: str, queue: str) -> None:
    """What the process that dies does."""
    client = await Client.connect(address, identity=process_identity())
    worker = Worker(client, task_queue=queue, workflows=[Sleepy], workflow_runner=UnsandboxedWorkflowRunner())
    await worker.run()


async def test_a_workflow_task_is_taken_from_a_dead_worker(temporal: TemporalServer) -> None:
    address, queue = f"127.0.0.1:{temporal.ports.frontend}", "sleepy"
    client = await Client.connect(address)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(Path(__file__)), address, queue),
        env={**os.environ, "HANG": "1"},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        handle = await client.start_workflow(Sleepy.run, id="sleepy", task_queue=queue)
        assert process.stdout
        assert await asyncio.wait_for(process.stdout.readline(), 60) == b"hangs\n"
        assert not await wake(client, "sleepy", is_dead), "its worker lives"
    finally:
        process.kill()
        await process.wait()
    began = time.monotonic()
    assert await wake(client, "sleepy", is_dead)
    assert not await wake(client, "sleepy", is_dead), "there is nothing more to take"
    async with Worker(client, task_queue=queue, workflows=[Sleepy], workflow_runner=UnsandboxedWorkflowRunner()):
        assert await handle.result() == "awake"
    assert time.monotonic() - began < TASK_TIMEOUT_SECONDS
    assert not await wake(client, "sleepy", is_dead), "it is over"


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:]))
