"""The same jobs as a plain script, as the talk began: Pydantic AI without Temporal, started anew whenever it dies.

It is the identical core, so what differs is durability alone. It is struck where the durable job was: when the request
that the blow waited for is under way, or answered; requests are told by their digests, which are the same in both.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
import uuid
from collections.abc import Collection, Mapping, Sequence

from outlast.chaos.lab.stage import DEADLINE, Stage, until
from outlast.chaos.outcome import Paid, PlainOutcome
from outlast.chaos.schedule import DEADLY, Manner, Moment, Stop, Strike
from outlast.job.spec import ResearchJobSpec
from outlast.ledger import LedgerRow

DONE = frozenset({Moment.ANSWERED, Moment.RECORDED})
"""Moments at which the request has been answered."""


def comparable(strike: Strike) -> bool:
    """Whether a strike kills the process that makes the steps, and so means the same to a script."""
    return strike.victim in DEADLY and strike.manner is Manner.KILL


def digests(rows: Sequence[LedgerRow]) -> dict[Stop, frozenset[str]]:
    """Requests by the kind of step that they are of, from the ledger of a durable run."""
    return {stop: frozenset(row.sha256 for row in rows if row.step_kind == stop) for stop in Stop}


async def run_script(
    stage: Stage,
    spec: ResearchJobSpec,
    strikes: Sequence[Strike],
    requests: Mapping[Stop, Collection[str]],
    *,
    number: int = 0,
    place: int | None = None,
) -> PlainOutcome:
    """Run a script through strikes to its end.

    Args:
        stage: Its model server and its ledger.
        spec: What the job is asked.
        strikes: Those that mean the same to it.
        requests: What an undisturbed durable run asked, by kind of step.
        number: Of the manifest.
        place: In the plan.
    """
    name = f"plain-{uuid.uuid4().hex[:8]}"
    result = stage.folder / f"{name}.sha256"
    began, restarts = time.monotonic(), 0
    pid = await stage.script(name, spec, result)
    for strike in strikes:
        known = len(stage.rows(name))

        def met(strike: Strike = strike, known: int = known) -> bool:
            fresh = [row for row in stage.rows(name)[known:] if row.sha256 in requests[strike.stop]]
            return any(row.outcome == "ok" if strike.moment in DONE else row.is_open for row in fresh)

        await until(lambda met=met: met() or result.exists())  # type: ignore[misc]
        if result.exists():
            break
        os.kill(pid, signal.SIGKILL)
        restarts += 1
        pid = await stage.script(name, spec, result)
    async with asyncio.timeout(DEADLINE):
        await until(result.exists)
    return PlainOutcome(
        number=number,
        place=place,
        restarts=restarts,
        seconds=time.monotonic() - began,
        sha256=result.read_text(),
        paid=Paid.of(stage.rows(name)),
    )
