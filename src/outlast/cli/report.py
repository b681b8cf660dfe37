"""`outlast report`: the report of a job that is over, as text, Markdown, JSON or one HTML page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from outlast.cli.options import Format, JobId, Json, Output, ReportFormat

if TYPE_CHECKING:
    from outlast.render.document import ReportDocument
    from outlast.render.game import GameDocument
    from outlast.settings import Settings


def report(job_id: JobId, report_format: ReportFormat = None, output: Output = None, as_json: Json = False) -> None:
    """Print or save the report of a job."""
    from outlast.cli.console import run_async
    from outlast.cli.deliver import deliver
    from outlast.cli.output import check_output
    from outlast.settings import load_settings

    if as_json and report_format not in (None, Format.JSON):
        raise typer.BadParameter(f"--json and --format {report_format} exclude each other.")
    settings = load_settings()
    check_output(output)
    deliver(run_async(_document(settings, job_id)), Format.JSON if as_json else report_format, output)


async def _document(settings: Settings, job_id: str) -> ReportDocument | GameDocument:
    from outlast.cli.exits import NotOverError
    from outlast.cli.link import linked

    async with linked(settings, loading="outlast.render.document") as link:
        from outlast.cli.status import again
        from outlast.durable.games import Games
        from outlast.durable.summaries import JobState
        from outlast.render.document import ReportDocument
        from outlast.render.game import GameDocument

        summary = await link.jobs.summary(job_id)
        if summary.state is JobState.RUNNING:
            raise NotOverError(
                f"The job {job_id!r} is not over: it is at stage {summary.stage or 'its beginning'}. "
                f"`{again(summary)}` follows it."
            )
        if summary.kind == Games.workflow_type:
            played = await Games(link.client, summary.task_queue).result(job_id)
            return GameDocument(job_id, played, summary.ended)
        return ReportDocument(job_id, await link.jobs.result(job_id), summary.ended)
