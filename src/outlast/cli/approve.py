"""`outlast approve`: lets a job go on whose plan awaits a review."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from outlast.cli.options import JobId

if TYPE_CHECKING:
    from outlast.research.models import Plan
    from outlast.settings import Settings


def approve(
    job_id: JobId,
    plan_file: Annotated[
        Path | None,
        typer.Option("--plan", metavar="FILE", help="Carry out this plan instead, as `outlast plan` writes it."),
    ] = None,
) -> None:
    """Approve the plan of a job, or an edited one in its place."""
    from outlast.cli.console import run_async, stderr
    from outlast.cli.heard import goes_on
    from outlast.cli.review import read_plan
    from outlast.settings import load_settings

    settings = load_settings()
    edited = read_plan(plan_file) if plan_file else None
    polled = run_async(_approve(settings, job_id, edited))
    stderr().print(f"The plan of {job_id} is approved. {goes_on(job_id, polled=polled)}")


async def _approve(settings: Settings, job_id: str, edited: Plan | None) -> bool:
    from outlast.cli.heard import heard

    async with heard(settings, job_id) as (link, polled):
        await link.jobs.approve(job_id, edited)
    return polled
