"""The ResearchJob resource: the one model behind manifests, the command line and the CRD.

Words are those of `batch/v1` Job wherever it has them. Descriptions become the text of `kubectl explain`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic.alias_generators import to_camel

GROUP = "outlast.dev"
VERSION = "v1alpha1"
KIND = "ResearchJob"
API_VERSION = f"{GROUP}/{VERSION}"

DNS_LABEL = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
"""What Kubernetes takes as a name of one label (RFC 1123)."""

MAX_SECONDS = 10 * 365 * 86_400
"""Ten years: what a duration in a manifest may be at the most."""

Name = Annotated[str, StringConstraints(pattern=DNS_LABEL, min_length=1, max_length=63)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=8_000)]
ModelName = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^\S+$")]


class Resource(BaseModel):
    """Base of everything that stands in a manifest: camelCase there, snake_case here, nothing unknown."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        serialize_by_alias=True,
        extra="forbid",
        use_attribute_docstrings=True,
    )


class OnExceeded(StrEnum):
    """What a job does when its budget is used up."""

    CONCLUDE = "Conclude"
    """Stop searching and analyse what there is."""
    PAUSE = "Pause"
    """Wait until the budget is raised."""
    FAIL = "Fail"
    """End without a report."""


class Budget(Resource):
    """What a job may use. Checked before every step, in the workflow, so it holds through any number of restarts."""

    max_cost_usd: float | None = Field(default=None, gt=0, le=100_000, alias="maxCostUSD")
    """Dollars for model requests."""
    max_tokens: Annotated[int, Field(gt=0, le=10**12)] | None = None
    """Input and output tokens together."""
    max_requests: Annotated[int, Field(gt=0, le=10**9)] | None = None
    """Model requests; recorded ones count once, however often an attempt was repeated."""
    on_exceeded: OnExceeded = OnExceeded.CONCLUDE
    """Conclude analyses what there is, Pause waits for a raise, Fail ends the job without a report."""


class PlanApproval(StrEnum):
    """Whether a person reviews the plan before any search is made."""

    AUTOMATIC = "Automatic"
    REQUIRED = "Required"


class Decision(StrEnum):
    """What a reviewer decided about the plan."""

    APPROVED = "Approved"
    REJECTED = "Rejected"


class PlannedSearch(Resource):
    """One search of a plan."""

    query: Line
    """What to look up, in the words that the source would use."""
    purpose: Line
    """What the answer to the question needs from this search."""


class ResearchPlan(Resource):
    """How the question will be answered."""

    summary: Text = ""
    """What is asked and how the searches answer it."""
    searches: Annotated[list[PlannedSearch], Field(min_length=1, max_length=50)]
    """The searches, each answerable on its own; they run in parallel."""
    analysis_instructions: Text = ""
    """What the analyst computes, compares or decides from the findings."""


class Approval(Resource):
    """Review of the plan by a person, who needs the verb `approve` on researchjobs."""

    plan: PlanApproval = PlanApproval.AUTOMATIC
    """Required stops the job after planning until its plan, in `.status.plan`, is approved or rejected. Immutable."""
    decision: Decision | None = None
    """What the reviewer decided. It can be made once the plan stands, and is final."""
    approved_by: Annotated[str, StringConstraints(min_length=1, max_length=512)] | None = None
    """Who decided: the reviewer's own user name, which admission compares with the one that asked."""
    reason: Annotated[str, StringConstraints(max_length=2_000)] | None = None
    """Why; a rejected job shows it."""
    edited_plan: ResearchPlan | None = None
    """Carried out in place of the plan that stands; only with the decision Approved."""


class Models(Resource):
    """Model by role; a role that names none uses `model`."""

    planner: ModelName | None = None
    """Model that makes the plan."""
    searcher: ModelName | None = None
    """Model that carries out the searches."""
    analyst: ModelName | None = None
    """Model that writes the report."""


class ResultPlace(Resource):
    """Where the report goes: a ConfigMap, unless a store is named."""

    config_map: Name | None = None
    """Name of the ConfigMap in the job's own namespace; unset, the job's name and `-report`."""
    store: Name | None = None
    """Object store, by the name that the admin gave it; the report then goes there, whatever its size."""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.config_map and self.store:
            raise ValueError("result takes either configMap or store")
        return self


class DeletionPolicy(StrEnum):
    """What becomes of the work when the resource is deleted."""

    CANCEL = "Cancel"
    ORPHAN = "Orphan"


class ResearchJobSpec(Resource):
    """What to find out, with what, within which bounds."""

    query: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000, pattern=r"\S")]
    """The question. Immutable: another question is another job."""
    model: ModelName | None = None
    """Model of every role that names none, as Pydantic AI spells it; unset, the worker's default."""
    models: Models = Field(default_factory=Models)
    """Model by role."""
    sources: Annotated[list[Name], Field(min_length=1, max_length=10)] = ["factbook"]
    """Where to search, by the names that the worker knows."""
    max_searches: Annotated[int, Field(ge=1, le=50)] = 16
    """The most searches that a plan may hold."""
    budget: Budget = Field(default_factory=Budget)
    """What the job may use; empty means no bound."""
    approval: Approval = Field(default_factory=Approval)
    """Review of the plan by a person."""
    suspend: bool = False
    """True lets steps under way finish and starts no more; false goes on."""
    active_deadline_seconds: Annotated[int, Field(ge=1, le=MAX_SECONDS)] | None = None
    """Seconds after its start at which the job fails, suspension not counted."""
    backoff_limit: Annotated[int, Field(ge=0, le=100)] = 5
    """How often a failing step is tried again before the job counts it as failed."""
    ttl_seconds_after_finished: Annotated[int, Field(ge=0, le=MAX_SECONDS)] | None = None
    """Seconds after which a finished job is deleted; unset keeps it."""
    deletion_policy: DeletionPolicy = DeletionPolicy.CANCEL
    """Whether deleting the resource cancels the work or leaves it running."""
    task_queue: Name | None = None
    """Task queue whose workers do the work; unset, the default one. Immutable once the job has started."""
    result: ResultPlace = Field(default_factory=ResultPlace)
    """Where the report goes."""

    @model_validator(mode="after")
    def _decision_is_sound(self) -> Self:
        approval = self.approval
        if approval.decision is None and (approval.approved_by or approval.reason or approval.edited_plan):
            raise ValueError("approval: approvedBy, reason and editedPlan need a decision")
        if approval.decision is not None and approval.plan is not PlanApproval.REQUIRED:
            raise ValueError("approval.decision needs approval.plan: Required")
        if approval.edited_plan is not None and approval.decision is not Decision.APPROVED:
            raise ValueError("approval.editedPlan needs approval.decision: Approved")
        if approval.edited_plan is not None and len(approval.edited_plan.searches) > self.max_searches:
            raise ValueError("approval.editedPlan has more searches than maxSearches")
        return self

    @model_validator(mode="after")
    def _sources_are_distinct(self) -> Self:
        if len(set(self.sources)) != len(self.sources):
            raise ValueError(f"sources names one twice: {self.sources}")
        return self


class Metadata(Resource):
    """The part of Kubernetes' object metadata that outlast reads; a server adds more, which is let pass."""

    model_config = ConfigDict(extra="ignore")

    name: Name | None = None
    namespace: Name | None = None
    uid: str | None = None
    resource_version: str | None = None
    generation: int | None = None
    deletion_timestamp: AwareDatetime | None = None
    finalizers: list[str] = []
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class ResearchJob(Resource):
    """A research job: the same manifest on a cluster and on a laptop."""

    api_version: Literal["outlast.dev/v1alpha1"] = API_VERSION  # type: ignore[assignment]
    kind: Literal["ResearchJob"] = KIND  # type: ignore[assignment]
    metadata: Metadata = Field(default_factory=Metadata)
    spec: ResearchJobSpec
    status: dict[str, Any] | None = None
    """Written by the operator, never read from a manifest."""
