"""Records the histories that every test run replays: `python -m tests.temporal.record_histories [NAME...]`.

Record anew only with a change that is versioned or that no job in the world can meet: the old files are what protects
jobs that were started before it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from temporalio.client import Client

from outlast.durable.games import Games
from outlast.durable.jobs import Jobs
from outlast.job.spec import ResearchJobSpec
from outlast.local.temporal import Ports, TemporalServer, free_port
from outlast.offline.config import OfflineConfig
from outlast.offline.faults import AimedFault, FaultConfig, FaultKind
from outlast.offline.server import OfflineServer
from tests.temporal.games_lab import game_id, played, playing, spec_of
from tests.temporal.lab import Lab, job_id, until, worker_process
from tests.temporal.script import respond

HISTORIES = Path(__file__).parent / "histories"

SIGNATURE = {"identity": "recorder"}
"""Workers sign histories; the name of a machine has no place in a file."""


async def plain(lab: Lab) -> str:
    """Nothing happens to it."""
    name = job_id()
    async with lab.running(**SIGNATURE) as jobs:
        await jobs.start(name, ResearchJobSpec(query="areas"))
        await jobs.result(name)
    return name


async def approved(lab: Lab) -> str:
    """Asked for its progress from its first moment, its plan shortened and approved after a restart of its worker."""
    name = job_id()
    async with lab.running(**SIGNATURE) as jobs:
        await jobs.start(name, ResearchJobSpec.model_validate({"query": "areas", "approval": {"plan": "Required"}}))
        await until(lambda: stage(jobs, name, "AwaitingApproval"))
    async with lab.running(**SIGNATURE) as jobs:
        plan = await jobs.plan(name)
        assert plan is not None
        await jobs.approve(name, plan.model_copy(update={"searches": plan.searches[:2]}))
        await jobs.result(name)
    return name


async def failed_search(lab: Lab) -> str:
    """One of its searches fails for good, another at first."""
    name = job_id()
    lab.offline.set_faults(FaultConfig(aimed=(AimedFault(kind=FaultKind.SERVER_ERROR, steps="agent__searcher__*"),)))
    async with lab.running(**SIGNATURE) as jobs:
        await jobs.start(name, ResearchJobSpec(query="areas nothing"))
        await jobs.result(name)
    return name


async def killed(lab: Lab) -> str:
    """Its worker is killed while a searcher waits for a model."""
    name = job_id()
    lab.offline.set_faults(FaultConfig(aimed=(AimedFault(kind=FaultKind.STALL, steps="agent__searcher__*"),)))
    async with worker_process(lab, OUTLAST_IDENTITY=SIGNATURE["identity"]) as worker:
        jobs = await lab.jobs(**SIGNATURE)
        await jobs.start(name, ResearchJobSpec(query="areas"))
        await until(lambda: struck(lab, name))
        worker.kill()
        await worker.wait()
    async with lab.running(**SIGNATURE):
        await jobs.result(name)
    return name


async def game(lab: Lab) -> str:
    """A game some of whose steps fail on purpose."""
    name = game_id()
    async with playing(lab, **SIGNATURE) as games:
        await played(games, spec_of("potato", seed=3, failureRate=0.2), name)
    return name


async def oracle_game(lab: Lab) -> str:
    """A game that the Factbook answers, its worker replaced on the way."""
    name = game_id()
    stalled = AimedFault(kind=FaultKind.STALL, steps="agent__questioner__*", count=3)
    lab.offline.set_faults(FaultConfig(aimed=(stalled,), stall_seconds=0.2))
    async with playing(lab, **SIGNATURE) as games:
        await games.start(name, spec_of("Chad", oracle=True, seed=1))
        await until(lambda: turned(games, name, 2))
    async with playing(lab, **SIGNATURE) as games:
        await games.result(name)
    return name


SCENES: list[Callable[[Lab], Awaitable[str]]] = [plain, approved, failed_search, killed, game, oracle_game]


async def stage(jobs: Jobs, name: str, word: str) -> bool:
    """Whether a job is at a stage."""
    return (await jobs.progress(name)).stage.value == word


async def turned(games: Games, name: str, count: int) -> bool:
    """Whether a game has so many turns."""
    return len((await games.progress(name)).turns) >= count


async def struck(lab: Lab, name: str) -> bool:
    """Whether a request of a job met a fault."""
    return any(row.fault for row in await lab.offline.rows(name))


async def record(client: Client, name: str, file: Path) -> None:
    """Write the history of a job, without what tells of this machine."""
    recorded = json.loads((await client.get_workflow_handle(name).fetch_history()).to_json())
    file.write_text(json.dumps(_impersonal(recorded), indent=1, sort_keys=True) + "\n")


def _impersonal(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _impersonal(item) for key, item in value.items() if key != "stackTrace"}
    if isinstance(value, list):
        return [_impersonal(item) for item in value]
    return value


async def main(names: Sequence[str]) -> None:
    """Record those that are named, all when none is."""
    HISTORIES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        server = TemporalServer(database=folder / "t.db", log=folder / "t.log", ports=Ports(free_port(), free_port()))
        await server.start()
        try:
            for scene in [scene for scene in SCENES if not names or scene.__name__ in names]:
                async with OfflineServer(OfflineConfig(latency_scale=0), responder=respond) as offline:
                    lab = Lab(server, offline, folder)
                    name = await scene(lab)
                    await record((await lab.jobs()).client, name, HISTORIES / f"{scene.__name__}.json")
                    await lab.close()
                print(f"recorded {scene.__name__}")
        finally:
            await server.stop()
    await asyncio.sleep(0.2)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
