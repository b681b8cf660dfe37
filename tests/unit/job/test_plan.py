"""What is decided about a job, case by case."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

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
from outlast.job.observed import (
    ABSENT,
    UNREACHABLE,
    Desired,
    FailureKind,
    Observed,
    ReportState,
    WorkflowState,
)
from outlast.job.plan import ANNOUNCED, CANCEL_GRACE, DEADLINE_REASON, REFUSED_AGAIN, RELEASE_AFTER, plan
from outlast.job.spec import Budget
from outlast.job.status import JobStatus
from tests.unit.job.builders import (
    COMPLETED,
    NOW,
    PLAN,
    START,
    at,
    ended,
    job,
    report,
    running,
    status_after,
)

STARTED = status_after(job(), running())
DONE = status_after(job(), COMPLETED, report(ReportState.OURS))
HELD = status_after(job(suspend=True), ABSENT)
REFUSED = ended(WorkflowState.FAILED, FailureKind.MODEL_UNUSABLE)


@dataclass(frozen=True)
class Case:
    name: str
    observed: Observed
    desired: Desired
    steps: list[Action]
    """What is done to the world; status, news and the next visit are left out."""
    now: datetime = NOW


def told(actions: list[Action]) -> list[Action]:
    return [action for action in actions if not isinstance(action, UpdateStatus | EmitEvent | Requeue)]


START_CASES = [
    Case(
        "a new job gets a finalizer before its workflow",
        Observed(workflow=ABSENT),
        job(finalizer=False),
        [AddFinalizer(), StartWorkflow(job().spec)],  # type: ignore[arg-type]
    ),
    Case(
        "a finalizer that is there is not added again",
        Observed(workflow=ABSENT),
        job(),
        [StartWorkflow(job().spec)],  # type: ignore[arg-type]
    ),
    Case("a job that was created suspended starts nothing", Observed(workflow=ABSENT), job(suspend=True), []),
    Case(
        "a job that was held starts when it is resumed",
        Observed(status=HELD, workflow=ABSENT),
        job(generation=2),
        [StartWorkflow(job().spec)],  # type: ignore[arg-type]
    ),
    Case("Temporal out of reach starts nothing", Observed(workflow=UNREACHABLE), job(), []),
    Case("a workflow that is there is not started", Observed(workflow=running(), delivered=1), job(), []),
    Case(
        "a workflow that was started and is gone is not started again",
        Observed(status=STARTED, workflow=ABSENT, delivered=1),
        job(),
        [RemoveFinalizer()],  # it failed
    ),
    Case(
        "a spec that this operator can't read starts nothing",
        Observed(workflow=ABSENT),
        replace(job(), spec=None, problem="spec.query: too odd"),
        [],
    ),
    Case(
        "a job that the check turned down waits a while",
        Observed(status=status_after(job(), REFUSED), workflow=REFUSED, delivered=1),
        job(),
        [],
        now=at(100) + REFUSED_AGAIN - timedelta(seconds=1),
    ),
    Case(
        "a job that the check turned down is checked anew after a while",
        Observed(status=status_after(job(), REFUSED), workflow=REFUSED, delivered=1),
        job(),
        [StartWorkflow(job().spec, again=True)],  # type: ignore[arg-type]
        now=at(100) + REFUSED_AGAIN,
    ),
    Case(
        "a job that the check turned down is checked anew at once when its spec changed",
        Observed(status=status_after(job(), REFUSED), workflow=REFUSED, delivered=1),
        job(generation=2, model="offline:small"),
        [StartWorkflow(job(model="offline:small").spec, again=True)],  # type: ignore[arg-type]
        now=at(101),
    ),
    Case(
        "a workflow that failed later is never started again",
        Observed(workflow=ended(WorkflowState.FAILED, FailureKind.OTHER), delivered=1),
        job(generation=2),
        [RemoveFinalizer()],
    ),
]

DELIVERY_CASES = [
    Case(
        "a spec that the workflow knows is not delivered", Observed(STARTED, workflow=running(), delivered=1), job(), []
    ),
    Case(
        "a changed spec is delivered",
        Observed(STARTED, workflow=running(), delivered=1),
        job(generation=2, suspend=True, budget={"maxRequests": 9}),
        [SetBudget(Budget(max_requests=9)), SetSuspended(True)],
    ),
    Case(
        "a workflow that was there when it should have been started is told the whole spec",
        Observed(workflow=running(), delivered=None),
        job(),
        [SetBudget(Budget()), SetSuspended(False)],
    ),
    Case(
        "nothing is delivered while no worker polls, since nobody would take it in",
        Observed(STARTED, workflow=running(polled=False), delivered=1),
        job(generation=2, suspend=True),
        [],
    ),
    Case(
        "nothing is delivered while Temporal is out of reach",
        Observed(STARTED, workflow=UNREACHABLE, delivered=1),
        job(generation=2, suspend=True),
        [],
    ),
]

WAITING = running("AwaitingApproval", done=0, plan=PLAN)
REVIEW = {"plan": "Required"}
APPROVED = {"plan": "Required", "decision": "Approved", "approvedBy": "ann"}

REVIEW_CASES = [
    Case("an undecided plan waits", Observed(workflow=WAITING, delivered=1), job(approval=REVIEW), []),
    Case(
        "an approval is passed on",
        Observed(workflow=WAITING, delivered=1),
        job(approval=APPROVED),
        [ApprovePlan(None)],
    ),
    Case(
        "an edited plan is passed on with its approval",
        Observed(workflow=WAITING, delivered=1),
        job(approval={**APPROVED, "editedPlan": PLAN}),
        [ApprovePlan(PLAN)],
    ),
    Case(
        "a rejection is passed on with its reason and who made it",
        Observed(workflow=WAITING, delivered=1),
        job(approval={"plan": "Required", "decision": "Rejected", "approvedBy": "ann", "reason": "too broad"}),
        [RejectPlan("too broad (by ann)")],
    ),
    Case(
        "an approval that took effect is not passed on again",
        Observed(workflow=running(), delivered=1),
        job(approval=APPROVED),
        [],
    ),
    Case(
        "an approval waits for a worker",
        Observed(workflow=replace(WAITING, polled=False), delivered=1),
        job(approval=APPROVED),
        [],
    ),
]

RESULT_CASES = [
    Case(
        "a report that is not there is written",
        Observed(STARTED, workflow=COMPLETED, delivered=1, report=report(ReportState.NOTHING)),
        job(),
        [WriteResult("job-report")],
    ),
    Case(
        "a report of ours that differs is written again",
        Observed(STARTED, workflow=COMPLETED, delivered=1, report=report(ReportState.STALE)),
        job(),
        [WriteResult("job-report")],
    ),
    Case(
        "a ConfigMap of somebody else is left as it is",
        Observed(STARTED, workflow=COMPLETED, delivered=1, report=report(ReportState.FOREIGN)),
        job(),
        [],
    ),
    Case(
        "the report goes where the job says",
        Observed(STARTED, workflow=COMPLETED, delivered=1, report=report(ReportState.NOTHING)),
        job(result={"configMap": "elsewhere"}),
        [WriteResult("elsewhere")],
    ),
    Case(
        "a report goes to a store under the workflow's id",
        Observed(
            STARTED, workflow=COMPLETED, delivered=1, report=replace(report(ReportState.NOTHING), store="archive")
        ),
        job(result={"store": "archive"}),
        [WriteResult("ns/job/uid-1", store="archive")],
    ),
    Case(
        "a store that can't be read is not written",
        Observed(
            STARTED, workflow=COMPLETED, delivered=1, report=replace(report(ReportState.UNKNOWN), store="archive")
        ),
        job(result={"store": "archive"}),
        [],
    ),
    Case(
        "a job whose report stands is let go of",
        Observed(STARTED, workflow=COMPLETED, delivered=1, report=report(ReportState.OURS)),
        job(),
        [RemoveFinalizer()],
    ),
]

END_CASES = [
    Case("a finished job without a time to live stays", Observed(DONE), job(finalizer=False), []),
    Case(
        "a finished job stays until its time is up",
        Observed(DONE),
        job(finalizer=False, ttlSecondsAfterFinished=60),
        [],
        now=at(159),
    ),
    Case(
        "a finished job is deleted when its time is up",
        Observed(DONE),
        job(finalizer=False, ttlSecondsAfterFinished=60),
        [DeleteJob()],
        now=at(160),
    ),
    Case(
        "a time to live of nothing deletes at once",
        Observed(DONE),
        job(finalizer=False, ttlSecondsAfterFinished=0),
        [DeleteJob()],
        now=at(100),
    ),
    Case(
        "a finished job whose history is gone stays finished",
        Observed(DONE, workflow=ABSENT),
        job(finalizer=False),
        [],
    ),
    Case(
        "a workflow beyond its deadline gets a moment to end by itself",
        Observed(STARTED, workflow=running(), delivered=1),
        job(activeDeadlineSeconds=60),
        [],
        now=at(69),
    ),
    Case(
        "a workflow far beyond its deadline is ended",
        Observed(STARTED, workflow=running(), delivered=1),
        job(activeDeadlineSeconds=60),
        [TerminateWorkflow(f"{DEADLINE_REASON}: the job was active for longer than 60 seconds")],
        now=at(70),
    ),
    Case(
        "a suspended job has no deadline",
        Observed(status_after(job(suspend=True), running()), workflow=running(), delivered=1),
        job(suspend=True, activeDeadlineSeconds=60),
        [],
        now=at(1000),
    ),
]

DELETION_CASES = [
    Case("a job without our finalizer is nothing to us", Observed(), job(deleted=START, finalizer=False), []),
    Case(
        "a deleted job's workflow is asked to end",
        Observed(STARTED, workflow=running()),
        job(deleted=NOW),
        [RequestCancel()],
    ),
    Case(
        "a deleted job's workflow that doesn't end is ended",
        Observed(STARTED, workflow=running()),
        job(deleted=NOW - CANCEL_GRACE),
        [TerminateWorkflow("the ResearchJob was deleted")],
    ),
    Case(
        "a deleted job is let go once its workflow ended",
        Observed(STARTED, workflow=ended(WorkflowState.CANCELLED)),
        job(deleted=NOW),
        [RemoveFinalizer()],
    ),
    Case(
        "a deleted job that never started is let go", Observed(workflow=ABSENT), job(deleted=NOW), [RemoveFinalizer()]
    ),
    Case("a deleted job that is finished is let go", Observed(DONE), job(deleted=NOW), [RemoveFinalizer()]),
    Case(
        "an orphaned workflow runs on",
        Observed(STARTED, workflow=running()),
        job(deleted=NOW, deletionPolicy="Orphan"),
        [RemoveFinalizer()],
    ),
    Case(
        "a deleted job waits for Temporal for a while",
        Observed(STARTED, workflow=UNREACHABLE),
        job(deleted=NOW - RELEASE_AFTER + timedelta(seconds=1)),
        [],
    ),
    Case(
        "a deleted job is let go when Temporal stays away",
        Observed(STARTED, workflow=UNREACHABLE),
        job(deleted=NOW - RELEASE_AFTER),
        [CancelLater(), RemoveFinalizer()],
    ),
    Case(
        "a deleted job that can't be read is let go like any other",
        Observed(workflow=ABSENT),
        replace(job(deleted=NOW), spec=None),
        [RemoveFinalizer()],
    ),
]

ALL = [*START_CASES, *DELIVERY_CASES, *REVIEW_CASES, *RESULT_CASES, *END_CASES, *DELETION_CASES]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in ALL])
def test_steps(case: Case) -> None:
    assert told(plan(case.observed, case.desired, case.now)) == case.steps


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in ALL])
def test_a_plan_changes_nothing_and_comes_out_the_same(case: Case) -> None:
    before = repr((case.observed, case.desired))
    assert plan(case.observed, case.desired, case.now) == plan(case.observed, case.desired, case.now)
    assert repr((case.observed, case.desired)) == before


def test_a_status_that_stands_is_not_written_again() -> None:
    observed = Observed(STARTED, workflow=running(), delivered=1)
    assert plan(observed, job(), NOW) == []


def test_news_is_told_once() -> None:
    waiting = Observed(STARTED, workflow=WAITING, delivered=1)
    actions = plan(waiting, job(approval=REVIEW), NOW)
    (update,) = (action for action in actions if isinstance(action, UpdateStatus))
    assert [action.reason.value for action in actions if isinstance(action, EmitEvent)] == ["PlanReady"]
    assert plan(replace(waiting, status=update.status), job(approval=REVIEW), NOW) == []


@pytest.mark.parametrize(
    ("observed", "desired", "after"),
    [
        pytest.param(Observed(workflow=UNREACHABLE), job(), ANNOUNCED, id="while Temporal is out of reach"),
        pytest.param(
            Observed(STARTED, workflow=running(polled=False), delivered=1),
            job(),
            ANNOUNCED,
            id="while no worker polls",
        ),
        pytest.param(
            Observed(DONE),
            job(finalizer=False, ttlSecondsAfterFinished=1000),
            timedelta(seconds=100 + 1000 - 300),
            id="at the end of its time to live",
        ),
        pytest.param(
            Observed(STARTED, workflow=running(), delivered=1),
            job(activeDeadlineSeconds=1000),
            timedelta(seconds=1000 + 10 - 300),
            id="after its deadline",
        ),
    ],
)
def test_a_job_is_looked_at_again(observed: Observed, desired: Desired, after: timedelta) -> None:
    assert [action.after for action in plan(observed, desired, NOW) if isinstance(action, Requeue)] == [after]


def test_a_job_that_needs_nothing_is_not_looked_at_again() -> None:
    assert plan(Observed(DONE), job(finalizer=False), NOW) == []


FORGERIES = [
    pytest.param(DONE, id="forged as complete"),
    pytest.param(status_after(job(), ended(WorkflowState.FAILED, FailureKind.OTHER)), id="forged as failed"),
    pytest.param(
        STARTED.model_copy(
            update={"workflow": STARTED.workflow.model_copy(update={"id": "another/one", "run_id": "x"})}
        )
        if STARTED.workflow
        else STARTED,
        id="with the workflow of another job",
    ),
    pytest.param(
        STARTED.model_copy(update={"usage": status_after(job(), running(done=9)).usage}), id="with inflated figures"
    ),
    pytest.param(JobStatus(), id="wiped"),
]


@pytest.mark.parametrize("forged", FORGERIES)
def test_a_forged_status_changes_no_step_and_is_repaired(forged: JobStatus) -> None:
    honest = Observed(STARTED, workflow=running(), delivered=1)
    lied_to = replace(honest, status=forged, foreign_status=True)
    assert told(plan(lied_to, job(), NOW)) == told(plan(honest, job(), NOW)) == []
    (repair,) = (action for action in plan(lied_to, job(), NOW) if isinstance(action, UpdateStatus))
    again = replace(honest, status=repair.status)
    assert plan(again, job(), NOW) == []
    assert repair.status.workflow == STARTED.workflow
    assert repair.status.usage == STARTED.usage
    assert not repair.status.finished


@pytest.mark.parametrize("forged", FORGERIES[:2])
def test_a_forged_end_is_cleared_first_since_ends_are_final(forged: JobStatus) -> None:
    lied_to = Observed(forged, foreign_status=True, workflow=running(), delivered=1)
    (repair,) = (action for action in plan(lied_to, job(), NOW) if isinstance(action, UpdateStatus))
    assert repair.clear
