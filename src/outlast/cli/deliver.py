"""Delivers a report: to the terminal, to standard output, or to a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from outlast.cli.options import Format
from outlast.cli.output import write_whole
from outlast.errors import UsageError
from outlast.render.document import ReportDocument
from outlast.render.game import GameDocument, game_data, game_markdown, game_view

if TYPE_CHECKING:
    from rich.console import RenderableType

_BY_SUFFIX = {
    ".md": Format.MD,
    ".markdown": Format.MD,
    ".json": Format.JSON,
    ".html": Format.HTML,
    ".htm": Format.HTML,
    ".txt": Format.TEXT,
}


def chosen_format(wanted: Format | None, output: Path | None) -> Format:
    """The format to write: as told, as the file is called, or as suits where it goes."""
    if wanted is not None:
        return wanted
    if output is not None:
        return _BY_SUFFIX.get(output.suffix.lower(), Format.MD)
    return Format.TEXT if sys.stdout.isatty() else Format.MD


def deliver(document: ReportDocument | GameDocument, wanted: Format | None, output: Path | None) -> None:
    """Write a report, or a game.

    Raises:
        UsageError: a game is to be written as HTML.
        StateError: the file can't be written; the report stays with its job.
    """
    form = chosen_format(wanted, output)
    if form is Format.TEXT and output is None:
        from outlast.cli.console import stdout

        stdout().print(_view(document))
        return
    text = _rendered(document, form)
    if output is None:
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    write_whole(text, output, "The report", f"outlast report {document.job_id} --output FILE")


def _view(document: ReportDocument | GameDocument) -> RenderableType:
    from outlast.cli.reading import report_view

    return game_view(document) if isinstance(document, GameDocument) else report_view(document)


def _rendered(document: ReportDocument | GameDocument, form: Format) -> str:
    match form:
        case Format.HTML:
            if isinstance(document, GameDocument):
                raise UsageError(f"{document.job_id} is a game, which has no HTML page: choose text, md or json.")
            from outlast.render.html import report_html

            return report_html(document)
        case Format.JSON:
            from outlast.render.jsonreport import dump, report_json

            if isinstance(document, GameDocument):
                return dump(game_data(document), indent=1) + "\n"
            return report_json(document)
        case Format.MD:
            from outlast.render.markdown import report_markdown

            return game_markdown(document) if isinstance(document, GameDocument) else report_markdown(document)
        case Format.TEXT:
            from rich.console import Console

            console = Console(width=100, highlight=False, color_system=None, force_terminal=False)
            with console.capture() as captured:
                console.print(_view(document))
            return captured.get()
