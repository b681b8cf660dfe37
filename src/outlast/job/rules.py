"""Rules that types can't express, as CEL: what the API server enforces without asking anybody.

Each stands at the node that it is about; its message is what a person reads, so it says what is allowed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class At(StrEnum):
    """Where in the schema a rule stands, by the names of properties."""

    JOB = ""
    SPEC = "spec"
    BUDGET = "spec.budget"
    APPROVAL = "spec.approval"
    SOURCES = "spec.sources"
    RESULT = "spec.result"
    STATUS = "status"
    PROGRESS = "status.progress"
    USAGE = "status.usage"
    RECOVERY = "status.recovery"

    @property
    def path(self) -> tuple[str, ...]:
        """The names one by one, from the whole object down."""
        return tuple(self.value.split(".")) if self.value else ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One validation rule."""

    at: At
    rule: str
    """CEL over `self`; one that names `oldSelf` judges changes only."""
    message: str
    """What the person who broke it reads."""
    field: str | None = None
    """JSON path of the field to blame, below the node."""
    also_on_create: bool = False
    """Evaluate on creation too; `oldSelf` is then optional."""


def _never_falls(at: At, *fields: str) -> list[Rule]:
    return [
        Rule(
            at,
            f"!has(oldSelf.{field}) || (has(self.{field}) && self.{field} >= oldSelf.{field})",
            f"{field} never falls",
        )
        for field in fields
    ]


def _set_once(field: str) -> Rule:
    return Rule(
        At.STATUS,
        f"!has(oldSelf.{field}) || (has(self.{field}) && self.{field} == oldSelf.{field})",
        f"{field} is set once",
    )


def _true(owner: str, kind: str) -> str:
    return f"(has({owner}.conditions) && {owner}.conditions.exists(c, c.type == '{kind}' && c.status == 'True'))"


RULES: list[Rule] = [
    # Pods, workflows and ConfigMaps are named after the job.
    Rule(
        At.JOB,
        "self.metadata.name.size() <= 56 && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",
        "metadata.name must be a DNS label (a-z, 0-9 and '-') of at most 56 characters: the report is named after it",
    ),
    Rule(
        At.JOB,
        "!has(oldSelf.status) || !has(oldSelf.status.startTime) || (has(self.spec.taskQueue) == "
        "has(oldSelf.spec.taskQueue) && (!has(self.spec.taskQueue) || self.spec.taskQueue == oldSelf.spec.taskQueue))",
        "spec.taskQueue is immutable once the job has started",
    ),
    Rule(
        At.JOB,
        "!has(self.spec.approval) || !has(self.spec.approval.decision) || (oldSelf.hasValue() && "
        "has(oldSelf.value().status) && has(oldSelf.value().status.plan)) || (oldSelf.hasValue() && "
        "has(oldSelf.value().spec.approval) && has(oldSelf.value().spec.approval.decision))",
        "spec.approval.decision can't be made before the plan stands in status.plan",
        also_on_create=True,
    ),
    Rule(At.SPEC, "self.query == oldSelf.query", "query is immutable: another question is another job", field=".query"),
    Rule(
        At.SPEC,
        "!has(self.approval) || !has(self.approval.editedPlan) || "
        "self.approval.editedPlan.searches.size() <= self.maxSearches",
        "approval.editedPlan.searches must not be more than maxSearches",
    ),
    Rule(
        At.SPEC,
        "(has(self.approval) && has(self.approval.plan) ? self.approval.plan : 'Automatic') == "
        "(has(oldSelf.approval) && has(oldSelf.approval.plan) ? oldSelf.approval.plan : 'Automatic')",
        "approval.plan is immutable: a review that is required stays required",
    ),
    Rule(
        At.SPEC,
        "!has(oldSelf.approval) || !has(oldSelf.approval.decision) || (has(self.approval) && "
        "self.approval == oldSelf.approval)",
        "approval is final once it holds a decision",
    ),
    Rule(
        At.BUDGET,
        "self.onExceeded == 'Conclude' || has(self.maxCostUSD) || has(self.maxTokens) || has(self.maxRequests)",
        "budget.onExceeded needs a bound: set maxCostUSD, maxTokens or maxRequests",
    ),
    Rule(
        At.APPROVAL,
        "!has(self.decision) || self.plan == 'Required'",
        "approval.decision needs approval.plan: Required",
        field=".decision",
    ),
    Rule(
        At.APPROVAL,
        "has(self.decision) == has(self.approvedBy)",
        "approval.decision and approval.approvedBy, your user name, must be set together",
    ),
    Rule(At.APPROVAL, "!has(self.reason) || has(self.decision)", "approval.reason needs approval.decision"),
    Rule(
        At.APPROVAL,
        "!has(self.editedPlan) || (has(self.decision) && self.decision == 'Approved')",
        "approval.editedPlan needs approval.decision: Approved",
        field=".editedPlan",
    ),
    Rule(At.RESULT, "!has(self.configMap) || !has(self.store)", "result takes either configMap or store"),
    # What batch/v1 Job promises of its status. To repair one that was forged, the operator clears it first.
    _set_once("startTime"),
    _set_once("completionTime"),
    Rule(
        At.STATUS,
        f"!({_true('self', 'Complete')} && {_true('self', 'Failed')})",
        "a job is never Complete and Failed",
    ),
    *(
        Rule(At.STATUS, f"!{_true('oldSelf', kind)} || {_true('self', kind)}", f"the condition {kind} is final")
        for kind in ("Complete", "Failed")
    ),
    Rule(
        At.STATUS,
        f"has(self.completionTime) == ({_true('self', 'Complete')} || {_true('self', 'Failed')})",
        "completionTime stands exactly when the job is Complete or Failed",
    ),
    Rule(
        At.STATUS,
        "!has(self.completionTime) || !has(self.startTime) || self.completionTime >= self.startTime",
        "completionTime is not before startTime",
    ),
    *_never_falls(At.PROGRESS, "searchesDone"),
    *_never_falls(At.USAGE, "requests", "inputTokens", "outputTokens", "costUSD"),
    *_never_falls(At.RECOVERY, "resumptions", "replayedSteps", "retriedAttempts", "resentRequests"),
]
