"""What the planner is told: the job as it is wanted, and the world as it was found. Frozen; nothing here is decided."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from outlast.job.spec import ResearchJobSpec, ResearchPlan
from outlast.job.status import JobStatus, ProgressStatus, RecoveryStatus, UsageStatus

FINALIZER = "outlast.dev/workflow"
"""Holds a deleted job until its workflow is ended, or until it can't be waited for any longer."""


@dataclass(frozen=True, slots=True)
class Desired:
    """One job as its author wants it."""

    namespace: str
    name: str
    uid: str
    generation: int
    spec: ResearchJobSpec | None
    """None when this operator can't read it."""
    problem: str = ""
    """Why it can't."""
    deleted: datetime | None = None
    """When its deletion was asked for."""
    finalizer: bool = False
    """Whether our finalizer is on it."""

    @property
    def workflow_id(self) -> str:
        """The id of its workflow. It holds the uid: a job of the same name that comes later is another job."""
        return f"{self.namespace}/{self.name}/{self.uid}"

    @property
    def report_name(self) -> str:
        """Name of the ConfigMap that takes the report."""
        return (self.spec.result.config_map if self.spec else None) or f"{self.name}-report"

    @property
    def store(self) -> str:
        """The store that the job names for its report; empty when it names none."""
        return (self.spec.result.store if self.spec else None) or ""


class WorkflowState(StrEnum):
    """What Temporal says of the workflow."""

    UNREACHABLE = "Unreachable"
    """Temporal says nothing."""
    ABSENT = "Absent"
    """There is none, or no more."""
    RUNNING = "Running"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELLED = "Cancelled"
    TERMINATED = "Terminated"
    TIMED_OUT = "TimedOut"


ENDED_BADLY = frozenset(
    {WorkflowState.FAILED, WorkflowState.CANCELLED, WorkflowState.TERMINATED, WorkflowState.TIMED_OUT}
)
"""Ends without a report."""


class FailureKind(StrEnum):
    """Why a workflow failed, as far as the planner has to tell apart."""

    MODEL_UNUSABLE = "ModelUnusable"
    """The check before the first step found a model that can't be used; nothing was sent."""
    SOURCE_UNUSABLE = "SourceUnusable"
    """The same check found a source that can't be used; nothing was sent."""
    DEADLINE = "Deadline"
    REJECTED = "Rejected"
    BUDGET = "Budget"
    OTHER = "Other"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a workflow ended without a report."""

    kind: FailureKind
    message: str


@dataclass(frozen=True, slots=True)
class Workflow:
    """The workflow as it was found."""

    state: WorkflowState
    run_id: str = ""
    task_queue: str = ""
    build_id: str = ""
    started: datetime | None = None
    """Of the latest run."""
    ended: datetime | None = None
    history_events: int = 0
    history_bytes: int = 0
    progress: ProgressStatus | None = None
    """None before its first step."""
    usage: UsageStatus | None = None
    recovery: RecoveryStatus | None = None
    """None where it was not looked at."""
    plan: ResearchPlan | None = None
    """The plan, where it was asked for and some worker answered."""
    exceeded: str = ""
    """The bound of the budget that is used up, in words; empty while there is room."""
    polled: bool | None = None
    """Whether any worker polls its task queue; None where it was not looked at."""
    failure: Failure | None = None
    """Of one that ended badly."""
    trace: str | None = None

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return self.state is WorkflowState.RUNNING


UNREACHABLE = Workflow(WorkflowState.UNREACHABLE)
ABSENT = Workflow(WorkflowState.ABSENT)


class ReportState(StrEnum):
    """What stands under the result's name."""

    NOTHING = "Nothing"
    OURS = "Ours"
    """The report, whole or shortened as it has to be, owned by this very job."""
    STALE = "Stale"
    """A ConfigMap of this very job that holds something else."""
    FOREIGN = "Foreign"
    """A ConfigMap that this job doesn't own."""
    UNKNOWN = "Unknown"
    """The store for the report can't be read now."""


@dataclass(frozen=True, slots=True)
class ReportSeen:
    """The report of a completed workflow, and what stands under its name."""

    state: ReportState
    summary: str
    sha256: str
    """Of the report itself, without ids, figures and times."""
    shortened: bool = False
    """Whether a ConfigMap that was too small for the report holds its summary."""
    store: str = ""
    """The store that the report goes to; empty when it goes to a ConfigMap."""
    problem: str = ""
    """Why the store can't be read, or couldn't be written last time."""


@dataclass(frozen=True, slots=True)
class Observed:
    """The world around one job."""

    status: JobStatus = field(default_factory=JobStatus)
    """As it stands in the resource, whoever wrote it."""
    foreign_status: bool = False
    """Whether somebody else wrote it since this operator last did."""
    delivered: int | None = None
    """Generation whose suspension and budget the workflow is known to have."""
    store_problem: str = ""
    """Why the store that the job names for its report can't be used at all."""
    workflow: Workflow | None = None
    """None for a finished job whose status nobody else touched: there is nothing to look up."""
    report: ReportSeen | None = None
    """Of a completed workflow only."""
