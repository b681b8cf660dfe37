"""Runs a comparison: every case, model and repetition is a job of its own, driven and judged by Pydantic Evals.

Nothing is kept here. A run that is there already is read back from its history, so a comparison that was killed goes on
by being started again, and pays for no finished case twice.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from pydantic_evals import Case, Dataset
from pydantic_evals.lifecycle import CaseLifecycle
from pydantic_evals.reporting import EvaluationReport, ReportCase, ReportCaseFailure
from temporalio.service import RPCError

from outlast import __version__
from outlast.errors import JobFailedError, UnreachableError
from outlast.evals.comparison import Comparison, Run, Verdict, model_result
from outlast.evals.dataset import AnyDataset
from outlast.evals.manifest import Manifest
from outlast.evals.task import AnyCase, Bench, Outcome, Task, job_id

AGAIN_SECONDS = 1.0
"""Pause before a server that did not answer is asked again."""

TakeUp = Callable[[str], Awaitable[object]]
"""Takes up a job that was there before, such as steps of dead workers; gets its id."""


class Listener(Protocol):
    """Hears how a comparison goes."""

    def found(self, model: str) -> None:
        """A run was there already."""
        ...

    def ended_run(self, model: str, run: Run) -> None:
        """A run was judged."""
        ...

    def note(self, text: str) -> None:
        """Something that a person should know."""
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """A comparison that is about to run."""

    id: str
    manifest: Manifest
    task: Task
    dataset: AnyDataset


class Runner:
    """Runs one comparison.

    Args:
        plan: What is compared.
        bench: Where jobs run.
        listener: Hears how it goes.
        parallel: Runs under way at the most.
        take_up: Called for each job that was there before.
    """

    def __init__(self, plan: Plan, bench: Bench, listener: Listener, *, parallel: int, take_up: TakeUp) -> None:
        self._plan = plan
        self._bench = bench
        self._listener = listener
        self._take_up = take_up
        self._free = asyncio.Semaphore(parallel)
        # Models side by side: a machine that slows down slows all of them.
        self._share = max(1, parallel // len(plan.manifest.models))

    async def run(self) -> Comparison:
        """Run it to its end.

        Raises:
            JobFailedError: a run could not be judged; the others are kept.
        """
        manifest, dataset = self._plan.manifest, self._plan.dataset
        judged = dataset.model_copy(update={"evaluators": [*dataset.evaluators, *self._plan.task.evaluators]})
        with _unconfigured_logfire():
            runs = await asyncio.gather(*(self._model(judged, model) for model in manifest.models))
        return Comparison(
            id=self._plan.id,
            outlast=__version__,
            task=self._plan.task.name,
            steps=self._plan.task.steps,
            dataset=dataset.name,
            dataset_sha256=manifest.dataset_sha256,
            cases=len(dataset.cases),
            repeat=manifest.repeat,
            seed=manifest.seed,
            ended=datetime.now(UTC),
            models=[
                model_result(model, found, seed=manifest.seed)
                for model, found in zip(manifest.models, runs, strict=True)
            ],
        )

    async def _model(self, dataset: Dataset[Any, Any, Any], model: str) -> list[Run]:
        runs: list[Run] = []
        for repeat in range(1, self._plan.manifest.repeat + 1):
            report = await self._repetition(dataset, model, repeat)
            if report.failures:
                first = report.failures[0]
                raise JobFailedError(
                    f"The case {first.name!r} with {model} could not be run: {first.error_message}. What is "
                    "finished is kept: the same command goes on."
                )
            runs += [self._judged(case, dataset, repeat) for case in report.cases]
        return runs

    async def _repetition(
        self, dataset: Dataset[Any, Any, Any], model: str, repeat: int
    ) -> EvaluationReport[Any, Any, Any]:
        names = {id(case.inputs): str(case.name) for case in dataset.cases}

        async def answered(inputs: Any) -> Outcome:
            async with self._free:
                return await self._outcome(names[id(inputs)], inputs, model, repeat)

        def told(case: AnyCase) -> CaseLifecycle[Any, Any, Any]:
            return _Told(case, lambda done: self._listener.ended_run(model, self._judged(done, dataset, repeat)))

        return await dataset.evaluate(
            answered,
            name=f"{self._plan.id} {model}",
            task_name=self._plan.task.name,
            max_concurrency=self._share,
            progress=False,
            lifecycle=told,
        )

    async def _outcome(self, name: str, inputs: Any, model: str, repeat: int) -> Outcome:
        task, manifest = self._plan.task, self._plan.manifest
        # Repetitions differ by their seed, where the model of a task heeds one.
        spec = task.spec(inputs, model, manifest.budget, manifest.seed + repeat - 1)
        job = job_id(self._plan.id, name, repeat, model, spec)
        silent = False
        while True:
            try:
                if not await task.start(self._bench, job, spec):
                    self._listener.found(model)
                    await self._take_up(job)
                return await task.outcome(self._bench, job, spec)
            except (UnreachableError, RPCError) as error:
                if not silent:
                    self._listener.note(f"{error} It is asked again until it answers; nothing is lost.")
                silent = True
                await asyncio.sleep(AGAIN_SECONDS)

    def _judged(self, done: ReportCase[Any, Any, Any], dataset: Dataset[Any, Any, Any], repeat: int) -> Run:
        if done.evaluator_failures:
            broken = done.evaluator_failures[0]
            raise JobFailedError(f"The case {done.name!r} could not be judged by {broken.name}: {broken.error_message}")
        outcome: Outcome = done.output
        case = next(case for case in dataset.cases if case.name == done.name)
        return Run(
            case=done.name,
            aspect=self._plan.task.aspect(case),
            repeat=repeat,
            job=outcome.job,
            answer=outcome.answer,
            failure=outcome.failure,
            measures=outcome.measures,
            verdicts={
                name: Verdict(holds=found.value, reason=found.reason or "") for name, found in done.assertions.items()
            },
            scores={name: float(found.value) for name, found in done.scores.items()},
        )


class _Told(CaseLifecycle[Any, Any, Any]):
    """Tells of each case as soon as it is judged."""

    def __init__(self, case: Case[Any, Any, Any], ended: Callable[[ReportCase[Any, Any, Any]], None]) -> None:
        super().__init__(case)
        self._ended = ended

    async def teardown(self, result: ReportCase[Any, Any, Any] | ReportCaseFailure[Any, Any, Any] | None) -> None:
        """After the evaluators."""
        if isinstance(result, ReportCase):
            self._ended(result)


@contextmanager
def _unconfigured_logfire() -> Iterator[None]:
    """Pydantic Evals opens spans; where Logfire is not set up, that is no news."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="No logs or spans will be created", category=UserWarning)
        yield


def size(plan: Plan) -> int:
    """Runs for each model."""
    return len(plan.dataset.cases) * plan.manifest.repeat


def specs(plan: Plan) -> Sequence[Any]:
    """Every job of a comparison, repetitions apart."""
    return [
        plan.task.spec(case.inputs, model, plan.manifest.budget, plan.manifest.seed)
        for model in plan.manifest.models
        for case in plan.dataset.cases
    ]
