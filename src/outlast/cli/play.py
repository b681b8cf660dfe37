"""`outlast play`: play Twenty Questions, or go on with a game."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from outlast.cli.options import Format, Json, Output
from outlast.cli.run import BUDGET, HOW, MODELS

if TYPE_CHECKING:
    from outlast.cli.play_run import Deliver
    from outlast.cli.request import Request
    from outlast.cli.story import View
    from outlast.games.models import GameSpec
    from outlast.games.state import GameProgress
    from outlast.settings import Settings

NOTHING_GIVEN = (
    "What to play about is missing: give --secret, the path of a manifest, or the --id of a game to go on with."
)


def play(
    game: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="A manifest of kind TwentyQuestions, instead of --secret.")
    ] = None,
    secret: Annotated[
        str | None, typer.Option(metavar="WORDS", help="What has to be found out; told to the answerer alone.")
    ] = None,
    job_id: Annotated[
        str | None,
        typer.Option("--id", metavar="ID", help="Id of the game. One that is there already goes on where it was."),
    ] = None,
    oracle: Annotated[
        bool, typer.Option("--oracle", help="The secret is a country, and the World Factbook answers, no model.")
    ] = False,
    max_questions: Annotated[int | None, typer.Option(metavar="N", help="The most questions: 20.")] = None,
    failure_rate: Annotated[
        float | None,
        typer.Option(metavar="SHARE", help="Let this share of attempts at requests and calls fail, such as 0.2."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Sent with each request; seeds the simulated failures too.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", metavar="NAME", help="Model of both sides.", rich_help_panel=MODELS),
    ] = None,
    questioner_model: Annotated[
        str | None, typer.Option(metavar="NAME", help="Model that asks.", rich_help_panel=MODELS)
    ] = None,
    answerer_model: Annotated[
        str | None, typer.Option(metavar="NAME", help="Model that answers.", rich_help_panel=MODELS)
    ] = None,
    max_cost_usd: Annotated[
        float | None,
        typer.Option("--max-cost-usd", metavar="USD", help="Dollars for model requests.", rich_help_panel=BUDGET),
    ] = None,
    max_requests: Annotated[
        int | None, typer.Option(metavar="N", help="Model requests.", rich_help_panel=BUDGET)
    ] = None,
    deadline_seconds: Annotated[
        int | None, typer.Option(metavar="S", help="Fail after so many seconds.", rich_help_panel=BUDGET)
    ] = None,
    stateless: Annotated[
        bool,
        typer.Option("--stateless", help="Play without Temporal, to compare: nothing is kept.", rich_help_panel=HOW),
    ] = False,
    worker: Annotated[
        bool | None,
        typer.Option(
            "--worker/--no-worker",
            help="Play in this process. By default only where no OUTLAST_TEMPORAL_ADDRESS is set.",
            rich_help_panel=HOW,
            show_default=False,
        ),
    ] = None,
    until_waiting: Annotated[
        bool,
        typer.Option("--until-waiting", help="End when the game waits for a person, with code 3.", rich_help_panel=HOW),
    ] = False,
    output: Output = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    as_json: Json = False,
) -> None:
    """Play Twenty Questions, or go on with a game.

    One model knows a secret and another one asks. Whatever dies on the way, the same id goes on where it was: recorded
    turns are replayed, not asked again.
    """
    overrides: dict[str, Any] = {
        "secret": secret,
        "oracle": oracle or None,
        "maxQuestions": max_questions,
        "failureRate": failure_rate,
        "seed": seed,
        "model": model,
        "models": {"questioner": questioner_model, "answerer": answerer_model},
        "budget": {"maxCostUSD": max_cost_usd, "maxRequests": max_requests},
        "activeDeadlineSeconds": deadline_seconds,
    }
    how = {"worker": worker, "until_waiting": until_waiting}
    shown = {"quiet": quiet, "as_json": as_json}
    raise typer.Exit(_play(_request(game, job_id, overrides), how, output, stateless=stateless, **shown))


def _request(game: Path | None, job_id: str | None, overrides: dict[str, Any]) -> Request[GameSpec]:
    from outlast.cli.request import Request, check_id, laid_over, new_id, without_none
    from outlast.errors import UsageError
    from outlast.games.spec import TwentyQuestions
    from outlast.job.manifest import read_manifest, validate_manifest
    from outlast.job.spec import API_VERSION

    check_id(job_id)
    given = without_none(overrides)
    if overrides["secret"] is not None:
        given["secret"] = overrides["secret"]  # an empty one is to be refused, not left out
    name = "game"
    if game is not None:
        manifest = read_manifest(game, TwentyQuestions)
        spec = laid_over(manifest, given, origin=str(game))
        name = manifest.metadata.name or name
    elif "secret" in given:
        document = {"apiVersion": API_VERSION, "kind": "TwentyQuestions", "spec": given}
        spec = validate_manifest(document, TwentyQuestions, origin="The game").spec
    elif job_id is not None:
        spec = None
    else:
        raise UsageError(NOTHING_GIVEN)
    return Request(job_id or new_id(name), spec, given, kind=TwentyQuestions, verb="play")


def _play(
    request: Request[GameSpec],
    how: dict[str, bool | None],
    output: Path | None,
    *,
    stateless: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    from outlast.cli.console import run_async
    from outlast.cli.logs import log_to_file
    from outlast.cli.output import check_output
    from outlast.errors import OutlastError
    from outlast.settings import load_settings

    settings = load_settings()
    check_output(output)
    log_to_file(settings.state_dir / "commands.log")
    view, deliver = _view(output, quiet=quiet, as_json=as_json)
    try:
        if stateless:
            from outlast.cli.play_run import play_stateless_game

            return run_async(play_stateless_game(request, settings, view, deliver))
        return run_async(_durable(request, settings, view, deliver, how))
    except OutlastError as error:
        view.failed(str(error))
        raise
    finally:
        view.close()


async def _durable(
    request: Request[GameSpec], settings: Settings, view: View[GameProgress], deliver: Deliver, how: dict[str, Any]
) -> int:
    from outlast.cli.link import linked

    async with linked(settings, loading="outlast.cli.play_run") as link:
        from outlast.cli.play_run import DurableGame

        return await DurableGame(request, link, view, deliver, **how).run()


def _view(output: Path | None, *, quiet: bool, as_json: bool) -> tuple[View[GameProgress], Deliver]:
    import sys
    import time
    from functools import partial

    from outlast.cli.console import stderr
    from outlast.cli.deliver import deliver

    to_reader = partial(deliver, wanted=Format.JSON if as_json else None, output=output)
    if as_json:
        from outlast.cli.jsonlines import JsonView

        view = JsonView()
        return view, view.result if output is None else to_reader
    if quiet:
        from outlast.cli.lines import QuietView

        return QuietView(), to_reader
    if sys.stderr.isatty() and not stderr().is_dumb_terminal:
        from outlast.cli.live import Drawing
        from outlast.cli.play_views import GamePicture

        return Drawing(GamePicture(began=time.monotonic())), to_reader
    from outlast.cli.play_views import GameLines

    return GameLines(), to_reader
