"""`outlast trace`: a job drawn from its history, on the terminal or as a picture, a page or JSON."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from outlast.cli.options import JobId, Json, Output

if TYPE_CHECKING:
    from outlast.settings import Settings
    from outlast.trace.palette import Theme
    from outlast.trace.timeline import Timeline


class Drawing(StrEnum):
    """How a timeline is written."""

    TEXT = "text"
    """For a terminal, or a log."""
    SVG = "svg"
    PNG = "png"
    HTML = "html"
    JSON = "json"


class Colours(StrEnum):
    """Which colours a picture has."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


_BY_SUFFIX = {
    ".svg": Drawing.SVG,
    ".png": Drawing.PNG,
    ".html": Drawing.HTML,
    ".htm": Drawing.HTML,
    ".json": Drawing.JSON,
}

Form = Annotated[
    Drawing | None,
    typer.Option(
        "--format", "-f", help="How to draw it. Without it: as FILE is called, else text.", show_default=False
    ),
]


def trace(
    job_id: JobId,
    drawing: Form = None,
    output: Output = None,
    theme: Annotated[
        Colours,
        typer.Option(help="Colours of svg and png: auto follows whoever looks at an SVG; a PNG is light unless told."),
    ] = Colours.AUTO,
    as_json: Json = False,
) -> None:
    """Draw who did what when: a row for each worker, a bar for each attempt, deaths and resumptions marked.

    Everything comes from the job's history. A ledger, where there is one, tells the times of attempts that the history
    forgets; without one they are put where they must have been, and drawn dashed.
    """
    from outlast.cli.console import run_async
    from outlast.cli.output import check_output
    from outlast.settings import load_settings
    from outlast.trace.palette import Theme

    if as_json and drawing not in (None, Drawing.JSON):
        raise typer.BadParameter(f"--json and --format {drawing} exclude each other.")
    form = chosen_drawing(Drawing.JSON if as_json else drawing, output)
    settings = load_settings()
    check_output(output)
    if form is Drawing.PNG and output is None and sys.stdout.isatty():
        raise typer.BadParameter("A PNG is nothing for a terminal: give --output FILE.")
    _deliver(run_async(_timeline(settings, job_id)), form, output, Theme(theme))


def chosen_drawing(wanted: Drawing | None, output: Path | None) -> Drawing:
    """The format to write: as told, else as the file is called."""
    if wanted is not None or output is None:
        return wanted or Drawing.TEXT
    return _BY_SUFFIX.get(output.suffix.lower(), Drawing.TEXT)


async def _timeline(settings: Settings, job_id: str) -> Timeline:
    from outlast.cli.link import linked

    async with linked(settings, loading="outlast.chaos.history") as link:
        from outlast.chaos.history import read_job
        from outlast.chaos.interruptions import FILE, noted
        from outlast.cli.ledgers import read_ledgers
        from outlast.trace.build import build_timeline

        record = await read_job(link.client, job_id)
        # A ledger adds to the drawing; one that can't be read takes nothing away from it.
        ledgers, _ = await read_ledgers(settings, [])
        rows = [row for ledger in ledgers for row in ledger.rows if row.job == job_id]
        return build_timeline([record], noted(settings.state_dir / FILE), rows)


def _deliver(timeline: Timeline, form: Drawing, output: Path | None, theme: Theme) -> None:
    if form is Drawing.TEXT and output is None:
        from outlast.cli.chart import Chart
        from outlast.cli.console import stdout

        stdout().print(Chart(timeline))
        return
    content = _rendered(timeline, form, theme)
    if output is None:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
        return
    from outlast.cli.output import write_whole

    write_whole(content, output, "The drawing", f"outlast trace {timeline.title} --output FILE")


def _rendered(timeline: Timeline, form: Drawing, theme: Theme) -> bytes:
    match form:
        case Drawing.PNG:
            from outlast.trace.png import timeline_png

            return timeline_png(timeline, theme=theme)
        case Drawing.SVG:
            from outlast.trace.svg import timeline_svg

            return timeline_svg(timeline, theme=theme).encode()
        case Drawing.HTML:
            from outlast.trace.html import timeline_html

            return timeline_html(timeline).encode()
        case Drawing.JSON:
            from outlast.trace.jsontrace import timeline_json

            return timeline_json(timeline).encode()
        case Drawing.TEXT:
            from rich.console import Console

            from outlast.cli.chart import Chart

            console = Console(width=120, highlight=False, color_system=None, force_terminal=False)
            with console.capture() as captured:
                console.print(Chart(timeline))
            return captured.get().encode()
