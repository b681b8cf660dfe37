"""`outlast chaos`: blows by aim, at processes of this machine or pods of a cluster, and the proof of what held."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from outlast.cli.options import Json

if TYPE_CHECKING:
    from outlast.chaos.plan import ChaosPlan
    from outlast.chaos.state import CampaignState
    from outlast.chaos.summary import Summary
    from outlast.job.spec import ResearchJobSpec
    from outlast.settings import Settings


class Where(StrEnum):
    """What is struck."""

    PROCESSES = "processes"
    """Processes of this machine, started for it."""
    CLUSTER = "cluster"
    """Pods of one namespace that carry the label which allows it."""


app = typer.Typer(
    help="Kill on purpose, by aim, and prove that nothing was lost.", no_args_is_help=True, add_completion=False
)


@app.callback()
def chaos() -> None:
    """Kill on purpose, by aim, and prove that nothing was lost."""


@app.command()
def run(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="File of a ChaosPlan.")],
    execute: Annotated[
        bool, typer.Option("--execute", help="Act. Without it, only what would be done is printed.")
    ] = False,
    on: Annotated[
        Where, typer.Option(help="Processes that are started for it on this machine, or pods of a cluster.")
    ] = Where.PROCESSES,
    namespace: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Namespace of the pods; the pod's own or the context's by default."),
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, metavar="N", help="Another seed than the plan's.")] = None,
    strikes: Annotated[int | None, typer.Option(min=1, metavar="N", help="Another number than the plan's.")] = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Then put the same jobs through the same kills as plain scripts.")
    ] = False,
    folder: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Where state, databases and reports are kept; a campaign that is started again there goes on. Without "
            "it: below the state folder.",
            show_default=False,
        ),
    ] = None,
    config_map: Annotated[
        str | None, typer.Option(metavar="NAME", help="ConfigMap that gets report.html and report.json; cluster only.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Carry out a plan: submit jobs, strike by aim, wait, check, report.

    Prints what it would do; with --execute it does it, and writes report.json and report.html into its folder.

    Exit codes: 0 clean, 1 violated, 2 wrong usage, 3 unknown, since not all of it could be checked.
    """
    from outlast.chaos.plan import read_plan
    from outlast.cli.console import run_async
    from outlast.errors import UsageError
    from outlast.settings import load_settings

    settings = load_settings()
    read, specs = read_plan(plan)
    changes = {name: value for name, value in (("seed", seed), ("strikes", strikes)) if value is not None}
    read = read.model_copy(update={"spec": read.spec.model_copy(update=changes)})
    if on is Where.CLUSTER:
        # The operator watches pods, so that every death is told.
        told = read.spec.shares.model_copy(update={"untold": 0.0})
        read = read.model_copy(update={"spec": read.spec.model_copy(update={"shares": told})})
    if plain and on is Where.CLUSTER:
        raise UsageError("--plain runs scripts on this machine: it goes with --on processes.")
    if not execute:
        typer.echo(run_async(_rehearsal(settings, read, specs, on, namespace)))
        return
    from outlast.chaos.state import CampaignState

    state = CampaignState(folder or settings.state_dir / "chaos" / read.metadata.name, read)
    raise typer.Exit(run_async(_run(settings, read, specs, state, on, namespace, plain, config_map, as_json)))


async def _rehearsal(
    settings: Settings, plan: ChaosPlan, specs: list[ResearchJobSpec], on: Where, namespace: str | None
) -> str:
    """What a run would do, in lines."""
    from outlast.chaos.drive import planned

    jobs = planned(plan, specs)
    bounds = plan.spec.bounds
    lines = [
        f"{plan.metadata.name}, seed {plan.spec.seed}: {plan.spec.strikes} blows on {len(jobs)} jobs, "
        f"{plan.spec.parallel} at a time; ends after {bounds.kills} kills or {bounds.seconds} s",
        *(f"  {job.name}: {'; '.join(map(str, job.strikes))}" for job in jobs),
    ]
    if on is Where.CLUSTER:
        from outlast.chaos.cluster.run import rehearse

        lines += await rehearse(settings, namespace, jobs)
    return "\n".join([*lines, "Nothing was done: give --execute to do it."])


async def _run(
    settings: Settings,
    plan: ChaosPlan,
    specs: list[ResearchJobSpec],
    state: CampaignState,
    on: Where,
    namespace: str | None,
    plain: bool,
    config_map: str | None,
    as_json: bool,
) -> int:
    from outlast.chaos.verdict import Verdict
    from outlast.render.jsonreport import dump

    def tell(line: str) -> None:
        typer.echo(line, err=True)

    if on is Where.CLUSTER:
        from outlast.chaos.cluster.run import run_on_cluster

        summary = await run_on_cluster(settings, namespace, plan, specs, state, config_map, tell)
    else:
        summary = await _on_processes(settings, plan, specs, state, plain, tell)
    typer.echo(dump(summary.as_json(), indent=1) if as_json else summary.as_text())
    typer.echo(f"report: {state.folder / 'report.html'}", err=True)
    return {Verdict.TRUE: 0, Verdict.FALSE: 1, Verdict.UNKNOWN: 3}[summary.verdict]


async def _on_processes(
    settings: Settings,
    plan: ChaosPlan,
    specs: list[ResearchJobSpec],
    state: CampaignState,
    plain: bool,
    tell: Callable[[str], None],
) -> Summary:
    from outlast.chaos.drive import drive, drive_plain
    from outlast.chaos.lab.stage import stage
    from outlast.chaos.reporting import write_report
    from outlast.errors import UsageError

    if plan.spec.parallel > 1:
        raise UsageError("spec.parallel: processes of this machine are struck for one job at a time; write 1.")
    async with stage(state.folder / "lab", cache=settings.cache_dir) as on:
        await drive(on, plan, specs, state, tell)
        if plain:
            await drive_plain(on, plan, specs, state, tell)
        return await write_report(on, plan, state)
