"""`outlast plan`: the plan of a job, to read or to edit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from outlast.cli.options import JobId, Json

if TYPE_CHECKING:
    from outlast.research.models import Plan
    from outlast.settings import Settings


def plan(
    job_id: JobId,
    as_yaml: Annotated[
        bool, typer.Option("--yaml", help="Print YAML, to edit and give to `outlast approve --plan`.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show the plan of a job. On a pipe it is YAML, to edit and give to `outlast approve --plan`."""
    import sys

    from outlast.cli.console import run_async, stdout
    from outlast.settings import load_settings

    found = run_async(_plan(load_settings(), job_id))
    if as_json:
        from outlast.render.jsonreport import dump

        typer.echo(dump(found.model_dump(mode="json"), indent=1))
    elif as_yaml or not sys.stdout.isatty():
        from outlast.cli.review import plan_yaml

        typer.echo(plan_yaml(found), nl=False)
    else:
        from outlast.cli.picture import plan_picture

        stdout().print(plan_picture(found))


async def _plan(settings: Settings, job_id: str) -> Plan:
    from outlast.cli.exits import NotOverError
    from outlast.cli.heard import heard

    async with heard(settings, job_id, deciding=False) as (link, _):
        found = await link.jobs.plan(job_id)
    if found is None:
        raise NotOverError(f"The job {job_id!r} has no plan yet: it is still planning.")
    return found
