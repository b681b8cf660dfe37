"""`python -m tests.temporal.record_evidence FOLDER`: evidence for the tests of the checker, from real runs."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path

from outlast.chaos.campaign import run_job
from outlast.chaos.lab.stage import stage
from outlast.chaos.plan import QUESTION
from outlast.chaos.schedule import Moment, Stop, Strike, Victim
from outlast.job.spec import ResearchJobSpec
from outlast.ledger import read_rows
from outlast.offline.faults import AimedFault, FaultConfig, FaultKind
from outlast.offline.remote import put_faults
from tests.unit.chaos.evidence import collect


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m tests.temporal.record_evidence", description=__doc__)
    parser.add_argument("into", type=Path, help="folder of the recorded evidence")
    with tempfile.TemporaryDirectory(prefix="outlast-evidence-") as folder:
        asyncio.run(_record(Path(folder), parser.parse_args().into))


async def _record(folder: Path, into: Path) -> None:
    """One job that nothing disturbs, and one that meets three faults and five deaths of workers."""
    faults = (
        AimedFault(kind=FaultKind.RATE_LIMIT, steps="agent__searcher__*"),
        AimedFault(kind=FaultKind.UNAVAILABLE, steps="agent__searcher__*"),
        AimedFault(kind=FaultKind.RESET, steps="agent__analyst__*"),
    )
    strikes = [
        Strike(Victim.WORKER, Moment.IN_FLIGHT, Stop.PLANNER, again=True),
        Strike(Victim.WORKER, Moment.ANSWERED, Stop.SCOUT),
        Strike(Victim.WORKER, Moment.ANSWERED, Stop.ANALYST),
    ]
    async with stage(folder, latency_scale=0.4) as on:
        for name, through in (("calm", []), ("stormy", strikes)):
            if through:
                await put_faults(str(on.settings.offline_url), FaultConfig(retry_after_seconds=0.05, aimed=faults))
            ran = await run_job(on, ResearchJobSpec(query=QUESTION), through)
            assert ran.clean
            # No deaths are written down: what the history tells of them has to do.
            (await collect(on.client, ran.job, read_rows(on.ledger), [])).save(into / f"{name}.json")


if __name__ == "__main__":
    main()
