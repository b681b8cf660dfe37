"""`outlast run --stateless`: the identical core in this process alone, to compare. When it dies, everything is gone."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import AbstractContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

from outlast.cli.checking import check_beforehand
from outlast.cli.console import is_interactive
from outlast.cli.exits import DONE, INTERRUPTED, TERMINATED
from outlast.cli.interrupt import Interrupts
from outlast.cli.request import Request
from outlast.cli.review import review_at_terminal
from outlast.cli.story import Begun, Ended, Snapshot, View, completed
from outlast.errors import JobFailedError, OutlastError, UsageError
from outlast.job.spec import PlanApproval, ResearchJobSpec
from outlast.llm.resolve import OFFLINE, ModelBook
from outlast.offline.config import OfflineConfig
from outlast.offline.server import OfflineServer
from outlast.render.document import ReportDocument
from outlast.research.agents import build_agents
from outlast.research.models import Plan
from outlast.research.setup import check_job, models_of
from outlast.research.state import ResearchResult
from outlast.research.stateless import StatelessHost, run_stateless
from outlast.settings import Settings
from outlast.sources.registry import Sources
from outlast.steps import Step, running
from outlast.usage.meter import Usage

ResultT = TypeVar("ResultT")

LOOK_SECONDS = 0.25
"""How often progress is looked at."""


async def run_stateless_job(
    request: Request[ResearchJobSpec], settings: Settings, view: View, deliver: Callable[[ReportDocument], None]
) -> int:
    """Carry a job out without Temporal.

    Returns:
        The exit code.

    Raises:
        UsageError: only an id is given, or a person would have to review the plan and none is there.
        JobFailedError: the job ended without a report.
    """
    spec = request.spec
    if spec is None:
        raise UsageError(f"A stateless run keeps nothing, so there is no job {request.job_id!r} to go on with.")
    if spec.approval.plan is PlanApproval.REQUIRED and not is_interactive():
        raise UsageError("A stateless run asks at the terminal for approval of the plan, and there is no terminal.")
    interrupts = Interrupts()
    began = time.monotonic()
    with interrupts.caught():
        async with offline_here(models_of(spec, settings).values(), settings) as complete:
            result = await unless_interrupted(_work(request.job_id, spec, complete, view, interrupts), view, interrupts)
    if isinstance(result, int):
        return result
    usage = sum(result.usage.values(), Usage())
    view.moved(completed(None, result.report, usage))
    view.ended(Ended(usage, time.monotonic() - began))
    deliver(ReportDocument(request.job_id, result, datetime.now(UTC)))
    return DONE


async def unless_interrupted(
    work: Coroutine[Any, Any, ResultT], view: View[Any], interrupts: Interrupts
) -> ResultT | int:
    """What the work comes to, or the exit code when a signal ends it: then everything is gone."""
    working = asyncio.create_task(work)
    signal = asyncio.create_task(interrupts.wait())
    try:
        await asyncio.wait({working, signal}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return await working
        view.note("Nothing of this run is kept: it was stateless.")
        return TERMINATED if interrupts.terminated else INTERRUPTED
    finally:
        for task in (working, signal):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, OutlastError):
                await task


def one_step(job_id: str) -> AbstractContextManager[None]:
    """One step for the whole run: its ledger rows can be told from those of other runs, and of durable ones."""
    return running(Step(job=job_id, run="stateless", activity="stateless", kind="stateless", attempt=1))


async def _work(
    job_id: str, spec: ResearchJobSpec, settings: Settings, view: View, interrupts: Interrupts
) -> ResearchResult:
    await check_beforehand(spec, settings)
    models, sources = ModelBook(settings), Sources(settings, progress=view.busy)
    host = StatelessHost(
        lambda asked: check_job(asked, settings, models, sources.check),
        lambda plan: _reviewed(view, plan, interrupts),
    )
    view.began(Begun(job_id=job_id, query=spec.query, known=False, again="", place="this process, stateless"))
    looks = asyncio.create_task(_look(host, view))
    try:
        with one_step(job_id):
            return await run_stateless(spec, build_agents(models=models, sources=sources), host)
    finally:
        looks.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await looks
        sources.close()
        await models.aclose()


async def _look(host: StatelessHost, view: View) -> None:
    while True:
        if host.progress is not None:
            view.moved(Snapshot(host.progress()))
        await asyncio.sleep(LOOK_SECONDS)


async def _reviewed(view: View, plan: Plan, interrupts: Interrupts) -> Plan:
    review = await review_at_terminal(view, plan, interrupts)
    if review is None:
        raise JobFailedError("The plan was not approved, and a stateless run can't wait.")
    if not review.approved:
        raise JobFailedError(f"The plan was rejected: {review.reason}" if review.reason else "The plan was rejected.")
    return review.plan or plan


@asynccontextmanager
async def offline_here(models: Iterable[str], settings: Settings) -> AsyncIterator[Settings]:
    """Settings with an offline model server in this process, where one of its models is used and none is named."""
    wanted = any(name.startswith(f"{OFFLINE}:") for name in models)
    if not wanted or settings.offline_url is not None:
        yield settings
        return
    async with OfflineServer(OfflineConfig()) as server:
        yield settings.model_copy(update={"offline_url": server.url})
