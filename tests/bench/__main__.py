"""Runs every measurement, prints a table, writes JSON."""

from __future__ import annotations

import asyncio
import json
import platform
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from outlast import __version__
from tests.bench import compare, deaths, games, slots, steps

MEASUREMENTS = (
    steps.added_wall,
    steps.cpu_at_load,
    slots.by_slots,
    compare.overhead,
    deaths.recovery,
    deaths.replay,
    games.games_an_hour,
)


async def measure(folder: Path, console: Console) -> dict[str, float]:
    """Run the measurements one after the other: two at once would measure each other."""
    figures: dict[str, float] = {}
    for measurement in MEASUREMENTS:
        console.print(f"[dim]{(measurement.__doc__ or '').strip()}[/dim]")
        figures |= await measurement(folder / measurement.__name__)
    return figures


def main() -> None:
    """Entry point; the one argument is the file for the JSON."""
    console = Console()
    with tempfile.TemporaryDirectory(prefix="outlast-bench-") as folder:
        figures = asyncio.run(measure(Path(folder), console))
    table = Table("figure", "measured", title=f"outlast {__version__}, Python {platform.python_version()}")
    table.columns[1].justify = "right"
    for name, value in figures.items():
        table.add_row(name, f"{value:.2f}")
    console.print(table)
    Path(sys.argv[1]).write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
