"""`outlast run`: carry a research job out, or go on with one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from outlast.cli.options import Json, Output, ReportFormat

if TYPE_CHECKING:
    from pathlib import Path

    from outlast.cli.durable_run import Deliver
    from outlast.cli.options import Format
    from outlast.cli.request import Request
    from outlast.cli.story import View
    from outlast.job.spec import ResearchJobSpec
    from outlast.settings import Settings

BUDGET, MODELS, HOW = "Budget", "Models", "How it runs"


def run(
    job: Annotated[
        str | None,
        typer.Argument(metavar="JOB", help="A manifest's path, `-` for standard input, or a question in quotes."),
    ] = None,
    job_id: Annotated[
        str | None,
        typer.Option("--id", metavar="ID", help="Id of the job. One that is there already goes on where it was."),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option("--source", "-s", metavar="NAME", help="Where to search; may be given several times."),
    ] = None,
    max_searches: Annotated[
        int | None, typer.Option(metavar="N", help="The most searches that the plan may hold.")
    ] = None,
    approve_plan: Annotated[
        bool, typer.Option("--approve-plan", help="Stop after planning until you approve the plan.")
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(
            "--model", "-m", metavar="NAME", help="Model of every role, such as `openai:gpt-5`.", rich_help_panel=MODELS
        ),
    ] = None,
    planner_model: Annotated[
        str | None, typer.Option(metavar="NAME", help="Model of the planner.", rich_help_panel=MODELS)
    ] = None,
    searcher_model: Annotated[
        str | None, typer.Option(metavar="NAME", help="Model of the searchers.", rich_help_panel=MODELS)
    ] = None,
    analyst_model: Annotated[
        str | None, typer.Option(metavar="NAME", help="Model of the analyst.", rich_help_panel=MODELS)
    ] = None,
    max_cost_usd: Annotated[
        float | None,
        typer.Option("--max-cost-usd", metavar="USD", help="Dollars for model requests.", rich_help_panel=BUDGET),
    ] = None,
    max_tokens: Annotated[
        int | None, typer.Option(metavar="N", help="Tokens, in and out together.", rich_help_panel=BUDGET)
    ] = None,
    max_requests: Annotated[
        int | None, typer.Option(metavar="N", help="Model requests.", rich_help_panel=BUDGET)
    ] = None,
    on_exceeded: Annotated[
        str | None,
        typer.Option(
            metavar="WHAT",
            help="When the budget is used up: Conclude with what there is, Pause until it is raised, or Fail.",
            rich_help_panel=BUDGET,
        ),
    ] = None,
    deadline_seconds: Annotated[
        int | None, typer.Option(metavar="S", help="Fail after so many seconds.", rich_help_panel=BUDGET)
    ] = None,
    stateless: Annotated[
        bool,
        typer.Option("--stateless", help="Run without Temporal, to compare: nothing is kept.", rich_help_panel=HOW),
    ] = False,
    worker: Annotated[
        bool | None,
        typer.Option(
            "--worker/--no-worker",
            help="Work on the job in this process. By default only where no OUTLAST_TEMPORAL_ADDRESS is set.",
            rich_help_panel=HOW,
            show_default=False,
        ),
    ] = None,
    until_waiting: Annotated[
        bool,
        typer.Option("--until-waiting", help="End when the job waits for a person, with code 3.", rich_help_panel=HOW),
    ] = False,
    report_format: ReportFormat = None,
    output: Output = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    as_json: Json = False,
) -> None:
    """Carry a research job out, or go on with one.

    Whatever dies on the way, the same id goes on where it was: recorded steps are replayed, not repeated.
    """
    overrides: dict[str, Any] = {
        "model": model,
        "models": {"planner": planner_model, "searcher": searcher_model, "analyst": analyst_model},
        "sources": source,
        "maxSearches": max_searches,
        "budget": {
            "maxCostUSD": max_cost_usd,
            "maxTokens": max_tokens,
            "maxRequests": max_requests,
            "onExceeded": on_exceeded,
        },
        "approval": {"plan": "Required" if approve_plan else None},
        "activeDeadlineSeconds": deadline_seconds,
    }
    raise typer.Exit(
        _run(
            job,
            job_id,
            overrides,
            stateless=stateless,
            worker=worker,
            until_waiting=until_waiting,
            report_format=report_format,
            output=output,
            quiet=quiet,
            as_json=as_json,
        )
    )


def _run(
    job: str | None,
    job_id: str | None,
    overrides: dict[str, Any],
    *,
    stateless: bool,
    worker: bool | None,
    until_waiting: bool,
    report_format: Format | None,
    output: Path | None,
    quiet: bool,
    as_json: bool,
) -> int:
    from outlast.cli.console import run_async
    from outlast.cli.logs import log_to_file
    from outlast.cli.output import check_output
    from outlast.cli.request import read_request
    from outlast.errors import OutlastError
    from outlast.settings import load_settings

    settings = load_settings()
    check_output(output)
    request = read_request(job, job_id, overrides)
    log_to_file(settings.state_dir / "commands.log")
    view, deliver = _view(report_format, output, quiet=quiet, as_json=as_json)
    try:
        if stateless:
            from outlast.cli.stateless_run import run_stateless_job

            return run_async(run_stateless_job(request, settings, view, deliver))
        return run_async(_durable(request, settings, view, deliver, worker=worker, until_waiting=until_waiting))
    except OutlastError as error:
        view.failed(str(error))
        raise
    finally:
        view.close()


async def _durable(
    request: Request[ResearchJobSpec],
    settings: Settings,
    view: View,
    deliver: Deliver,
    *,
    worker: bool | None,
    until_waiting: bool,
) -> int:
    from outlast.cli.link import linked

    async with linked(settings, loading="outlast.cli.durable_run") as link:
        from outlast.cli.durable_run import DurableRun

        return await DurableRun(request, link, view, deliver, worker=worker, until_waiting=until_waiting).run()


def _view(report_format: Format | None, output: Path | None, *, quiet: bool, as_json: bool) -> tuple[View, Deliver]:
    import sys
    from functools import partial

    from outlast.cli.console import stderr
    from outlast.cli.deliver import deliver

    to_reader = partial(deliver, wanted=report_format, output=output)
    if as_json:
        from outlast.cli.jsonlines import JsonView

        view = JsonView()
        return view, view.report if output is None else to_reader
    if quiet:
        from outlast.cli.lines import QuietView

        return QuietView(), to_reader
    if sys.stderr.isatty() and not stderr().is_dumb_terminal:
        from outlast.cli.live import LiveView

        return LiveView(), to_reader
    from outlast.cli.lines import LineView

    return LineView(), to_reader
