"""Delivers a report: to the terminal, to standard output, or to a file."""

from __future__ import annotations

import sys
from pathlib import Path

from outlast.cli.options import Format
from outlast.cli.output import write_whole
from outlast.render.document import ReportDocument

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


def deliver(document: ReportDocument, wanted: Format | None, output: Path | None) -> None:
    """Write a report.

    Raises:
        StateError: the file can't be written; the report stays with its job.
    """
    form = chosen_format(wanted, output)
    if form is Format.TEXT and output is None:
        from outlast.cli.console import stdout
        from outlast.cli.reading import report_view

        stdout().print(report_view(document))
        return
    text = _rendered(document, form)
    if output is None:
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    write_whole(text, output, "The report", f"outlast report {document.job_id} --output FILE")


def _rendered(document: ReportDocument, form: Format) -> str:
    match form:
        case Format.HTML:
            from outlast.render.html import report_html

            return report_html(document)
        case Format.JSON:
            from outlast.render.jsonreport import report_json

            return report_json(document)
        case Format.MD:
            from outlast.render.markdown import report_markdown

            return report_markdown(document)
        case Format.TEXT:
            from rich.console import Console

            from outlast.cli.reading import report_view

            console = Console(width=100, highlight=False, color_system=None, force_terminal=False)
            with console.capture() as captured:
                console.print(report_view(document))
            return captured.get()
