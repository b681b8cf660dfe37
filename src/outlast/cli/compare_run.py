"""`outlast compare` on Temporal: records what is compared, works on the runs, and saves what they come to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

from outlast.cli.compare_request import CompareRequest, check_baseline
from outlast.cli.compare_save import save
from outlast.cli.compare_view import Begun, CompareView, WorkerView
from outlast.cli.exits import DONE, FAILED, INTERRUPTED, TERMINATED
from outlast.cli.interrupt import Interrupts
from outlast.cli.link import Link, linked
from outlast.errors import ModelSetupError, SourceError, UsageError
from outlast.evals.baseline import regressions, unknown_models
from outlast.evals.comparison import Comparison
from outlast.evals.dataset import read_dataset
from outlast.evals.manifest import Manifest, read_manifest, recorded
from outlast.evals.runner import Plan, Runner, size, specs
from outlast.evals.task import Bench
from outlast.evals.tasks import find_task
from outlast.settings import Settings

NOWHERE = "http://offline.invalid"
"""Stands for the offline model server before there is one, so that models can be checked without starting anything."""


async def compare_models(request: CompareRequest, settings: Settings, view: CompareView) -> int:
    """Run a comparison, or go on with one.

    Returns:
        The exit code: 1 where the baseline was better.

    Raises:
        OutlastError: it could not be started or finished.
    """
    here = settings.temporal_address is None if request.worker is None else request.worker
    if request.manifest is not None and here:
        await _check(_plan(request.id, request.manifest), settings)
    async with linked(settings, loading="outlast.cli.resuming") as link:
        before = await read_manifest(link.client, request.id)
        manifest = request.manifest or before
        if manifest is None:
            raise UsageError(f"There is no comparison {request.id!r}: give --models to start it.")
        check_baseline(request, manifest)
        plan = _plan(request.id, manifest)
        interrupts = Interrupts()
        with interrupts.caught():
            queue = f"{link.settings.task_queue}-{request.id}"
            async with recorded(link.client, request.id, manifest, f"{queue}-record"):
                view.began(Begun(plan.id, manifest, size(plan), before is not None, request.again))
                comparison = await _until_interrupted(_run(request, plan, link, view, here=here), interrupts)
    if comparison is None:
        view.note(f"{request.id} stands still until it is run again: {request.again}")
        return TERMINATED if interrupts.terminated else INTERRUPTED
    return _finish(request, comparison, view)


def _plan(comparison: str, manifest: Manifest) -> Plan:
    task = find_task(manifest.task)
    return Plan(comparison, manifest, task, read_dataset(manifest.dataset, task, origin=manifest.dataset_name))


async def _check(plan: Plan, settings: Settings) -> None:
    """Refuse what can't run before anything is started.

    Raises:
        UsageError: a model or source is unknown, a key is missing, or a model has no price under a cost budget.
    """
    there = settings.model_copy(update={"offline_url": settings.offline_url or NOWHERE})
    try:
        await plan.task.check(specs(plan), there)
    except (ModelSetupError, SourceError) as error:
        raise UsageError(str(error)) from None


async def _until_interrupted(work: Coroutine[Any, Any, Comparison], interrupts: Interrupts) -> Comparison | None:
    running, interrupted = asyncio.create_task(work), asyncio.create_task(interrupts.wait())
    try:
        await asyncio.wait({running, interrupted}, return_when=asyncio.FIRST_COMPLETED)
        return await running if running.done() else None
    finally:
        for task in (running, interrupted):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _run(request: CompareRequest, plan: Plan, link: Link, view: CompareView, *, here: bool) -> Comparison:
    from outlast.cli.resuming import ReplayMeter, take_up
    from outlast.cli.working import working

    settings, queue = link.settings, link.settings.task_queue
    await plan.task.prepare(plan.dataset.cases, settings, here=here)
    async with contextlib.AsyncExitStack() as stack:
        if here:
            # As for `outlast run`: on the embedded server each comparison has a queue of its own.
            queue = f"{queue}-{plan.id}" if link.platform is not None else queue
            await stack.enter_async_context(working(link, queue, WorkerView(view), ReplayMeter()))
        runner = Runner(
            plan,
            Bench(link.client, queue, settings),
            view,
            parallel=request.parallel,
            take_up=lambda job: take_up(link.client, job),
        )
        return await runner.run()


def _finish(request: CompareRequest, comparison: Comparison, view: CompareView) -> int:
    worse = regressions(request.baseline, comparison) if request.baseline else []
    view.ended(comparison, worse)
    for output in request.outputs:
        save(comparison, output)
    if request.baseline is not None:
        for model in unknown_models(request.baseline, comparison):
            view.note(f"The baseline says nothing of {model}.")
    for regression in worse:
        view.note(f"Worse than the baseline: {regression}.")
    return FAILED if worse else DONE
