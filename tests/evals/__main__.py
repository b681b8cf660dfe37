"""Runs the gold set, its twins over altered figures, and the inventor, and says what each got right."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from outlast.durable.jobs import Jobs
from outlast.evals import GoldCase, altered_corpus, corpus_passages, embedded_corpus, gold_cases, twin_cases
from outlast.local.temporal import Ports, TemporalServer, free_port
from tests.evals.pipeline import Judged, judge, pipeline

TWIN_SEED = 7
INVENTOR_SAMPLE = 40


@dataclass
class Tally:
    """What came of one set of cases."""

    name: str
    judged: list[Judged] = field(default_factory=list)

    def share(self, of: str) -> str:
        """How many scores have something."""
        return f"{sum(bool(getattr(j.score, of)) for j in self.judged)}/{len(self.judged)}"

    @property
    def wrong(self) -> list[Judged]:
        """What was not right, or badly cited."""
        return [judged for judged in self.judged if not judged.good]


async def run(folder: Path, console: Console) -> list[Tally]:
    """Every set in turn, on one server."""
    ports = Ports(frontend=free_port(), ui=free_port())
    temporal = TemporalServer(database=folder / "temporal.db", log=folder / "temporal.log", ports=ports)
    await temporal.start()
    gold, twins = gold_cases(), twin_cases(TWIN_SEED)
    try:
        address = f"127.0.0.1:{ports.frontend}"
        async with pipeline(folder, address, corpus_passages(embedded_corpus()), queue="gold") as jobs:
            tallies = [
                await _tally("gold, offline:large", jobs, gold, "offline:large", console),
                await _tally(
                    "gold, offline:inventor", jobs, gold[:: len(gold) // INVENTOR_SAMPLE], "offline:inventor", console
                ),
            ]
        async with pipeline(folder, address, corpus_passages(altered_corpus(TWIN_SEED)), queue="twins") as jobs:
            tallies.append(await _tally("twins, offline:large", jobs, twins, "offline:large", console))
    finally:
        await temporal.stop()
    return tallies


async def _tally(name: str, jobs: Jobs, cases: Sequence[GoldCase], model: str, console: Console) -> Tally:
    tally = Tally(name)
    progress = iter(track(range(len(cases)), description=name, console=console))
    async for judged in judge(jobs, cases, model=model, prefix=name.replace(", offline:", "-")):
        next(progress)
        tally.judged.append(judged)
    next(progress, None)
    return tally


def main() -> int:
    """Entry point: 0 when the careful model is right throughout and the inventor never gets an answer through."""
    console = Console()
    with tempfile.TemporaryDirectory(prefix="outlast-evals-") as folder:
        careful, inventor, twins = asyncio.run(run(Path(folder), console))
    table = Table("set", "right", "citations valid", "abstained", title="The gold set through the whole pipeline")
    for tally in (careful, twins, inventor):
        table.add_row(tally.name, tally.share("right"), tally.share("citations_valid"), tally.share("abstained"))
    console.print(table)
    for wrong in (*careful.wrong, *twins.wrong):
        console.print(f"[red]{wrong.case.name}[/red] {wrong.case.question!r}: {wrong.score.reason}")
    invented = [judged for judged in inventor.judged if judged.report.claims and not judged.score.right]
    for wrong in invented:
        console.print(f"[red]invented[/red] {wrong.case.question!r}: {wrong.report.answer!r} got into a report")
    return 1 if careful.wrong or twins.wrong or invented else 0


if __name__ == "__main__":
    sys.exit(main())
