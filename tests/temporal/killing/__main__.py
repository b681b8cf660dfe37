"""`python -m tests.temporal.killing N`: a campaign of N aimed kills, or evidence for the tests of the checker.

Prints the seed and every job as it ends; exit code 1 when a report differs or a proof is not clean.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from outlast.chaos.schedule import Moment, Stop, Strike, Victim, schedule
from outlast.ledger import read_rows
from outlast.offline.faults import AimedFault, FaultConfig, FaultKind
from outlast.offline.remote import put_faults
from tests.unit.chaos.evidence import collect

from .campaign import Outcome, run_campaign, run_job
from .stage import Stage, stage


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m tests.temporal.killing", description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=80, help="how many strikes (default: each kind once)")
    parser.add_argument("--seed", type=int, default=None, help="repeat the schedule of an earlier campaign")
    parser.add_argument("--folder", type=Path, default=None, help="keep databases, ledger and logs here")
    parser.add_argument("--record", type=Path, default=None, help="record evidence into this folder instead")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="outlast-kills-") as temporary:
        folder = arguments.folder or Path(temporary)
        if arguments.record:
            asyncio.run(_record(folder, arguments.record))
            return
        seed = random.randrange(10**6) if arguments.seed is None else arguments.seed
        sys.exit(asyncio.run(_campaign(folder, seed, arguments.count)))


async def _campaign(folder: Path, seed: int, count: int) -> int:
    strikes = schedule(seed, count)
    print(f"seed {seed}: {count} strikes", flush=True)
    began = time.monotonic()
    async with stage(folder) as on:
        outcomes = await run_campaign(on, strikes, _tell)
        return _summary(on, outcomes, time.monotonic() - began)


def _tell(outcome: Outcome) -> None:
    struck = ", ".join(f"{one.strike}{'' if one.hit else ' (missed)'}" for one in outcome.struck)
    print(f"{outcome.job} {outcome.seconds:5.1f} s {'clean' if outcome.clean else 'NOT CLEAN'}: {struck}", flush=True)
    if not outcome.clean and outcome.proof is not None:
        print(outcome.proof.as_text(), flush=True)


def _summary(on: Stage, outcomes: list[Outcome], seconds: float) -> int:
    struck = [one for outcome in outcomes for one in outcome.struck]
    causes: Counter[str] = Counter()
    for outcome in outcomes:
        causes.update(outcome.proof.figures.resent_by_cause if outcome.proof else {})
    unclean = [outcome.job for outcome in outcomes if not outcome.clean]
    print(f"{on.kills} processes killed by {sum(one.hit for one in struck)} strikes ({len(struck)} aimed)")
    print(f"{len(outcomes)} jobs in {seconds:.0f} s, {len(unclean)} not clean{': ' if unclean else ''}{unclean or ''}")
    print(f"sent again: {dict(causes.most_common())}")
    recoveries = [one for outcome in outcomes for one in outcome.recoveries(on.rows(outcome.job))]
    for told in (True, False):
        times = [one.elsewhere for one in recoveries if one.told is told]
        ends = [one.recorded for one in recoveries if one.told is told]
        if times:
            print(
                f"kill of a worker in flight, {'told' if told else 'untold'}: running elsewhere after "
                f"{statistics.median(times):.2f} s (median of {len(times)}, at most {max(times):.2f}), "
                f"recorded after {statistics.median(ends):.2f} s (at most {max(ends):.2f})"
            )
    return 1 if unclean else 0


async def _record(folder: Path, into: Path) -> None:
    """One job that nothing disturbs, and one that meets three faults and five deaths of workers."""
    faults = [
        AimedFault(kind=FaultKind.RATE_LIMIT, steps="agent__searcher__*"),
        AimedFault(kind=FaultKind.UNAVAILABLE, steps="agent__searcher__*"),
        AimedFault(kind=FaultKind.RESET, steps="agent__analyst__*"),
    ]
    strikes = [
        Strike(Victim.WORKER, Moment.IN_FLIGHT, Stop.PLANNER, again=True),
        Strike(Victim.WORKER, Moment.ANSWERED, Stop.SCOUT),
        Strike(Victim.WORKER, Moment.ANSWERED, Stop.ANALYST),
    ]
    async with stage(folder, latency_scale=0.4) as on:
        for name, through in (("calm", []), ("stormy", strikes)):
            if through:
                struck = FaultConfig(retry_after_seconds=0.05, aimed=tuple(faults))
                await put_faults(str(on.settings.offline_url), struck)
            outcome = await run_job(on, through)
            assert outcome.clean
            # No deaths are written down: what the history tells of them has to do.
            (await collect(on.client, outcome.job, read_rows(on.ledger), [])).save(into / f"{name}.json")


if __name__ == "__main__":
    main()
