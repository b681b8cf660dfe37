"""What the forge's children do: a worker that makes steps, the offline model server, or a job as a plain script."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from pathlib import Path
from typing import Any

import outlast.offline.roles
from outlast.chaos.digest import report_sha256
from outlast.chaos.lab.points import HoldPoints
from outlast.durable.client import connect
from outlast.durable.identity import process_identity
from outlast.durable.worker import build_worker
from outlast.errors import UnreachableError
from outlast.job.spec import ResearchJobSpec
from outlast.llm.resolve import ModelBook
from outlast.offline.config import OfflineConfig
from outlast.offline.server import OfflineServer
from outlast.research.agents import build_agents
from outlast.research.models import Plan
from outlast.research.setup import check_job
from outlast.research.stateless import StatelessHost, run_stateless
from outlast.settings import Settings
from outlast.sources.passage import Passage, Source
from outlast.sources.registry import Sources
from outlast.steps import Step, running

__all__ = ["play"]

log = logging.getLogger(__name__)

RESPONDER = outlast.offline.roles.respond
"""Imported here so that the forge has it before it forks."""


def play(request: dict[str, Any]) -> None:
    """Be what the request asks for, until SIGTERM or SIGKILL."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(process)d %(levelname)s %(name)s %(message)s")
    if request["role"] == "worker":
        settings = Settings.model_validate(request["settings"])
        asyncio.run(_work(settings, Path(request["points"]), float(request["search_seconds"])))
    elif request["role"] == "script":
        asyncio.run(_research(request))
    else:
        asyncio.run(_serve(OfflineConfig.model_validate(request["config"])))


async def _work(settings: Settings, points: Path, search_seconds: float) -> None:
    settings = settings.model_copy(update={"identity": process_identity()})
    log.info("forged")
    stopped = _stopped()
    while True:
        try:
            client = await connect(settings)
            break
        except UnreachableError:
            await asyncio.sleep(0.1)
    log.info("connected")
    sources = SlowSources(settings, search_seconds)
    worker = build_worker(client, settings, observer=HoldPoints(points), sources=sources)
    async with worker:
        log.info("working")
        (points / f"works-{os.getpid()}").touch()
        await stopped.wait()


async def _research(request: dict[str, Any]) -> None:
    settings = Settings.model_validate(request["settings"])
    spec = ResearchJobSpec.model_validate(request["spec"])
    models, sources = ModelBook(settings), SlowSources(settings, float(request["search_seconds"]))

    async def review(plan: Plan) -> Plan:
        return plan

    host = StatelessHost(lambda asked: check_job(asked, settings, models, sources.check), review)
    step = Step(job=request["name"], run="script", activity="script", kind="script", attempt=1)
    with running(step):
        result = await run_stateless(spec, build_agents(models=models, sources=sources), host)
    draft = Path(request["result"]).with_suffix(".draft")
    draft.write_text(report_sha256(result.report))
    draft.rename(request["result"])


async def _serve(config: OfflineConfig) -> None:
    stopped = _stopped()
    async with OfflineServer(config, responder=RESPONDER):
        await stopped.wait()


def _stopped() -> asyncio.Event:
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    return stopped


class SlowSources(Sources):
    """Sources that take their time, so that a kill can meet a search under way.

    Args:
        settings: Of the process.
        seconds: How long each search takes, on top.
    """

    def __init__(self, settings: Settings, seconds: float) -> None:
        super().__init__(settings)
        self._seconds = seconds

    def _source(self, name: str) -> Source:
        return _Slow(super()._source(name), self._seconds)


class _Slow:
    def __init__(self, source: Source, seconds: float) -> None:
        self.name = source.name
        self._wrapped = source
        self._seconds = seconds

    async def search(self, query: str, *, limit: int) -> list[Passage]:
        await asyncio.sleep(self._seconds)
        return await self._wrapped.search(query, limit=limit)
