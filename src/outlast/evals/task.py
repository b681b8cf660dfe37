"""What can be compared: how a case becomes a job, how the job is started and read back, and how its result is judged.

`research_task.py` and `game_task.py` are the two tasks there are; the rest of this package knows them by this protocol.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict
from pydantic_evals import Case, Dataset
from pydantic_evals.evaluators import EvaluationReason, Evaluator
from temporalio.client import Client

from outlast.evals.measure import Measures
from outlast.job.spec import Budget
from outlast.settings import Settings

SUCCESS, HONESTY, BUDGET = "success", "honesty", "budget"
"""The verdicts, by the names that evaluators give them. Others may stand beside them."""

Spec = Any
"""What a job of the task is started with: a `ResearchJobSpec`, say."""

AnyCase = Case[Any, Any, Any]


class Outcome(BaseModel):
    """How one run ended; evaluators get it as `ctx.output`."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    job: str
    answer: str
    """What it came to, in one line; empty when it abstained or failed."""
    failure: str = ""
    """Why there is no result; empty when there is one."""
    measures: Measures
    budget: Budget
    """What the run was given."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Where jobs run."""

    client: Client
    task_queue: str
    settings: Settings


class Task(Protocol):
    """One kind of job that models are compared by."""

    @property
    def name(self) -> str:
        """As `--task` takes it."""
        ...

    @property
    def steps(self) -> str:
        """What its recorded tool calls are, in the plural: `searches`."""
        ...

    @property
    def aspects(self) -> Sequence[str]:
        """Kinds of cases whose success is told apart, in the order in which they are shown."""
        ...

    @property
    def dataset_type(self) -> type[Dataset[Any, Any, Any]]:
        """What its datasets hold."""
        ...

    @property
    def evaluators(self) -> Sequence[Evaluator[Any, Any, Any]]:
        """Judge every run."""
        ...

    @property
    def shipped(self) -> str:
        """File name of the dataset that comes with the package."""
        ...

    def aspect(self, case: AnyCase) -> str:
        """Which kind of case it is."""
        ...

    def spec(self, inputs: Any, model: str, budget: Budget, seed: int) -> Spec:
        """The job that puts a case to a model."""
        ...

    async def check(self, specs: Sequence[Spec], settings: Settings) -> None:
        """Make sure that jobs can be carried out here, before one is started.

        Raises:
            OutlastError: a model, price or source is missing.
        """
        ...

    async def prepare(self, cases: Sequence[AnyCase], settings: Settings, *, here: bool) -> None:
        """Make what the jobs need on this machine, such as an index.

        Args:
            cases: What is going to be asked.
            settings: Of this process.
            here: Whether this process works on the jobs.

        Raises:
            UsageError: it does not, and those who do can't have what a case needs.
        """
        ...

    async def start(self, bench: Bench, job: str, spec: Spec) -> bool:
        """Start a job; True when it was not there before."""
        ...

    async def outcome(self, bench: Bench, job: str, spec: Spec) -> Outcome:
        """Wait for the end of a job and read what it came to; a job that fails is an outcome too.

        Raises:
            UnreachableError: Temporal does not answer.
        """
        ...


def job_id(comparison: str, case: str, repeat: int, model: str, spec: Spec) -> str:
    """The id of one run: made of what is run, so that the same run is found again and another one never is."""
    content = json.dumps([case, repeat, model, spec.model_dump(mode="json")], sort_keys=True)
    digest = hashlib.sha256(content.encode()).hexdigest()[:12]
    return f"{comparison}-{_slug(model)}-{_slug(case)}-{digest}"


def budget_verdict(outcome: Outcome) -> dict[str, EvaluationReason]:
    """Whether the run stayed within what it was given; nothing where nothing was bounded."""
    used = outcome.measures
    bounds = (
        ("requests", outcome.budget.max_requests, used.requests),
        ("tokens", outcome.budget.max_tokens, used.tokens),
        ("dollars", outcome.budget.max_cost_usd, float(used.cost_usd)),
    )
    given = [(what, limit, spent) for what, limit, spent in bounds if limit is not None]
    over = [f"{spent:.6g} {what} of {limit:g}" for what, limit, spent in given if spent > limit]
    if not given:
        return {}
    return {
        BUDGET: EvaluationReason(not over, f"It used {', '.join(over)}." if over else "It stayed within its budget.")
    }


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-")[:32].rstrip("-")
