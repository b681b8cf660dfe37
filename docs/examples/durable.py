"""Asks a question on Temporal: with the same id again, the job goes on where it was."""

import asyncio
import sys

from outlast.durable.client import connect
from outlast.durable.drain import EXIT_PAUSE_SECONDS
from outlast.durable.jobs import Jobs
from outlast.durable.worker import build_worker
from outlast.job.spec import ResearchJobSpec
from outlast.llm.resolve import ModelBook
from outlast.settings import load_settings
from outlast.sources.registry import Sources


async def main(question: str, job: str) -> None:
    """Print the answer."""
    settings = load_settings()
    models, sources = ModelBook(settings), Sources(settings)
    client = await connect(settings)
    jobs = Jobs(client, settings.task_queue)
    async with build_worker(client, settings, models=models, sources=sources):
        await jobs.start(job, ResearchJobSpec(query=question))
        result = await jobs.result(job)
    print(result.report.answer)
    await asyncio.sleep(EXIT_PAUSE_SECONDS)


asyncio.run(main(sys.argv[1], sys.argv[2]))
