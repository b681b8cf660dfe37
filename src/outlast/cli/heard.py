"""Makes sure that a job hears a question or a decision: some worker has to run its workflow, if only for a moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from outlast.errors import UnreachableError, UsageError

if TYPE_CHECKING:
    from outlast.cli.link import Link
    from outlast.settings import Settings

PATIENCE_SECONDS = 20
"""How long an answer may take before the caller is told that nobody hears; a fresh worker takes about one."""


class JobOverError(UsageError):
    """A decision about a job that is over."""


@asynccontextmanager
async def heard(
    settings: Settings, job_id: str, *, deciding: bool = True, planned: bool = True
) -> AsyncIterator[tuple[Link, bool]]:
    """Connect, with a worker at hand that answers for the job; on the embedded server one is started if none runs.

    It carries out no step, so looking at a job or deciding about it never spends anything.

    Args:
        settings: As read.
        job_id: Which job.
        deciding: Whether a decision is to be made, which needs a job that is not over.
        planned: Whether it is about a plan, which games do not have.

    Yields:
        The connection, and whether other workers are at work.

    Raises:
        UnknownJobError: there is no such job.
        UsageError: it is about a plan, and the job has none.
        JobOverError: nothing can be decided about it any more.
        UnreachableError: nobody answered in time.
    """
    from outlast.cli.link import linked

    async with linked(settings, loading="outlast.cli.working") as link:
        from outlast.cli.working import answering
        from outlast.durable.identity import is_dead
        from outlast.durable.pending import is_polled
        from outlast.durable.summaries import JobState

        summary = await link.jobs.summary(job_id)
        if planned and summary.kind != link.jobs.workflow_type:
            raise UsageError(f"{job_id!r} is a {summary.kind}: it has no plan.")
        if deciding and summary.state is not JobState.RUNNING:
            raise JobOverError(f"The job {job_id!r} is over: {summary.state.value}. Nothing can be decided about it.")
        polled = await is_polled(link.client, summary.task_queue, is_dead)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                if polled or link.platform is None:
                    yield link, polled
                    return
                async with answering(link, summary.task_queue):
                    yield link, False
        except TimeoutError:
            raise UnreachableError(
                f"No worker of the task queue {summary.task_queue!r} answers for the job {job_id!r}: start one with "
                "`outlast worker`."
            ) from None


def goes_on(job_id: str, *, polled: bool) -> str:
    """What happens after a decision that lets a job go on."""
    return "It goes on." if polled else f"`outlast run --id {job_id}` goes on with it."
