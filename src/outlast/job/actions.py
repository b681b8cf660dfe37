"""What the planner may ask for. Every action may be carried out twice: "exists" and "gone" are success."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from outlast.job.conditions import Reason
from outlast.job.spec import Budget, ResearchJobSpec, ResearchPlan
from outlast.job.status import JobStatus


@dataclass(frozen=True, slots=True)
class AddFinalizer:
    """Put our finalizer on the job."""


@dataclass(frozen=True, slots=True)
class RemoveFinalizer:
    """Let the job go."""


@dataclass(frozen=True, slots=True)
class StartWorkflow:
    """Start the workflow; one that is there already is left as it is."""

    spec: ResearchJobSpec
    again: bool = False
    """Whether a failed run may be followed by another: only after a check that failed before anything was sent."""


@dataclass(frozen=True, slots=True)
class RequestCancel:
    """Ask the workflow to end: steps under way are given up."""


@dataclass(frozen=True, slots=True)
class TerminateWorkflow:
    """End the workflow without asking it."""

    reason: str


@dataclass(frozen=True, slots=True)
class CancelLater:
    """Have the workflow cancelled as soon as Temporal answers, though its job is gone by then."""


@dataclass(frozen=True, slots=True)
class SetSuspended:
    """Suspend or resume the workflow."""

    suspended: bool


@dataclass(frozen=True, slots=True)
class SetBudget:
    """Replace the workflow's budget."""

    budget: Budget


@dataclass(frozen=True, slots=True)
class ApprovePlan:
    """Tell the workflow that its plan is approved."""

    plan: ResearchPlan | None
    """Carried out in place of the plan that stands."""


@dataclass(frozen=True, slots=True)
class RejectPlan:
    """Tell the workflow that its plan is rejected, which ends it."""

    reason: str


@dataclass(frozen=True, slots=True)
class WriteResult:
    """Write the report to a ConfigMap that the job owns, or to a store."""

    name: str
    store: str = ""
    """Name of the store; empty for a ConfigMap."""


@dataclass(frozen=True, slots=True)
class UpdateStatus:
    """Write the status."""

    status: JobStatus
    clear: bool = False
    """Whether to clear it first: what somebody forged may stand against the rules of change."""


@dataclass(frozen=True, slots=True)
class EmitEvent:
    """Tell people, as a Kubernetes Event on the job."""

    reason: Reason
    message: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class DeleteJob:
    """Delete the job, whose time after its end has passed."""


@dataclass(frozen=True, slots=True)
class Requeue:
    """Look at the job again."""

    after: timedelta


Action: TypeAlias = (
    AddFinalizer
    | RemoveFinalizer
    | StartWorkflow
    | RequestCancel
    | TerminateWorkflow
    | CancelLater
    | SetSuspended
    | SetBudget
    | ApprovePlan
    | RejectPlan
    | WriteResult
    | UpdateStatus
    | EmitEvent
    | DeleteJob
    | Requeue
)
