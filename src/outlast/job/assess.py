"""Says what a job's status should be: one function a condition, each total, each from what was observed alone.

What can't be known is Unknown or stays as it was; it is never dropped, and it is never Failed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from outlast.job.conditions import Condition, ConditionStatus, ConditionType, Reason
from outlast.job.observed import (
    ENDED_BADLY,
    Desired,
    Failure,
    FailureKind,
    Observed,
    ReportState,
    Workflow,
    WorkflowState,
)
from outlast.job.spec import Budget, Decision, OnExceeded, PlanApproval
from outlast.job.status import (
    JobStatus,
    ProgressStatus,
    RecoveryStatus,
    ResultReference,
    ResultStatus,
    UsageStatus,
    WorkflowStatus,
)

AWAITING_APPROVAL = "AwaitingApproval"
"""The stage at which a workflow waits for its plan to be reviewed."""

MAX_SUMMARY = 4_000
MAX_MESSAGE = 2_000

_REFUSED = {
    FailureKind.MODEL_UNUSABLE: Reason.MODEL_UNUSABLE,
    FailureKind.SOURCE_UNUSABLE: Reason.SOURCE_UNUSABLE,
}
_FAILED = {
    FailureKind.DEADLINE: Reason.DEADLINE_EXCEEDED,
    FailureKind.REJECTED: Reason.REJECTED,
    FailureKind.BUDGET: Reason.BUDGET_ENDED,
}

_UNREACHABLE = "Temporal does not answer. The job is safe: it goes on, or waits, and is looked at again."

TRUE, FALSE, UNKNOWN = ConditionStatus.TRUE, ConditionStatus.FALSE, ConditionStatus.UNKNOWN


@dataclass(frozen=True, slots=True)
class Finding:
    """A condition before its times are set."""

    status: ConditionStatus
    reason: Reason
    message: str = ""


def assess(observed: Observed, desired: Desired, now: datetime) -> JobStatus:
    """The status that the job should have."""
    if at_rest(observed):
        return _restamped(observed.status, desired)
    before = JobStatus() if observed.foreign_status else observed.status
    findings = {kind: judge(observed, desired) for kind, judge in _JUDGES.items()}
    findings |= _for_kstatus(findings)
    finished = any(findings[kind].status is TRUE for kind in (ConditionType.COMPLETE, ConditionType.FAILED))
    workflow = _workflow(observed)
    delivered = observed.delivered == desired.generation
    return JobStatus(
        observed_generation=desired.generation
        if finished or delivered or _nothing_to_deliver(observed, desired)
        else observed.delivered,
        start_time=observed.status.start_time or workflow.started,
        completion_time=(before.completion_time or workflow.ended or now) if finished else None,
        workflow=_workflow_status(workflow, before, desired),
        plan=workflow.plan or observed.status.plan,
        progress=_progress(workflow, before),
        usage=_usage(workflow, before),
        recovery=_recovery(workflow, before),
        result=_result(observed, before, desired),
        trace=workflow.trace or before.trace,
        conditions=[
            _stamped(kind, found, observed.status.condition(kind), desired, now) for kind, found in findings.items()
        ],
    )


def at_rest(observed: Observed) -> bool:
    """Whether the job is finished and nothing seen of its workflow says otherwise."""
    silent = {WorkflowState.UNREACHABLE, WorkflowState.ABSENT}
    return observed.status.finished and (observed.workflow is None or observed.workflow.state in silent)


def was_started(status: JobStatus) -> bool:
    """Whether a workflow that may have cost something was started for this job."""
    accepted = status.condition(ConditionType.ACCEPTED)
    refused = accepted is not None and accepted.reason in _REFUSED.values()
    return status.start_time is not None and bool(status.workflow and status.workflow.run_id) and not refused


def refused(workflow: Workflow) -> bool:
    """Whether the check before the first step turned the job down, so that nothing was sent."""
    return workflow.state is WorkflowState.FAILED and workflow.failure is not None and workflow.failure.kind in _REFUSED


# One function a condition.


def accepted(observed: Observed, desired: Desired) -> Finding:
    """Whether the job was taken on."""
    workflow = _workflow(observed)
    if desired.spec is None:
        return Finding(FALSE, Reason.INVALID_SPEC, desired.problem)
    if refused(workflow) and workflow.failure:
        return Finding(FALSE, _REFUSED[workflow.failure.kind], workflow.failure.message)
    if workflow.state in {WorkflowState.ABSENT, WorkflowState.UNREACHABLE} and not was_started(observed.status):
        if observed.store_problem:
            return Finding(FALSE, Reason.STORE_UNKNOWN, observed.store_problem)
        if workflow.state is WorkflowState.UNREACHABLE:
            return Finding(UNKNOWN, Reason.TEMPORAL_UNREACHABLE, _UNREACHABLE)
        if desired.spec.suspend:
            return Finding(
                UNKNOWN, Reason.HELD, "The job was created suspended; set spec.suspend to false to start it."
            )
        return Finding(UNKNOWN, Reason.PENDING, "The workflow is being started.")
    return Finding(TRUE, Reason.STARTED, f"The workflow {desired.workflow_id} was started.")


def progressing(observed: Observed, desired: Desired) -> Finding:
    """Whether steps are being carried out."""
    workflow = _workflow(observed)
    if complete(observed, desired).status is TRUE or failed(observed, desired).status is TRUE:
        return Finding(FALSE, Reason.FINISHED)
    if accepted(observed, desired).status is not TRUE:
        return Finding(FALSE, Reason.NOT_ACCEPTED, "See the condition Accepted.")
    if workflow.state is WorkflowState.UNREACHABLE:
        return Finding(UNKNOWN, Reason.TEMPORAL_UNREACHABLE, _UNREACHABLE)
    if workflow.state is WorkflowState.COMPLETED:
        return Finding(TRUE, Reason.WORKING, "The report is being written.")
    for waits in (suspended, awaiting_approval, budget_exhausted):
        found = waits(observed, desired)
        if found.status is TRUE and found.reason is not Reason.CONCLUDING:
            return Finding(FALSE, found.reason, found.message)
    if workflow.polled is False:
        return Finding(
            FALSE,
            Reason.NO_WORKERS,
            f"No worker polls the task queue {workflow.task_queue!r}: start one, or the job waits for as long.",
        )
    stage = workflow.progress.stage if workflow.progress else ""
    return Finding(TRUE, Reason.WORKING, f"Stage {stage}." if stage else "Waiting for its first step.")


def suspended(observed: Observed, desired: Desired) -> Finding:
    """Whether the suspension has taken effect."""
    before = observed.status.condition(ConditionType.SUSPENDED)
    stands = before is not None and before.is_true
    wanted = desired.spec is not None and desired.spec.suspend
    holds = wanted if _settled(observed, desired) else stands
    if holds:
        return Finding(TRUE, Reason.SUSPENDED, "No step is started while spec.suspend is true.")
    if before is not None and (stands or before.reason is Reason.RESUMED):
        return Finding(FALSE, Reason.RESUMED)
    return Finding(FALSE, Reason.NOT_SUSPENDED)


def awaiting_approval(observed: Observed, desired: Desired) -> Finding:
    """Whether the plan waits for a person."""
    approval = desired.spec.approval if desired.spec else None
    if approval is None or approval.plan is not PlanApproval.REQUIRED:
        return Finding(FALSE, Reason.NOT_REQUIRED)
    workflow = _workflow(observed)
    failure = workflow.failure
    if failure is not None and failure.kind is FailureKind.REJECTED:
        return Finding(FALSE, Reason.REJECTED, failure.message)
    stage = workflow.progress.stage if workflow.progress else ""
    if workflow.running and stage == AWAITING_APPROVAL:
        return Finding(
            TRUE,
            Reason.PLAN_READY,
            "The plan stands in .status.plan: set spec.approval.decision and approvedBy, which needs the verb approve.",
        )
    if approval.decision is Decision.APPROVED:
        return Finding(FALSE, Reason.APPROVED, f"Approved by {approval.approved_by}.")
    return Finding(FALSE, Reason.NO_PLAN_YET)


def budget_exhausted(observed: Observed, desired: Desired) -> Finding:
    """Whether a bound of the budget is used up."""
    workflow = _workflow(observed)
    failure = workflow.failure
    if failure is not None and failure.kind is FailureKind.BUDGET:
        return Finding(TRUE, Reason.BUDGET_ENDED, failure.message)
    if workflow.state is WorkflowState.UNREACHABLE:
        before = observed.status.condition(ConditionType.BUDGET_EXHAUSTED)
        return Finding(before.status, before.reason, before.message) if before else Finding(FALSE, Reason.WITHIN_BUDGET)
    if not workflow.exceeded:
        return Finding(FALSE, Reason.WITHIN_BUDGET)
    budget = desired.spec.budget if desired.spec else Budget()
    if budget.on_exceeded is OnExceeded.PAUSE and workflow.running:
        return Finding(TRUE, Reason.PAUSED, f"{workflow.exceeded}: raise it in spec.budget to go on.")
    return Finding(TRUE, Reason.CONCLUDING, f"{workflow.exceeded}: what was found so far is analysed.")


def complete(observed: Observed, desired: Desired) -> Finding:
    """Whether the report is written."""
    if failed(observed, desired).status is TRUE:
        return Finding(FALSE, Reason.ENDED_WITHOUT_REPORT, "See the condition Failed.")
    report = observed.report
    if _workflow(observed).state is not WorkflowState.COMPLETED:
        return Finding(FALSE, Reason.IN_PROGRESS)
    if report is None:
        return Finding(FALSE, Reason.RESULT_NOT_WRITTEN, "The report is being read from the workflow.")
    place = f"store {report.store!r}" if report.store else f"ConfigMap {desired.report_name!r}"
    if report.problem or report.state is ReportState.UNKNOWN:
        return Finding(FALSE, Reason.STORE_UNUSABLE, report.problem)
    if report.state in {ReportState.NOTHING, ReportState.STALE}:
        return Finding(FALSE, Reason.RESULT_NOT_WRITTEN, f"The report goes to the {place}.")
    if report.state is ReportState.FOREIGN:
        return Finding(
            FALSE,
            Reason.RESULT_NAME_TAKEN,
            f"The ConfigMap {desired.report_name!r} is not this job's and is left as it is: remove it, or name another "
            "in spec.result.configMap.",
        )
    if report.shortened:
        return Finding(
            TRUE,
            Reason.REPORT_SHORTENED,
            f"The report is too large for a ConfigMap; {desired.report_name!r} holds a summary.",
        )
    return Finding(TRUE, Reason.REPORT_WRITTEN, f"The report stands in the {place}.")


def failed(observed: Observed, desired: Desired) -> Finding:
    """Whether the job ended without a report."""
    workflow = _workflow(observed)
    if workflow.state is WorkflowState.ABSENT and was_started(observed.status):
        return Finding(
            TRUE,
            Reason.HISTORY_GONE,
            f"Temporal no longer knows the workflow {desired.workflow_id}, which was started. It is not started again, "
            "since that would pay twice: apply the job under another name if it should run anew.",
        )
    if workflow.state in ENDED_BADLY and not refused(workflow):
        failure = workflow.failure or Failure(FailureKind.OTHER, "")
        stopped = workflow.state in {WorkflowState.CANCELLED, WorkflowState.TERMINATED}
        reason = _FAILED.get(failure.kind, Reason.CANCELLED if stopped else Reason.STEP_FAILED)
        return Finding(TRUE, reason, failure.message)
    if workflow.state is WorkflowState.COMPLETED:
        return Finding(FALSE, Reason.COMPLETED)
    return Finding(FALSE, Reason.IN_PROGRESS)


_JUDGES: dict[ConditionType, Callable[[Observed, Desired], Finding]] = {
    ConditionType.ACCEPTED: accepted,
    ConditionType.PROGRESSING: progressing,
    ConditionType.SUSPENDED: suspended,
    ConditionType.AWAITING_APPROVAL: awaiting_approval,
    ConditionType.BUDGET_EXHAUSTED: budget_exhausted,
    ConditionType.COMPLETE: complete,
    ConditionType.FAILED: failed,
}


def _for_kstatus(findings: dict[ConditionType, Finding]) -> dict[ConditionType, Finding]:
    """The two conditions by which kstatus tells work under way from work that needs somebody."""
    for kind, bad in (
        (ConditionType.FAILED, TRUE),
        (ConditionType.ACCEPTED, FALSE),
    ):
        if findings[kind].status is bad:
            return {ConditionType.STALLED: Finding(TRUE, findings[kind].reason, findings[kind].message)}
    done = findings[ConditionType.COMPLETE]
    if done.status is TRUE:
        return {}
    if done.reason is Reason.RESULT_NAME_TAKEN:
        return {ConditionType.STALLED: Finding(TRUE, done.reason, done.message)}
    now = findings[ConditionType.PROGRESSING]
    return {ConditionType.RECONCILING: Finding(TRUE, now.reason, now.message)}


# The rest of the status.


def _workflow(observed: Observed) -> Workflow:
    return observed.workflow or Workflow(WorkflowState.UNREACHABLE)


def _settled(observed: Observed, desired: Desired) -> bool:
    return observed.delivered == desired.generation or _nothing_to_deliver(observed, desired)


def _nothing_to_deliver(observed: Observed, desired: Desired) -> bool:
    """Whether there is no workflow yet that would have to be told of the spec, and none is wanted."""
    idle = desired.spec is None or desired.spec.suspend
    return idle and _workflow(observed).state is WorkflowState.ABSENT


def _workflow_status(workflow: Workflow, before: JobStatus, desired: Desired) -> WorkflowStatus | None:
    known = before.workflow or WorkflowStatus()
    if not workflow.run_id:
        return before.workflow
    same = known.run_id == workflow.run_id  # a listing does not tell how long the history of a running workflow is
    return WorkflowStatus(
        id=desired.workflow_id,
        run_id=workflow.run_id,
        task_queue=workflow.task_queue or known.task_queue,
        build_id=workflow.build_id,
        history_events=workflow.history_events or (known.history_events if same else 0),
        history_bytes=workflow.history_bytes or (known.history_bytes if same else 0),
    )


def _progress(workflow: Workflow, before: JobStatus) -> ProgressStatus | None:
    old, new = before.progress, workflow.progress
    if new is None or old is None:
        return new or old
    done = max(old.searches_done, new.searches_done)
    return new.model_copy(update={"searches_done": done, "searches": f"{done}/{new.searches_planned}"})


def _usage(workflow: Workflow, before: JobStatus) -> UsageStatus | None:
    old, new = before.usage, workflow.usage
    if new is None or old is None:
        return new or old
    return UsageStatus(
        requests=max(old.requests, new.requests),
        input_tokens=max(old.input_tokens, new.input_tokens),
        output_tokens=max(old.output_tokens, new.output_tokens),
        cost_usd=max(old.cost_usd, new.cost_usd),
    )


def _recovery(workflow: Workflow, before: JobStatus) -> RecoveryStatus | None:
    old, new = before.recovery, workflow.recovery
    if new is None or old is None:
        return new or old
    times = [time for time in (old.last_interruption_time, new.last_interruption_time) if time is not None]
    return RecoveryStatus(
        resumptions=max(old.resumptions, new.resumptions),
        replayed_steps=max(old.replayed_steps, new.replayed_steps),
        retried_attempts=max(old.retried_attempts, new.retried_attempts),
        resent_requests=max(old.resent_requests, new.resent_requests),
        last_interruption_time=max(times, default=None),
    )


def _result(observed: Observed, before: JobStatus, desired: Desired) -> ResultStatus | None:
    report = observed.report
    if report is None:
        return before.result
    if report.state is not ReportState.OURS:
        return None
    if report.store:
        ref = ResultReference(kind="Store", name=report.store, key=desired.workflow_id)
    else:
        ref = ResultReference(name=desired.report_name)
    return ResultStatus(summary=_short(report.summary, MAX_SUMMARY), ref=ref, sha256=report.sha256)


def _stamped(
    kind: ConditionType, found: Finding, before: Condition | None, desired: Desired, now: datetime
) -> Condition:
    unchanged = before is not None and before.status is found.status
    return Condition(
        type=kind,
        status=found.status,
        reason=found.reason,
        message=_short(found.message, MAX_MESSAGE),
        observed_generation=desired.generation,
        last_transition_time=before.last_transition_time if before is not None and unchanged else now,
    )


def _restamped(status: JobStatus, desired: Desired) -> JobStatus:
    """The status of a job at its end, which only learns that a newer spec changes nothing about it."""
    conditions = [c.model_copy(update={"observed_generation": desired.generation}) for c in status.conditions]
    return status.model_copy(update={"observed_generation": desired.generation, "conditions": conditions})


def _short(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
