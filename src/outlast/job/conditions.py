"""The conditions of a job and their reasons: API, since people and programs wait for them.

Condition types and reasons are never renamed or reused within an API version; messages may change at any time.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from outlast.job.spec import Resource


class ConditionType(StrEnum):
    """What a condition is about. All but the last two stand in the status from the operator's first visit."""

    ACCEPTED = "Accepted"
    """True: the job is valid and its workflow was started."""
    PROGRESSING = "Progressing"
    """True: steps are being carried out, or would be if a worker were free."""
    SUSPENDED = "Suspended"
    """True: `spec.suspend` has taken effect."""
    AWAITING_APPROVAL = "AwaitingApproval"
    """True: the plan stands in `.status.plan` and waits for a person."""
    BUDGET_EXHAUSTED = "BudgetExhausted"
    """True: a bound of `spec.budget` is used up."""
    COMPLETE = "Complete"
    """True: the report is written. Final."""
    FAILED = "Failed"
    """True: the job ended without a report. Final."""
    RECONCILING = "Reconciling"
    """For kstatus, which wants it present only while True: the job is not at its end."""
    STALLED = "Stalled"
    """For kstatus, which wants it present only while True: the job needs a person, or failed."""


class ConditionStatus(StrEnum):
    """Whether a condition holds."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Reason(StrEnum):
    """Why a condition is what it is. Each line: condition and status; cause."""

    # Accepted
    STARTED = "WorkflowStarted"
    """Accepted=True; the workflow behind the job was started."""
    PENDING = "Pending"
    """Accepted=Unknown, others False; the operator has seen the job and not started it yet."""
    HELD = "Held"
    """Accepted=Unknown; the job was created suspended, so nothing was started."""
    INVALID_SPEC = "InvalidSpec"
    """Accepted=False; the spec passed an older or laxer schema, and this operator can't read it."""
    MODEL_UNUSABLE = "ModelUnusable"
    """Accepted=False; a model is unknown to the worker, has no key, or no price under a cost budget. Tried again."""
    SOURCE_UNUSABLE = "SourceUnusable"
    """Accepted=False; a source is unknown to the worker, or can't be opened. Tried again."""

    STORE_UNKNOWN = "StoreUnknown"
    """Accepted=False; the operator knows no store of the name in `spec.result.store`, so nothing was started."""

    # Anything that can't be known
    TEMPORAL_UNREACHABLE = "TemporalUnreachable"
    """Accepted or Progressing=Unknown; Temporal doesn't answer. The job goes on or waits, and never fails by it."""

    # Progressing
    WORKING = "Working"
    """Progressing=True; a worker carries out the step that `.status.progress.stage` names."""
    NO_WORKERS = "NoWorkers"
    """Progressing=False; nobody polls the job's task queue. Goes on as soon as somebody does."""
    NOT_ACCEPTED = "NotAccepted"
    """Progressing=False; see the condition Accepted."""
    FINISHED = "Finished"
    """Progressing=False; the job reached its end."""

    # Suspended
    SUSPENDED = "SuspendRequested"
    """Suspended=True, Progressing=False; `spec.suspend` is true and steps under way may still finish."""
    NOT_SUSPENDED = "NotSuspended"
    """Suspended=False; `spec.suspend` was never true."""
    RESUMED = "Resumed"
    """Suspended=False; `spec.suspend` became false again. The deadline counts anew from here, as with batch/v1 Job."""

    # AwaitingApproval
    NOT_REQUIRED = "NotRequired"
    """AwaitingApproval=False; `spec.approval.plan` is Automatic."""
    NO_PLAN_YET = "NoPlanYet"
    """AwaitingApproval=False; there is no plan to review yet."""
    PLAN_READY = "PlanReady"
    """AwaitingApproval=True, Progressing=False; decide with `spec.approval.decision`."""
    APPROVED = "PlanApproved"
    """AwaitingApproval=False; a reviewer approved the plan, perhaps an edited one."""
    REJECTED = "PlanRejected"
    """AwaitingApproval=False and Failed=True; a reviewer rejected the plan."""

    # BudgetExhausted
    WITHIN_BUDGET = "WithinBudget"
    """BudgetExhausted=False; every bound has room for a further request."""
    CONCLUDING = "Concluding"
    """BudgetExhausted=True; onExceeded is Conclude: no more searches, what there is gets analysed."""
    PAUSED = "Paused"
    """BudgetExhausted=True, Progressing=False; onExceeded is Pause: raise `spec.budget` to go on."""
    BUDGET_ENDED = "BudgetEnded"
    """BudgetExhausted=True and Failed=True; onExceeded is Fail, or the budget bore no plan."""

    # Complete
    IN_PROGRESS = "InProgress"
    """Complete=False, Failed=False; the job is not at its end."""
    REPORT_WRITTEN = "ReportWritten"
    """Complete=True; the whole report stands where `.status.result.ref` says: in a ConfigMap, or in a store."""
    REPORT_SHORTENED = "ReportShortened"
    """Complete=True; the report is larger than a ConfigMap takes, so its summary and checksum stand there. The admin
    can have such reports go to a store."""
    RESULT_NAME_TAKEN = "ResultNameTaken"
    """Complete=False; the work is done, but a ConfigMap of the result's name belongs to somebody else. It is left as
    it is; remove it or name another in `spec.result.configMap`."""
    STORE_UNUSABLE = "StoreUnusable"
    """Complete=False; the work is done, but the store for its report can't be read or written. Tried again."""
    RESULT_NOT_WRITTEN = "ResultNotWritten"
    """Complete=False; the work is done and the report is being written, or could not be yet."""
    ENDED_WITHOUT_REPORT = "EndedWithoutReport"
    """Complete=False; see the condition Failed."""

    # Failed
    COMPLETED = "Completed"
    """Failed=False; the job completed."""
    DEADLINE_EXCEEDED = "DeadlineExceeded"
    """Failed=True; the job was active for longer than activeDeadlineSeconds."""
    STEP_FAILED = "StepFailed"
    """Failed=True; a step that nothing can do without failed for good, or more often than backoffLimit."""
    CANCELLED = "Cancelled"
    """Failed=True; the workflow was cancelled or terminated by somebody other than this operator."""
    HISTORY_GONE = "HistoryGone"
    """Failed=True; Temporal no longer knows a workflow that was started. It is not started again: that would pay
    twice."""


class Condition(Resource):
    """One aspect of a job's state, as `kubectl wait --for=condition=` reads it."""

    type: ConditionType
    """What it is about."""
    status: ConditionStatus
    """True, False, or Unknown when it can't be told now."""
    reason: Reason
    """One word why."""
    message: Annotated[str, StringConstraints(max_length=4_000)] = ""
    """The same for people, with what to do next."""
    observed_generation: Annotated[int, Field(ge=0)] = 0
    """Generation of the spec that this was found for."""
    last_transition_time: AwareDatetime
    """When `status` last changed."""

    @property
    def is_true(self) -> bool:
        """Whether it holds."""
        return self.status is ConditionStatus.TRUE
