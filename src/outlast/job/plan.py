"""Decides what to do about one job: `plan(observed, desired, now) -> list[Action]`, pure and total.

Steps come first, the status last. A step changes the world, so the executor plans anew after one; the status that was
planned beside it is written only where a step failed, so that people see how far the job came.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from outlast.job.actions import (
    Action,
    AddFinalizer,
    ApprovePlan,
    CancelLater,
    DeleteJob,
    EmitEvent,
    RejectPlan,
    RemoveFinalizer,
    RequestCancel,
    Requeue,
    SetBudget,
    SetSuspended,
    StartWorkflow,
    TerminateWorkflow,
    UpdateStatus,
    WriteResult,
)
from outlast.job.assess import AWAITING_APPROVAL, assess, at_rest, refused, was_started
from outlast.job.conditions import ConditionType, Reason
from outlast.job.observed import Desired, Observed, ReportState, Workflow, WorkflowState
from outlast.job.spec import Decision, DeletionPolicy, PlanApproval
from outlast.job.status import JobStatus

CANCEL_GRACE = timedelta(seconds=10)
"""How long a deleted job's workflow gets to end when asked, before it is ended without asking."""

RELEASE_AFTER = timedelta(seconds=60)
"""How long a deleted job waits for a Temporal that doesn't answer."""

LOOK_AGAIN = timedelta(seconds=5)
"""How soon a job is looked at again that waits for something that nobody announces."""

ANNOUNCED = timedelta(seconds=60)
"""How soon a job is looked at again though the sweep tells of what it waits for: of Temporal, or of a first worker."""

REFUSED_AGAIN = timedelta(seconds=30)
"""How soon a job is checked anew whose models or sources couldn't be used: an admin may have mended them."""

DEADLINE_GRACE = timedelta(seconds=10)
"""What a workflow gets beyond its deadline to end by itself, with a better message, before it is ended."""

DEADLINE_REASON = "activeDeadlineSeconds"
"""First word of the reason that a workflow ended for its deadline is ended with."""

_WARNINGS = frozenset(
    {
        Reason.INVALID_SPEC,
        Reason.MODEL_UNUSABLE,
        Reason.SOURCE_UNUSABLE,
        Reason.STORE_UNKNOWN,
        Reason.STORE_UNUSABLE,
        Reason.TEMPORAL_UNREACHABLE,
        Reason.NO_WORKERS,
        Reason.BUDGET_ENDED,
        Reason.PAUSED,
        Reason.RESULT_NAME_TAKEN,
        Reason.DEADLINE_EXCEEDED,
        Reason.STEP_FAILED,
        Reason.REJECTED,
        Reason.CANCELLED,
        Reason.HISTORY_GONE,
    }
)
_NEWS = _WARNINGS | {
    Reason.STARTED,
    Reason.HELD,
    Reason.SUSPENDED,
    Reason.RESUMED,
    Reason.PLAN_READY,
    Reason.APPROVED,
    Reason.CONCLUDING,
    Reason.REPORT_WRITTEN,
    Reason.REPORT_SHORTENED,
}


def plan(observed: Observed, desired: Desired, now: datetime) -> list[Action]:
    """Decide what to do about a job now."""
    if desired.deleted is not None:
        return _deletion(observed, desired, now)
    status = assess(observed, desired, now.replace(microsecond=0))
    return [
        *_steps(observed, desired, now),
        *_telling(observed, status),
        *_after_the_end(status, desired, now),
        *_next_visit(observed, desired, status, now),
    ]


def _steps(observed: Observed, desired: Desired, now: datetime) -> list[Action]:
    workflow = observed.workflow
    if workflow is None or desired.spec is None or at_rest(observed):
        return []
    return [
        *_start(observed, desired, workflow, now),
        *_deadline(observed, desired, workflow, now),
        *_deliver(observed, desired, workflow),
        *_review(desired, workflow),
        *_result(observed, desired, workflow),
    ]


def _start(observed: Observed, desired: Desired, workflow: Workflow, now: datetime) -> list[Action]:
    """Start what was never started, and check anew what was turned down before anything was sent."""
    spec = desired.spec
    if spec is None or spec.suspend or observed.store_problem:
        return []
    if workflow.state is WorkflowState.ABSENT and not was_started(observed.status):
        again = False
    elif refused(workflow) and (observed.delivered != desired.generation or now >= _refused_until(workflow, now)):
        again = True
    else:
        return []
    finalizer: list[Action] = [] if desired.finalizer else [AddFinalizer()]
    return [*finalizer, StartWorkflow(spec=spec, again=again)]


def _deadline(observed: Observed, desired: Desired, workflow: Workflow, now: datetime) -> list[Action]:
    """End a workflow that should have ended by itself: it can't without a worker."""
    ends = _deadline_of(observed.status, desired)
    if not workflow.running or ends is None or now < ends + DEADLINE_GRACE:
        return []
    seconds = desired.spec.active_deadline_seconds if desired.spec else None
    return [TerminateWorkflow(reason=f"{DEADLINE_REASON}: the job was active for longer than {seconds} seconds")]


def _deliver(observed: Observed, desired: Desired, workflow: Workflow) -> list[Action]:
    """Tell a running workflow what changed in the spec."""
    spec = desired.spec
    if spec is None or not workflow.running or workflow.polled is False or observed.delivered == desired.generation:
        return []
    return [SetBudget(budget=spec.budget), SetSuspended(suspended=spec.suspend)]


def _review(desired: Desired, workflow: Workflow) -> list[Action]:
    """Pass on what the reviewer decided."""
    stage = workflow.progress.stage if workflow.progress else ""
    if desired.spec is None or not workflow.running or workflow.polled is False or stage != AWAITING_APPROVAL:
        return []
    approval = desired.spec.approval
    if approval.plan is not PlanApproval.REQUIRED or approval.decision is None:
        return []
    if approval.decision is Decision.APPROVED:
        return [ApprovePlan(plan=approval.edited_plan)]
    return [RejectPlan(reason=f"{approval.reason or 'no reason given'} (by {approval.approved_by})")]


def _result(observed: Observed, desired: Desired, workflow: Workflow) -> list[Action]:
    """Write the report where nothing, or something older of ours, stands."""
    if workflow.state is not WorkflowState.COMPLETED or observed.report is None:
        return []
    if observed.report.state in {ReportState.NOTHING, ReportState.STALE}:
        store = observed.report.store
        return [WriteResult(name=desired.workflow_id if store else desired.report_name, store=store)]
    return []


def _telling(observed: Observed, status: JobStatus) -> list[Action]:
    """Write the status if it changed, and say aloud what is news in it."""
    if status == observed.status:
        return []
    told: set[Reason] = set()
    events: list[Action] = []
    for condition in status.conditions:
        before = observed.status.condition(condition.type)
        changed = before is None or (before.status, before.reason) != (condition.status, condition.reason)
        if changed and condition.reason in _NEWS and condition.reason not in told:
            told.add(condition.reason)
            events.append(EmitEvent(condition.reason, condition.message, warning=condition.reason in _WARNINGS))
    return [UpdateStatus(status, clear=_contradicts(observed.status, status)), *events]


def _contradicts(before: JobStatus, after: JobStatus) -> bool:
    """Whether the rules of change stand between the two: then the first was forged, and has to be cleared."""
    undone = any(
        before.is_true(kind) and not after.is_true(kind) for kind in (ConditionType.COMPLETE, ConditionType.FAILED)
    )
    times = any(
        old is not None and old != new
        for old, new in ((before.start_time, after.start_time), (before.completion_time, after.completion_time))
    )
    return undone or times or _falls(before, after)


def _falls(before: JobStatus, after: JobStatus) -> bool:
    pairs = ((before.progress, after.progress), (before.usage, after.usage), (before.recovery, after.recovery))
    for old, new in pairs:
        old_values = old.model_dump() if old is not None else {}
        new_values = new.model_dump() if new is not None else {}
        if any(
            isinstance(value, int | float) and name != "searches_planned" and value > (new_values.get(name) or 0)
            for name, value in old_values.items()
        ):
            return True
    return False


def _after_the_end(status: JobStatus, desired: Desired, now: datetime) -> list[Action]:
    """A finished job needs no finalizer any more, and goes when its time is up."""
    if not status.finished:
        return []
    finalizer: list[Action] = [RemoveFinalizer()] if desired.finalizer else []
    expires = _expiry(status, desired)
    return [*finalizer, DeleteJob()] if expires is not None and now >= expires else finalizer


def _next_visit(observed: Observed, desired: Desired, status: JobStatus, now: datetime) -> list[Action]:
    """When to look again at what nobody announces."""
    due: list[datetime] = []
    workflow = observed.workflow
    if status.finished:
        expires = _expiry(status, desired)
        due += [expires] if expires is not None and expires > now else []
    elif workflow is not None:
        ends = _deadline_of(status, desired)
        due += [ends + DEADLINE_GRACE] if ends is not None else []
        waits = workflow.state is WorkflowState.UNREACHABLE or workflow.polled is False
        due += [now + ANNOUNCED] if waits else []
        due += [now + LOOK_AGAIN] if workflow.state is WorkflowState.COMPLETED else []
        due += [_refused_until(workflow, now)] if refused(workflow) else []
    return [Requeue(after=max(min(due) - now, timedelta(seconds=1)))] if due else []


def _deletion(observed: Observed, desired: Desired, now: datetime) -> list[Action]:
    """End the workflow, then let the job go; let it go in any case when Temporal stays away."""
    if not desired.finalizer or desired.deleted is None:
        return []
    workflow = observed.workflow
    orphaned = desired.spec is not None and desired.spec.deletion_policy is DeletionPolicy.ORPHAN
    if orphaned or workflow is None:
        return [RemoveFinalizer()]
    waited = now - desired.deleted
    if workflow.running:
        end = RequestCancel() if waited < CANCEL_GRACE else TerminateWorkflow(reason="the ResearchJob was deleted")
        return [end, Requeue(after=timedelta(seconds=1))]
    if workflow.state is not WorkflowState.UNREACHABLE:
        return [RemoveFinalizer()]
    if waited < RELEASE_AFTER:
        return [Requeue(after=min(LOOK_AGAIN, RELEASE_AFTER - waited))]
    message = (
        f"Temporal did not answer for {RELEASE_AFTER.total_seconds():.0f} s, so the job is deleted and its "
        f"workflow {desired.workflow_id} was not ended; it is cancelled as soon as Temporal answers."
    )
    return [EmitEvent(Reason.TEMPORAL_UNREACHABLE, message, warning=True), CancelLater(), RemoveFinalizer()]


def _deadline_of(status: JobStatus, desired: Desired) -> datetime | None:
    """When the job's active time ends; it counts from its start, or anew from where it was resumed."""
    seconds = desired.spec.active_deadline_seconds if desired.spec else None
    suspended = status.condition(ConditionType.SUSPENDED)
    if seconds is None or status.start_time is None or (suspended is not None and suspended.is_true):
        return None
    since = status.start_time
    if suspended is not None and suspended.reason is Reason.RESUMED:
        since = max(since, suspended.last_transition_time)
    return since + timedelta(seconds=seconds)


def _expiry(status: JobStatus, desired: Desired) -> datetime | None:
    seconds = desired.spec.ttl_seconds_after_finished if desired.spec else None
    if seconds is None or status.completion_time is None:
        return None
    return status.completion_time + timedelta(seconds=seconds)


def _refused_until(workflow: Workflow, now: datetime) -> datetime:
    return (workflow.ended or now) + REFUSED_AGAIN
