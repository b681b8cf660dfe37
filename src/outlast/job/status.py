"""What the operator reports of a job. Output only: nothing here decides what a job does.

It can be rebuilt from the world (Temporal, the ConfigMap, the spec) at any time, with two exceptions that exist nowhere
else: when conditions changed, and that a workflow was started whose history is gone.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from outlast.job.conditions import Condition, ConditionType
from outlast.job.spec import ResearchPlan, Resource

Count = Annotated[int, Field(ge=0)]
ShortText = Annotated[str, StringConstraints(max_length=1_000)]


class WorkflowStatus(Resource):
    """The Temporal workflow behind the job."""

    id: ShortText = ""
    """Built from namespace, name and uid of the job."""
    run_id: ShortText = Field(default="", alias="runID")
    """The latest run; a long job continues as a new one."""
    task_queue: ShortText = ""
    """Where its workers poll."""
    build_id: ShortText = Field(default="", alias="buildID")
    """Version of the workers that it is pinned to; empty when workers are unversioned."""
    history_events: Count = 0
    """Length of the latest run's history."""
    history_bytes: Count = 0
    """Size of the same."""


class ProgressStatus(Resource):
    """Where the job is."""

    stage: ShortText = ""
    """Planning, AwaitingApproval, Searching, Analysing or Complete."""
    searches_done: Count = 0
    """Searches that ended, with evidence or without."""
    searches_planned: Count = 0
    """Searches in the plan."""
    searches: ShortText = ""
    """Both as `done/planned`, for the printed column."""


class UsageStatus(Resource):
    """What recorded model requests used; an attempt that was cut and repeated counts once."""

    requests: Count = 0
    """Model requests."""
    input_tokens: Count = 0
    """Tokens sent."""
    output_tokens: Count = 0
    """Tokens received."""
    cost_usd: Annotated[float, Field(ge=0)] = Field(default=0.0, alias="costUSD")
    """Dollars, of the requests whose model has a price."""


class RecoveryStatus(Resource):
    """What the job outlived."""

    resumptions: Count = 0
    """How often another worker took the job up where it was."""
    replayed_steps: Count = 0
    """Recorded steps that those workers read from history instead of paying for them again."""
    retried_attempts: Count = 0
    """Attempts at steps beyond each step's first."""
    resent_requests: Count = 0
    """Model requests made anew since their worker died, or its report was lost. Some had perhaps not been sent before,
    which only a ledger tells: see `outlast prove`."""
    last_interruption_time: AwareDatetime | None = None
    """When a worker was last lost."""


class ResultReference(Resource):
    """Where the report is: a ConfigMap in the job's own namespace, or a store."""

    kind: ShortText = "ConfigMap"
    """ConfigMap or Store."""
    name: ShortText = ""
    """Name of the ConfigMap, or of the store as the admin gave it; it holds `report.md` and `report.json`."""
    key: ShortText | None = None
    """In a store, what stands before `/report.md` and `/report.json` in the names of the two objects."""


class ResultStatus(Resource):
    """The report."""

    summary: Annotated[str, StringConstraints(max_length=4_000)] = ""
    """Its executive summary, perhaps shortened."""
    ref: ResultReference = Field(default_factory=ResultReference)
    """Where it is."""
    sha256: ShortText = ""
    """Of the report itself, shortened or not: jobs that found the same have the same."""


class JobStatus(Resource):
    """What the operator knows of a job."""

    observed_generation: Count | None = None
    """Generation of the spec that was last carried out in full."""
    start_time: AwareDatetime | None = None
    """When the workflow was started."""
    completion_time: AwareDatetime | None = None
    """When the job completed or failed."""
    workflow: WorkflowStatus | None = None
    """The Temporal workflow behind the job."""
    plan: ResearchPlan | None = None
    """The plan, where it has to be reviewed."""
    progress: ProgressStatus | None = None
    """Where the job is."""
    usage: UsageStatus | None = None
    """What it used so far."""
    recovery: RecoveryStatus | None = None
    """What it outlived so far."""
    result: ResultStatus | None = None
    """The report, once there is one."""
    trace: ShortText | None = None
    """Id of the job's OpenTelemetry trace."""
    conditions: list[Condition] = Field(default_factory=list, max_length=16)
    """State by aspect; see the reference of conditions and reasons."""

    def condition(self, kind: ConditionType) -> Condition | None:
        """One condition, None before the first visit."""
        return next((condition for condition in self.conditions if condition.type is kind), None)

    def is_true(self, kind: ConditionType) -> bool:
        """Whether a condition is there and holds."""
        condition = self.condition(kind)
        return condition is not None and condition.is_true

    @property
    def finished(self) -> bool:
        """Whether the job is at its end, completed or failed."""
        return self.is_true(ConditionType.COMPLETE) or self.is_true(ConditionType.FAILED)
