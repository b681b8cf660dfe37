"""Saves a comparison, as its file is called."""

from __future__ import annotations

from pathlib import Path

from outlast.cli.output import write_whole
from outlast.evals.comparison import Comparison


def save(comparison: Comparison, output: Path) -> None:
    """Write a comparison.

    Raises:
        StateError: it can't be written; the comparison stays with its runs.
    """
    text = _rendered(comparison, output.suffix.lower())
    write_whole(text, output, "The comparison", f"outlast compare --id {comparison.id} --output FILE")


def _rendered(comparison: Comparison, suffix: str) -> str:
    if suffix == ".json":
        return comparison.model_dump_json(indent=1) + "\n"
    if suffix in (".html", ".htm"):
        from outlast.cli.compare_page import comparison_html

        return comparison_html(comparison)
    from rich.console import Console

    from outlast.cli.compare_table import comparison_view

    console = Console(width=120, highlight=False, color_system=None, force_terminal=False)
    with console.capture() as captured:
        console.print(comparison_view(comparison))
    return captured.get()
