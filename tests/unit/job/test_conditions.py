"""Each condition, case by case: what is seen, and what it says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from outlast.job.assess import assess
from outlast.job.conditions import ConditionType, Reason
from outlast.job.observed import ABSENT, UNREACHABLE, Desired, FailureKind, Observed, ReportState, WorkflowState
from outlast.job.status import JobStatus
from tests.unit.job.builders import (
    COMPLETED,
    NOW,
    PLAN,
    START,
    at,
    condition,
    ended,
    job,
    report,
    running,
    status_after,
)

T = ConditionType
STARTED = status_after(job(), running())
FAILED = WorkflowState.FAILED
WAITING = running("AwaitingApproval", done=0, plan=PLAN)
REVIEWED = job(approval={"plan": "Required"})
OURS = report(ReportState.OURS)


def seen(**fields: object) -> Observed:
    return Observed(delivered=1, **fields)  # type: ignore[arg-type]


def ended_as(kind: FailureKind, state: WorkflowState = FAILED) -> Observed:
    return seen(status=STARTED, workflow=ended(state, kind))


CASES = [
    # Accepted
    ("a job not started yet is pending", seen(workflow=ABSENT), job(), T.ACCEPTED, "Unknown", "Pending"),
    ("a job created suspended is held", seen(workflow=ABSENT), job(suspend=True), T.ACCEPTED, "Unknown", "Held"),
    ("a started job is accepted", seen(workflow=running()), job(), T.ACCEPTED, "True", "WorkflowStarted"),
    (
        "Temporal out of reach leaves a new job unknown",
        seen(workflow=UNREACHABLE),
        job(),
        T.ACCEPTED,
        "Unknown",
        "TemporalUnreachable",
    ),
    (
        "Temporal out of reach takes no acceptance back",
        seen(status=STARTED, workflow=UNREACHABLE),
        job(),
        T.ACCEPTED,
        "True",
        "WorkflowStarted",
    ),
    ("a model without a key", ended_as(FailureKind.MODEL_UNUSABLE), job(), T.ACCEPTED, "False", "ModelUnusable"),
    ("an unknown source", ended_as(FailureKind.SOURCE_UNUSABLE), job(), T.ACCEPTED, "False", "SourceUnusable"),
    (
        "a store that the operator doesn't know",
        replace(seen(workflow=ABSENT), store_problem="none such"),
        job(),
        T.ACCEPTED,
        "False",
        "StoreUnknown",
    ),
    ("an unreadable spec", seen(workflow=ABSENT), replace(job(), spec=None), T.ACCEPTED, "False", "InvalidSpec"),
    # Progressing
    ("steps are carried out", seen(workflow=running()), job(), T.PROGRESSING, "True", "Working"),
    (
        "nobody polls the queue",
        seen(workflow=running(polled=False)),
        job(),
        T.PROGRESSING,
        "False",
        "NoWorkers",
    ),
    (
        "Temporal out of reach makes progress unknown",
        seen(status=STARTED, workflow=UNREACHABLE),
        job(),
        T.PROGRESSING,
        "Unknown",
        "TemporalUnreachable",
    ),
    ("a plan waits", seen(workflow=WAITING), REVIEWED, T.PROGRESSING, "False", "PlanReady"),
    (
        "a suspended job stands still",
        seen(workflow=running()),
        job(suspend=True),
        T.PROGRESSING,
        "False",
        "SuspendRequested",
    ),
    ("a finished job", seen(workflow=COMPLETED, report=OURS), job(), T.PROGRESSING, "False", "Finished"),
    ("a refused job", ended_as(FailureKind.MODEL_UNUSABLE), job(), T.PROGRESSING, "False", "NotAccepted"),
    # Suspended
    ("a job never suspended", seen(workflow=running()), job(), T.SUSPENDED, "False", "NotSuspended"),
    (
        "a suspension that the workflow has",
        seen(workflow=running()),
        job(suspend=True),
        T.SUSPENDED,
        "True",
        "SuspendRequested",
    ),
    (
        "a suspension that the workflow doesn't have yet",
        Observed(STARTED, delivered=1, workflow=running()),
        job(generation=2, suspend=True),
        T.SUSPENDED,
        "False",
        "NotSuspended",
    ),
    (
        "a resumed job",
        seen(status=status_after(job(suspend=True), running()), workflow=running()),
        job(),
        T.SUSPENDED,
        "False",
        "Resumed",
    ),
    # AwaitingApproval
    ("no review required", seen(workflow=running()), job(), T.AWAITING_APPROVAL, "False", "NotRequired"),
    ("no plan yet", seen(workflow=running("Planning")), REVIEWED, T.AWAITING_APPROVAL, "False", "NoPlanYet"),
    ("a plan to review", seen(workflow=WAITING), REVIEWED, T.AWAITING_APPROVAL, "True", "PlanReady"),
    (
        "an approved plan",
        seen(workflow=running()),
        job(approval={"plan": "Required", "decision": "Approved", "approvedBy": "ann"}),
        T.AWAITING_APPROVAL,
        "False",
        "PlanApproved",
    ),
    ("a rejected plan", ended_as(FailureKind.REJECTED), REVIEWED, T.AWAITING_APPROVAL, "False", "PlanRejected"),
    # BudgetExhausted
    ("room in the budget", seen(workflow=running()), job(), T.BUDGET_EXHAUSTED, "False", "WithinBudget"),
    (
        "a budget that concludes",
        seen(workflow=running(exceeded="used up")),
        job(budget={"maxRequests": 3}),
        T.BUDGET_EXHAUSTED,
        "True",
        "Concluding",
    ),
    (
        "a budget that pauses",
        seen(workflow=running(exceeded="used up")),
        job(budget={"maxRequests": 3, "onExceeded": "Pause"}),
        T.BUDGET_EXHAUSTED,
        "True",
        "Paused",
    ),
    ("a budget that failed the job", ended_as(FailureKind.BUDGET), job(), T.BUDGET_EXHAUSTED, "True", "BudgetEnded"),
    # Complete
    ("a running job", seen(workflow=running()), job(), T.COMPLETE, "False", "InProgress"),
    (
        "a report to be written",
        seen(workflow=COMPLETED, report=report(ReportState.NOTHING)),
        job(),
        T.COMPLETE,
        "False",
        "ResultNotWritten",
    ),
    (
        "a name that is taken",
        seen(workflow=COMPLETED, report=report(ReportState.FOREIGN)),
        job(),
        T.COMPLETE,
        "False",
        "ResultNameTaken",
    ),
    ("a written report", seen(workflow=COMPLETED, report=OURS), job(), T.COMPLETE, "True", "ReportWritten"),
    (
        "a report too large",
        seen(workflow=COMPLETED, report=report(ReportState.OURS, shortened=True)),
        job(),
        T.COMPLETE,
        "True",
        "ReportShortened",
    ),
    (
        "a store that can't be read",
        seen(workflow=COMPLETED, report=replace(report(ReportState.UNKNOWN), store="archive", problem="no way")),
        job(),
        T.COMPLETE,
        "False",
        "StoreUnusable",
    ),
    ("a failed job", ended_as(FailureKind.OTHER), job(), T.COMPLETE, "False", "EndedWithoutReport"),
    # Failed
    ("not failed while it runs", seen(workflow=running()), job(), T.FAILED, "False", "InProgress"),
    ("not failed when complete", seen(workflow=COMPLETED, report=OURS), job(), T.FAILED, "False", "Completed"),
    ("a step that failed", ended_as(FailureKind.OTHER), job(), T.FAILED, "True", "StepFailed"),
    ("a deadline", ended_as(FailureKind.DEADLINE), job(), T.FAILED, "True", "DeadlineExceeded"),
    ("a budget", ended_as(FailureKind.BUDGET), job(), T.FAILED, "True", "BudgetEnded"),
    ("a rejection", ended_as(FailureKind.REJECTED), REVIEWED, T.FAILED, "True", "PlanRejected"),
    (
        "cancelled by somebody",
        ended_as(FailureKind.OTHER, WorkflowState.CANCELLED),
        job(),
        T.FAILED,
        "True",
        "Cancelled",
    ),
    (
        "terminated for its deadline",
        ended_as(FailureKind.DEADLINE, WorkflowState.TERMINATED),
        job(),
        T.FAILED,
        "True",
        "DeadlineExceeded",
    ),
    ("a history that is gone", seen(status=STARTED, workflow=ABSENT), job(), T.FAILED, "True", "HistoryGone"),
    (
        "not failed for a model without a key",
        ended_as(FailureKind.MODEL_UNUSABLE),
        job(),
        T.FAILED,
        "False",
        "InProgress",
    ),
    ("never failed by Temporal's absence", seen(workflow=UNREACHABLE), job(), T.FAILED, "False", "InProgress"),
]


@pytest.mark.parametrize(
    ("observed", "desired", "kind", "status", "reason"), [pytest.param(*case[1:], id=case[0]) for case in CASES]
)
def test_condition(observed: Observed, desired: Desired, kind: ConditionType, status: str, reason: str) -> None:
    found = condition(assess(observed, desired, NOW), kind)
    assert (found.status.value, found.reason.value) == (status, reason)
    assert found.observed_generation == desired.generation


def test_every_reason_is_reached_by_some_case() -> None:
    assert {case[5] for case in CASES} == {reason.value for reason in Reason}


@pytest.mark.parametrize(("observed", "desired"), [pytest.param(case[1], case[2], id=case[0]) for case in CASES])
def test_every_status_is_whole(observed: Observed, desired: Desired) -> None:
    status = assess(observed, desired, NOW)
    assert [c.type for c in status.conditions][:7] == list(T)[:7]
    assert (status.completion_time is not None) is status.finished
    assert JobStatus.model_validate(status.model_dump(mode="json", by_alias=True, exclude_none=True)) == status


def test_a_condition_keeps_its_time_while_its_status_stands() -> None:
    first = assess(seen(workflow=running("Planning")), job(), at(1))
    second = assess(seen(status=first, workflow=running("Searching")), job(), at(2))
    assert condition(second, T.PROGRESSING).message != condition(first, T.PROGRESSING).message
    assert condition(second, T.PROGRESSING).last_transition_time == at(1)
    third = assess(seen(status=second, workflow=UNREACHABLE), job(), at(3))
    assert condition(third, T.PROGRESSING).last_transition_time == at(3)
    assert condition(third, T.ACCEPTED).last_transition_time == at(1)


def test_the_length_of_a_history_stays_when_a_listing_does_not_tell_it() -> None:
    first = assess(seen(workflow=running(history_events=30, history_bytes=900)), job(), NOW)
    second = assess(seen(status=first, workflow=running()), job(), NOW)
    assert second == first
    other = assess(seen(status=first, workflow=replace(running(), run_id="another")), job(), NOW)
    assert other.workflow is not None
    assert other.workflow.history_events == 0


def test_figures_never_fall_when_a_listing_is_behind() -> None:
    first = assess(seen(workflow=running(done=2)), job(), NOW)
    second = assess(seen(status=first, workflow=running(done=1)), job(), NOW)
    assert second == first


def test_what_is_known_stays_while_temporal_is_out_of_reach() -> None:
    status = assess(seen(status=STARTED, workflow=UNREACHABLE), job(), NOW)
    assert (status.progress, status.usage, status.workflow) == (STARTED.progress, STARTED.usage, STARTED.workflow)


def test_an_end_stays_when_its_history_goes() -> None:
    done = status_after(job(), COMPLETED, OURS)
    assert assess(seen(status=done, workflow=ABSENT), job(), NOW) == done
    assert assess(seen(status=done), job(generation=2), NOW).observed_generation == 2


def test_a_finished_job_took_as_long_as_its_workflow() -> None:
    status = status_after(job(), COMPLETED, OURS)
    assert (status.start_time, status.completion_time) == (START, at(100))


def kstatus(status: JobStatus, generation: int) -> str:
    """What sigs.k8s.io/cli-utils/pkg/kstatus makes of a resource that it doesn't know: its generic rules, in order."""
    if status.observed_generation is not None and status.observed_generation != generation:
        return "InProgress"
    if status.is_true(T.RECONCILING):
        return "InProgress"
    return "Failed" if status.is_true(T.STALLED) else "Current"


@pytest.mark.parametrize(
    ("observed", "desired", "result"),
    [
        pytest.param(seen(workflow=running()), job(), "InProgress", id="a running job"),
        pytest.param(seen(workflow=WAITING), REVIEWED, "InProgress", id="a job that waits for a person"),
        pytest.param(seen(workflow=UNREACHABLE), job(), "InProgress", id="a job without Temporal"),
        pytest.param(seen(workflow=COMPLETED, report=OURS), job(), "Current", id="a complete job"),
        pytest.param(ended_as(FailureKind.OTHER), job(), "Failed", id="a failed job"),
        pytest.param(ended_as(FailureKind.MODEL_UNUSABLE), job(), "Failed", id="a refused job"),
        pytest.param(
            seen(workflow=COMPLETED, report=report(ReportState.FOREIGN)), job(), "Failed", id="a result's name taken"
        ),
    ],
)
def test_kstatus(observed: Observed, desired: Desired, result: str) -> None:
    assert kstatus(assess(observed, desired, NOW), desired.generation) == result


def test_kstatus_waits_for_a_spec_that_is_not_carried_out_yet() -> None:
    observed = Observed(STARTED, delivered=1, workflow=running())
    assert kstatus(assess(observed, job(generation=2), NOW), 2) == "InProgress"
