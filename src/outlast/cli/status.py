"""`outlast status`: where a job is, what is under way, what fails, and what it waits for."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import typer

from outlast.cli.options import JobId, Json

if TYPE_CHECKING:
    from rich.table import Table

    from outlast.cli.link import Link
    from outlast.durable.pending import PendingStep
    from outlast.durable.summaries import JobSummary


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of a job without asking a worker."""

    summary: JobSummary
    steps: list[PendingStep]
    polled: bool
    """Whether any worker works on its task queue."""
    advice: str
    """The next step for a person; empty when there is none."""


def status(job_id: JobId, as_json: Json = False) -> None:
    """Show where a job is, and what it waits for."""
    from outlast.cli.console import run_async, stdout
    from outlast.cli.listing import summary_data
    from outlast.render.jsonreport import dump
    from outlast.settings import load_settings

    found = run_async(_status(load_settings(), job_id))
    if not as_json:
        stdout().print(_view(found))
        return
    steps = [
        {**asdict(step), "next_attempt": step.next_attempt and step.next_attempt.isoformat()} for step in found.steps
    ]
    data = {**summary_data(found.summary), "steps": steps, "polled": found.polled, "advice": found.advice or None}
    typer.echo(dump(data, indent=1))


async def _status(settings: Any, job_id: str) -> Status:
    from outlast.cli.link import linked

    async with linked(settings, payloads=False) as link:
        from outlast.durable.identity import is_dead
        from outlast.durable.pending import is_polled, pending_steps
        from outlast.durable.summaries import JobState, describe_job

        summary = await describe_job(link.client, job_id)
        if summary.state is not JobState.RUNNING:
            return Status(summary, [], polled=False, advice=_afterwards(summary))
        steps = await pending_steps(link.client, job_id)
        polled = await is_polled(link.client, summary.task_queue, is_dead)
        return Status(summary, steps, polled, _advice(summary, steps, link, polled=polled))


def _afterwards(summary: JobSummary) -> str:
    if summary.state.value == "Complete":
        return f"`outlast report {summary.id}` prints its report."
    return f"`outlast report {summary.id}` says why."


def _advice(summary: JobSummary, steps: list[PendingStep], link: Link, *, polled: bool) -> str:
    if summary.stage == "AwaitingApproval":
        return f"`outlast plan {summary.id}` shows its plan, `outlast approve {summary.id}` lets it go on."
    if not polled and link.platform is not None:
        return f"Nobody works on it: `{again(summary)}` goes on with it."
    if not polled:
        return f"No worker polls its task queue {summary.task_queue!r}: start one with `outlast worker`."
    if not steps:
        return f"No step is under way: it may be suspended or out of budget; `{again(summary)}` tells."
    return ""


def again(summary: JobSummary) -> str:
    """The command that goes on with a job."""
    from outlast.cli.listing import GAME

    return f"outlast {'play' if summary.kind == GAME else 'run'} --id {summary.id}"


def _view(found: Status) -> Table:
    from rich.table import Table
    from rich.text import Text

    from outlast.cli.lines import usage_words
    from outlast.cli.listing import colour, steps_of
    from outlast.cli.story import Trouble, step_name
    from outlast.durable.summaries import figures
    from outlast.render.plaintext import one_line

    summary = found.summary
    known = figures(summary.progress)
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column()
    grid.add_row("id", Text(one_line(summary.id), style="bold"))
    grid.add_row("state", Text(summary.state.value, style=colour(summary.state.value)))
    if summary.stage:
        grid.add_row("stage", Text(one_line(summary.stage)))
    if known:
        grid.add_row(steps_of(summary.kind), f"{known.done} of {known.planned}")
        grid.add_row("used", usage_words(known.usage))
    grid.add_row("started", f"{summary.started:%Y-%m-%d %H:%M:%S} UTC")
    if summary.ended:
        seconds = (summary.ended - summary.started).total_seconds()
        grid.add_row("ended", f"{summary.ended:%Y-%m-%d %H:%M:%S} UTC, after {seconds:.1f} s")
    grid.add_row("history", f"{summary.history_events} events, {summary.history_bytes:,} bytes")
    for step in found.steps[:20]:
        if step.failure:
            trouble = Trouble(step.kind, step.attempt, step.failure, step.next_attempt)
            grid.add_row("failing", Text(one_line(str(trouble)), style="yellow"))
        elif step.running:
            grid.add_row("running", Text(f"{step_name(step.kind)} (attempt {step.attempt}, {one_line(step.worker)})"))
    if found.advice:
        grid.add_row("next", Text(found.advice, style="cyan"))
    return grid
