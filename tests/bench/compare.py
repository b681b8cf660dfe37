"""What a comparison adds to its runs: against a plain loop over the same cases, without Temporal and without evals."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from outlast.durable.worker import build_worker
from outlast.evals.comparison import Run
from outlast.evals.dataset import fingerprint, read_dataset
from outlast.evals.manifest import Manifest
from outlast.evals.runner import Plan, Runner
from outlast.evals.task import Bench
from outlast.evals.tasks import find_task
from outlast.job.spec import Budget
from tests.bench.stage import Stage, stage
from tests.bench.steps import stateless

CASES = 24
PARALLEL = 6
MODEL = "offline:large"


class _Silent:
    """Hears nothing."""

    def found(self, model: str) -> None:
        """Nothing."""

    def ended_run(self, model: str, run: Run) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""


async def overhead(folder: Path) -> dict[str, float]:
    """Seconds of a comparison of 24 cases, six at a time, beside those of a plain loop, and of reading it back."""
    async with stage(folder, latency_scale=1) as on, build_worker(on.client, on.settings):
        await _compared(on, "warm", cases=1)
        await stateless(on)
        plain = await _timed(_looped(on))
        compared = await _timed(_compared(on, "bench"))
        again = await _timed(_compared(on, "bench"))
    return {
        "plain loop over 24 cases, s": plain,
        "comparison of 24 cases, s": compared,
        "comparison / plain loop": compared / plain,
        "finished comparison read back, ms a run": 1e3 * again / CASES,
    }


async def _looped(on: Stage) -> None:
    free = asyncio.Semaphore(PARALLEL)

    async def one() -> None:
        async with free:
            await stateless(on)

    await asyncio.gather(*(one() for _ in range(CASES)))


async def _compared(on: Stage, name: str, cases: int = CASES) -> None:
    task = find_task("deep-research")
    text = "cases:\n" + "".join(
        f"- inputs: {{question: 'How many people live in Chad? ({n})'}}\n  expected_output: {{kind: unanswerable}}\n"
        for n in range(cases)
    )
    dataset = read_dataset(text, task, origin="bench.yaml")
    manifest = Manifest(
        task=task.name,
        models=(MODEL,),
        dataset=text,
        dataset_name="bench.yaml",
        dataset_sha256=fingerprint(dataset),
        repeat=1,
        seed=0,
        budget=Budget(),
    )

    async def nothing(job: str) -> None:
        pass

    bench = Bench(on.client, on.settings.task_queue, on.settings)
    runner = Runner(Plan(name, manifest, task, dataset), bench, _Silent(), parallel=PARALLEL, take_up=nothing)
    result = await runner.run()
    assert all(run.right for run in result.models[0].runs), "the scripted model abstains"


async def _timed(work: Coroutine[Any, Any, None]) -> float:
    began = time.perf_counter()
    await work
    return time.perf_counter() - began
