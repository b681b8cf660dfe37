"""`outlast reject`: ends a job whose plan awaits a review."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from outlast.cli.options import JobId

if TYPE_CHECKING:
    from outlast.settings import Settings


def reject(
    job_id: JobId,
    reason: Annotated[str, typer.Option("--reason", "-r", metavar="TEXT", help="Why; the job shows it.")] = "",
) -> None:
    """Reject the plan of a job, which ends it."""
    from outlast.cli.console import run_async, stderr
    from outlast.settings import load_settings

    run_async(_reject(load_settings(), job_id, reason))
    stderr().print(f"The plan of {job_id} is rejected; the job is over.")


async def _reject(settings: Settings, job_id: str, reason: str) -> None:
    import contextlib

    from outlast.cli.heard import heard
    from outlast.errors import JobFailedError

    async with heard(settings, job_id) as (link, _):
        await link.jobs.reject(job_id, reason)
        with contextlib.suppress(JobFailedError):
            await link.jobs.result(job_id)  # its workflow has to say so itself
