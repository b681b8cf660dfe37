"""Short ways to say what a job, its workflow and its status are, for tables of cases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from outlast.job.assess import assess
from outlast.job.conditions import Condition, ConditionType
from outlast.job.observed import (
    Desired,
    Failure,
    FailureKind,
    Observed,
    ReportSeen,
    ReportState,
    Workflow,
    WorkflowState,
)
from outlast.job.spec import ResearchJobSpec, ResearchPlan
from outlast.job.status import JobStatus, ProgressStatus, UsageStatus

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
NOW = START + timedelta(minutes=5)

PLAN = ResearchPlan.model_validate({"summary": "s", "searches": [{"query": "q", "purpose": "p"}]})


def at(seconds: float) -> datetime:
    """So long after the start."""
    return START + timedelta(seconds=seconds)


def job(*, generation: int = 1, deleted: datetime | None = None, finalizer: bool = True, **spec: Any) -> Desired:
    return Desired(
        namespace="ns",
        name="job",
        uid="uid-1",
        generation=generation,
        spec=ResearchJobSpec.model_validate({"query": "Why?", **spec}),
        deleted=deleted,
        finalizer=finalizer,
    )


def running(stage: str = "Searching", *, done: int = 1, planned: int = 3, **more: Any) -> Workflow:
    return Workflow(
        state=WorkflowState.RUNNING,
        run_id="run-1",
        task_queue="outlast",
        started=START,
        progress=ProgressStatus(
            stage=stage, searches_done=done, searches_planned=planned, searches=f"{done}/{planned}"
        ),
        usage=UsageStatus(requests=2 + done, input_tokens=100, output_tokens=10, cost_usd=0.5),
        **{"polled": True, **more},
    )


def ended(state: WorkflowState, kind: FailureKind | None = None, message: str = "why") -> Workflow:
    failure = Failure(kind, message) if kind is not None else None
    return replace(running("Complete", done=3), state=state, ended=at(100), failure=failure)


COMPLETED = ended(WorkflowState.COMPLETED)


def report(state: ReportState, *, shortened: bool = False) -> ReportSeen:
    return ReportSeen(state=state, summary="An answer.", sha256="ab" * 32, shortened=shortened)


def status_after(desired: Desired, workflow: Workflow, seen: ReportSeen | None = None) -> JobStatus:
    """The status that the operator writes when it sees this workflow."""
    observed = Observed(workflow=workflow, delivered=desired.generation, report=seen)
    return assess(observed, desired, START)


def condition(status: JobStatus, kind: ConditionType) -> Condition:
    found = status.condition(kind)
    assert found is not None
    return found
