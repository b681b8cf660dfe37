"""`outlast crd`: print or write the CustomResourceDefinitions that this version serves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def crd(
    directory: Annotated[
        Path | None, typer.Option("--directory", "-d", metavar="DIR", help="Write one file each here instead.")
    ] = None,
    chart: Annotated[
        bool, typer.Option("--chart", help="As Helm templates, kept when their release is uninstalled.")
    ] = False,
) -> None:
    """Print the CustomResourceDefinitions."""
    from outlast.job.crd import DEFINITIONS, chart_template, crd_yaml

    render = chart_template if chart else crd_yaml
    if directory is None:
        typer.echo("---\n".join(render(name) for name in DEFINITIONS), nl=False)
        return
    directory.mkdir(parents=True, exist_ok=True)
    for name in DEFINITIONS:
        (directory / name).write_text(render(name), encoding="utf-8")
