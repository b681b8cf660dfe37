"""`outlast compare`: put the same cases to several models, and say which one can be trusted with them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from outlast.cli.options import Json

if TYPE_CHECKING:
    from outlast.cli.compare_request import CompareRequest

BUDGET, HOW = "Budget of each run", "How it runs"


def compare(
    models: Annotated[
        str | None,
        typer.Option("--models", "-m", metavar="A,B,C", help="Models to compare, as Pydantic AI spells them."),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option("--task", "-t", metavar="TASK", help="What they do: deep-research or twenty-questions."),
    ] = None,
    dataset: Annotated[
        Path | None,
        typer.Option(
            "--dataset",
            "-d",
            metavar="FILE",
            help="Cases, as YAML of pydantic-evals; without it, those that come along.",
        ),
    ] = None,
    repeat: Annotated[int | None, typer.Option(metavar="N", min=1, max=100, help="Put each case so often.")] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="S", min=0, help="Seed of intervals, and of models that take one.")
    ] = None,
    comparison_id: Annotated[
        str | None,
        typer.Option(
            "--id", metavar="ID", help="Id of the comparison. One that is there already goes on where it was."
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A comparison saved as JSON: exit with 1 where a model got worse since."),
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Where to save it: .json, .html or .txt; may be given several times."
        ),
    ] = None,
    max_cost_usd: Annotated[
        float | None, typer.Option("--max-cost-usd", metavar="USD", help="Dollars.", rich_help_panel=BUDGET)
    ] = None,
    max_tokens: Annotated[
        int | None, typer.Option(metavar="N", help="Tokens, in and out together.", rich_help_panel=BUDGET)
    ] = None,
    max_requests: Annotated[
        int | None, typer.Option(metavar="N", help="Model requests.", rich_help_panel=BUDGET)
    ] = None,
    parallel: Annotated[int, typer.Option(metavar="N", min=1, max=256, help="Runs at once.", rich_help_panel=HOW)] = 6,
    worker: Annotated[
        bool | None,
        typer.Option(
            "--worker/--no-worker",
            help="Work on the runs in this process. By default only where no OUTLAST_TEMPORAL_ADDRESS is set.",
            rich_help_panel=HOW,
            show_default=False,
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    as_json: Json = False,
) -> None:
    """Put the same cases to several models, and say which one can be trusted with them.

    Every run is a job of its own: a comparison that dies goes on with the same id, and pays for no finished run twice.
    """
    from outlast.cli.compare_request import given

    request = given(
        models=models,
        task=task,
        dataset=dataset,
        repeat=repeat,
        seed=seed,
        comparison_id=comparison_id,
        baseline=baseline,
        outputs=output or [],
        budget={"maxCostUSD": max_cost_usd, "maxTokens": max_tokens, "maxRequests": max_requests},
        parallel=parallel,
        worker=worker,
    )
    raise typer.Exit(_compare(request, quiet=quiet, as_json=as_json))


def _compare(request: CompareRequest, *, quiet: bool, as_json: bool) -> int:
    from outlast.cli.compare_run import compare_models
    from outlast.cli.compare_view import chosen_view
    from outlast.cli.console import run_async
    from outlast.cli.logs import log_to_file
    from outlast.errors import OutlastError
    from outlast.settings import load_settings

    settings = load_settings()
    log_to_file(settings.state_dir / "commands.log")
    view = chosen_view(quiet=quiet, as_json=as_json)
    try:
        return run_async(compare_models(request, settings, view))
    except OutlastError as error:
        view.failed(str(error))
        raise
    finally:
        view.close()
