"""`outlast cancel`: ends a job. Steps under way are given up; what is recorded stays."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from outlast.cli.options import JobId

if TYPE_CHECKING:
    from outlast.settings import Settings


def cancel(job_id: JobId) -> None:
    """Cancel a job; one that is over stays as it is."""
    from outlast.cli.console import run_async, stderr
    from outlast.settings import load_settings

    stderr().print(run_async(_cancel(load_settings(), job_id)), soft_wrap=True)


async def _cancel(settings: Settings, job_id: str) -> str:
    from outlast.cli.heard import JobOverError, heard
    from outlast.errors import JobFailedError, UnreachableError

    try:
        async with heard(settings, job_id, planned=False) as (link, _):
            from outlast.durable.kinds import of_kind

            jobs = of_kind(await link.jobs.summary(job_id), link.client)
            await jobs.cancel(job_id)
            with contextlib.suppress(JobFailedError):
                await jobs.result(job_id)
            return f"{job_id} is cancelled."
    except UnreachableError:
        return f"{job_id} is going to be cancelled as soon as a worker takes it up."
    except JobOverError as error:
        return str(error)
