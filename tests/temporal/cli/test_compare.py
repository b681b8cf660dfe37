"""`outlast compare` killed in the middle and run again: finished runs are read back, and paid for once."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from typing import Any

import pytest

from outlast.ledger import LedgerRow
from outlast.offline.faults import AimedFault, FaultConfig, FaultKind

from .commands import DEADLINE, LOOK_SECONDS, Command, until
from .conftest import Desk
from .script import SOURCE

CASES = 3
WORDS = ("compare", "--id", "killed", "--json")
MODELS = ("--models", "offline:small,offline:large", "--dataset", "few.yaml", "--parallel", "6")


@pytest.fixture
def dataset(desk: Desk) -> None:
    """The scripted model answers with the number of places that it was asked about."""
    cases = (
        f"- name: {count}-places\n"
        f"  inputs: {{question: 'The areas of {count} places?', sources: [{SOURCE}]}}\n"
        f"  expected_output: {{kind: figure, number: {count}}}\n"
        for count in range(1, CASES + 1)
    )
    (desk.folder / "few.yaml").write_text(f"cases:\n{''.join(cases)}")


@pytest.mark.usefixtures("dataset")
async def test_a_killed_comparison_pays_for_no_finished_run_again(desk: Desk) -> None:
    analysts = AimedFault(kind=FaultKind.STALL, steps="agent__analyst__*", count=CASES)
    desk.offline.set_faults(FaultConfig(aimed=(analysts,)))
    first = await desk.start(*WORDS, *MODELS)
    await until(lambda: len(runs(first)) >= CASES or first.process.returncode is not None, "the runs that do not hang")
    hanging = await in_flight(desk, CASES)
    await first.kill()
    finished = {run["job"] for run in runs(first)}
    assert len(finished) == CASES, first
    paid = await paid_for(desk)
    desk.heal()

    second = await desk.run(*WORDS)
    assert second.process.returncode == 0, second
    told = second.event("comparison")
    assert told, second
    assert sum(told["read_back"].values()) == 2 * CASES, "every run was there already, finished or not"
    more = await paid_for(desk)
    more.subtract(paid)
    assert +more == Counter(row.job for row in hanging), "one request each: what was in flight"
    assert not finished & set(+more)
    models = told["comparison"]["models"]
    assert [len(model["runs"]) for model in models] == [CASES, CASES]
    every = [run for model in models for run in model["runs"]]
    assert all(run["verdicts"]["success"]["holds"] and run["verdicts"]["honesty"]["holds"] for run in every)
    assert {run["job"] for run in every if run["measures"]["retries"]} == {row.job for row in hanging}


@pytest.mark.usefixtures("dataset")
async def test_sigterm_says_how_to_go_on(desk: Desk) -> None:
    desk.stall("agent__analyst__*", seconds=1)
    command = await desk.start(*WORDS, *MODELS)
    await in_flight(desk, 1)
    command.signal(signal.SIGTERM)
    assert await command.end() == 143, command
    note = command.event("note")
    assert note
    assert "killed stands still until it is run again: outlast compare --id killed" in note["text"]


@pytest.mark.usefixtures("dataset")
async def test_a_comparison_is_no_job_and_a_job_no_comparison(desk: Desk) -> None:
    assert await (await desk.ask("a1", 1)).end() == 0
    other = await desk.run("compare", "--id", "a1", *MODELS)
    assert other.process.returncode == 2, other
    assert "The id 'a1' belongs to a DeepResearch, no comparison." in other.err
    nobody = await desk.run("compare", "--id", "nobody")
    assert nobody.process.returncode == 2, nobody
    assert "There is no comparison 'nobody': give --models to start it." in nobody.err


def runs(command: Command) -> list[dict[str, Any]]:
    return [event for event in command.events if event["event"] == "run"]


async def paid_for(desk: Desk) -> Counter[str | None]:
    return Counter(row.job for row in await desk.offline.rows())


async def in_flight(desk: Desk, count: int) -> list[LedgerRow]:
    """Wait until so many requests hang in a fault."""
    async with asyncio.timeout(DEADLINE):
        while True:
            hanging = [row for row in await desk.offline.rows() if row.is_open and row.fault is not None]
            if len(hanging) >= count:
                return hanging
            await asyncio.sleep(LOOK_SECONDS)
