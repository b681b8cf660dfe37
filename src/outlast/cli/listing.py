"""`outlast list`: the jobs there are, from visibility alone, so that it answers without loading agents or models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from outlast.cli.options import Json

if TYPE_CHECKING:
    from rich.table import Table

    from outlast.durable.summaries import Figures, JobSummary

GAME = "TwentyQuestions"

KINDS = {"DeepResearch": "ResearchJob", GAME: GAME}
"""Kind of the manifest by workflow type."""


def list_jobs(
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, metavar="N", help="Show so many at the most.")] = 50,
    as_json: Json = False,
) -> None:
    """List the jobs, newest first."""
    from outlast.cli.console import run_async, stderr, stdout
    from outlast.render.jsonreport import dump
    from outlast.settings import load_settings

    found = run_async(_jobs(load_settings(), limit))
    if as_json:
        typer.echo(dump([summary_data(summary) for summary in found], indent=1))
    elif found:
        stdout().print(_table(found))
    else:
        stderr().print('No jobs yet: `outlast run "a question"` starts one, `outlast play --secret potato` a game.')


async def _jobs(settings: Any, limit: int) -> list[JobSummary]:
    from outlast.cli.link import linked

    async with linked(settings, payloads=False) as link:
        from outlast.durable.summaries import list_jobs

        return [summary async for summary in list_jobs(link.client, limit=limit)]


def summary_data(summary: JobSummary) -> dict[str, Any]:
    """A job as JSON data."""
    from outlast.durable.summaries import figures

    known = figures(summary.progress)
    return {
        "id": summary.id,
        "kind": KINDS[summary.kind],
        "state": summary.state.value,
        "stage": summary.stage or None,
        **_counts(summary.kind, known),
        "usage": known.usage.model_dump(mode="json", exclude={"unpriced_requests"}) if known else None,
        "task_queue": summary.task_queue,
        "started": summary.started.isoformat(),
        "ended": summary.ended.isoformat() if summary.ended else None,
        "history_events": summary.history_events,
        "history_bytes": summary.history_bytes,
    }


def _counts(kind: str, known: Figures | None) -> dict[str, int | None]:
    done, planned = (known.done, known.planned) if known else (None, None)
    if kind == GAME:
        return {"questions_asked": done, "max_questions": planned}
    return {"searches_done": done, "searches_planned": planned}


def steps_of(kind: str) -> str:
    """What a job of this kind is made of."""
    return "questions" if kind == GAME else "searches"


def _table(found: list[JobSummary]) -> Table:
    from datetime import UTC, datetime

    from rich.table import Table
    from rich.text import Text

    from outlast.durable.summaries import figures
    from outlast.render.document import dollars
    from outlast.render.plaintext import one_line

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("ID", "STATE", "STAGE", "DONE", "REQUESTS", "TOKENS", "COST", "AGE"):
        table.add_column(
            name, no_wrap=True, justify="right" if name in ("REQUESTS", "TOKENS", "COST", "AGE") else "left"
        )
    now = datetime.now(UTC)
    for job in found:
        known = figures(job.progress)
        used = known.usage if known else None
        table.add_row(
            Text(one_line(job.id)),
            Text(job.state.value, style=colour(job.state.value)),
            Text(one_line(job.stage)),
            f"{known.done}/{known.planned} {steps_of(job.kind)}" if known else "",
            str(used.requests) if used else "",
            f"{used.tokens:,}" if used else "",
            dollars(used.cost_usd) if used else "",
            age((now - job.started).total_seconds()),
        )
    return table


def colour(state: str) -> str:
    """The colour of a job's state."""
    return {"Complete": "green", "Failed": "red", "Cancelled": "yellow"}.get(state, "cyan")


def age(seconds: float) -> str:
    """A time span as `kubectl get` shows it."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= size * 2:
            return f"{seconds // size:.0f}{unit}"
    return f"{max(0.0, seconds):.0f}s"
