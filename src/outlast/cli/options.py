"""Options and arguments that several verbs take, worded once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """How a report is written."""

    TEXT = "text"
    """For a terminal."""
    MD = "md"
    JSON = "json"
    HTML = "html"


JobId = Annotated[str, typer.Argument(metavar="ID", help="Id of the job; `outlast list` shows them.")]

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]

ReportFormat = Annotated[
    Format | None,
    typer.Option(
        "--format",
        "-f",
        help="How to write the report. Without it: as FILE is called, else text on a terminal and md elsewhere.",
        show_default=False,
    ),
]

Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Where to write it, instead of standard output."),
]
