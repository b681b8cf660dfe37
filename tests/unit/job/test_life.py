"""One job's life as a state machine: people, Temporal and time do what they like, the operator dies anywhere.

Whatever happens in whatever order: one start a job, ends are final, figures never fall, and when the faults are over
the job settles. The world here carries actions out as the executor does, one at a time, so that a crash fits between
any two.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from outlast.job import actions as do
from outlast.job.conditions import ConditionType
from outlast.job.observed import (
    ABSENT,
    UNREACHABLE,
    Desired,
    FailureKind,
    Observed,
    ReportState,
    Workflow,
    WorkflowState,
)
from outlast.job.plan import RELEASE_AFTER, plan
from outlast.job.spec import ResearchJobSpec
from outlast.job.status import JobStatus
from tests.unit.job.builders import START, ended, report, running

ROUNDS = 40
STAGES = ("Planning", "AwaitingApproval", "Searching", "Analysing")


class Job(RuleBasedStateMachine):
    """The world around one job."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.spec = ResearchJobSpec(query="Why?")
        self.generation = 1
        self.status = JobStatus()
        self.finalizer = False
        self.deleted_at = START - timedelta(1)
        self.deleting = False
        self.exists = True
        self.report = ReportState.NOTHING
        self.workflow: Workflow = ABSENT
        self.reachable = True
        self.suspended = False
        self.starts = 0
        self.checks = 0
        self.memory_delivered: int | None = None
        self.memory_written: JobStatus | None = None
        self.ends: set[ConditionType] = set()

    @initialize(
        suspend=st.booleans(),
        review=st.booleans(),
        orphan=st.booleans(),
        ttl=st.sampled_from([None, 0, 3600]),
        foreign=st.booleans(),
    )
    def created(self, suspend: bool, review: bool, orphan: bool, ttl: int | None, foreign: bool) -> None:
        self.spec = ResearchJobSpec.model_validate(
            {
                "query": "Why?",
                "suspend": suspend,
                "approval": {"plan": "Required" if review else "Automatic"},
                "deletionPolicy": "Orphan" if orphan else "Cancel",
                "ttlSecondsAfterFinished": ttl,
                "activeDeadlineSeconds": 7200,
            }
        )
        self.report = ReportState.FOREIGN if foreign else ReportState.NOTHING

    # The operator.

    @rule(crash_after=st.integers(0, 4))
    def visit(self, crash_after: int) -> None:
        """One plan, of which so many actions are carried out before the process dies; many: it lives."""
        if not self.exists:
            return
        again = False
        for count, action in enumerate(self.planned()):
            if count == crash_after:
                self.memory_delivered = self.memory_written = None
                return
            if again and isinstance(action, do.UpdateStatus | do.EmitEvent):
                continue
            again |= self.carry_out(action)

    def planned(self) -> list[do.Action]:
        desired = Desired(
            namespace="ns",
            name="job",
            uid="uid-1",
            generation=self.generation,
            spec=self.spec,
            deleted=self.deleted_at if self.deleting else None,
            finalizer=self.finalizer,
        )
        return plan(self.observed(), desired, self.now)

    def observed(self) -> Observed:
        foreign = self.memory_written is not None and self.memory_written != self.status
        delivered = self.memory_delivered if self.memory_delivered is not None else self.status.observed_generation
        seen = Observed(status=self.status, foreign_status=foreign, delivered=delivered)
        if self.status.finished and not foreign:
            return seen
        if not self.reachable:
            return replace(seen, workflow=UNREACHABLE)
        stands = report(self.report) if self.workflow.state is WorkflowState.COMPLETED else None
        return replace(seen, workflow=self.workflow, report=stands)

    def carry_out(self, action: do.Action) -> bool:  # noqa: C901 - a table
        """Returns whether the world changed."""
        match action:
            case do.AddFinalizer():
                self.finalizer = True
            case do.RemoveFinalizer():
                self.finalizer = False
                self.exists = not self.deleting
            case do.StartWorkflow(again=again):
                self.start(again)
            case do.RequestCancel() | do.TerminateWorkflow():
                if self.workflow.running:
                    self.workflow = ended(WorkflowState.CANCELLED, FailureKind.OTHER)
            case do.SetSuspended(suspended=suspended):
                self.suspended = suspended
                self.memory_delivered = self.generation
            case do.ApprovePlan() | do.RejectPlan():
                self.workflow = running("Searching", done=0)
            case do.WriteResult():
                assert self.report is not ReportState.FOREIGN
                self.report = ReportState.OURS
            case do.UpdateStatus(status=status):
                self.obeys_the_rules_of_change(status)
                self.status = self.memory_written = status
            case do.DeleteJob():
                self.delete()
            case _:
                return False
        return not isinstance(action, do.UpdateStatus | do.EmitEvent | do.Requeue)

    def start(self, again: bool) -> None:
        assert self.finalizer, "a job without our finalizer could go and leave its workflow behind"
        refused = again and self.workflow.state is WorkflowState.FAILED
        if self.workflow is not ABSENT and not refused:
            self.memory_delivered = None
            return
        self.checks += 1
        self.starts += not refused
        self.suspended = self.spec.suspend
        self.workflow = running("Planning", done=0)
        self.memory_delivered = self.generation

    def obeys_the_rules_of_change(self, new: JobStatus) -> None:
        """Those of `rules.py`: nobody forges here, so nothing ever has to be cleared."""
        for kind in (ConditionType.COMPLETE, ConditionType.FAILED):
            assert new.is_true(kind) or not self.status.is_true(kind), f"{kind} was taken back"
        for old, now in ((self.status.start_time, new.start_time), (self.status.completion_time, new.completion_time)):
            assert old is None or old == now
        if self.status.usage and new.usage:
            assert new.usage.requests >= self.status.usage.requests

    # Everybody else.

    @rule()
    def restarted(self) -> None:
        self.memory_delivered = self.memory_written = None

    @precondition(lambda self: self.workflow.running and not self.suspended)
    @rule(stage=st.sampled_from(STAGES), done=st.integers(0, 3), polled=st.booleans())
    def goes_on(self, stage: str, done: int, polled: bool) -> None:
        self.workflow = running(stage, done=done, polled=polled)

    @precondition(lambda self: self.workflow.running and not self.suspended)
    @rule(
        end=st.sampled_from(
            [
                (WorkflowState.COMPLETED, None),
                (WorkflowState.FAILED, FailureKind.OTHER),
                (WorkflowState.FAILED, FailureKind.MODEL_UNUSABLE),
                (WorkflowState.TERMINATED, FailureKind.OTHER),
            ]
        )
    )
    def ends_somehow(self, end: tuple[WorkflowState, FailureKind | None]) -> None:
        self.workflow = ended(*end)

    # A history that goes before the status says that there was a start can't be told from one that never was.
    @precondition(lambda self: self.workflow.run_id and self.status.start_time)
    @rule()
    def history_goes(self) -> None:
        self.workflow = ABSENT

    @rule(reachable=st.booleans())
    def temporal(self, reachable: bool) -> None:
        self.reachable = reachable

    @rule(suspend=st.booleans())
    def edited(self, suspend: bool) -> None:
        self.spec = self.spec.model_copy(update={"suspend": suspend})
        self.generation += 1

    @rule(seconds=st.sampled_from([1, 30, 4000]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: self.report is ReportState.FOREIGN)
    @rule()
    def name_is_freed(self) -> None:
        self.report = ReportState.NOTHING

    @rule()
    def delete(self) -> None:
        if not self.deleting:
            self.deleting, self.deleted_at = True, self.now
            self.exists = self.finalizer

    # What holds at any time, and in the end.

    @invariant()
    def started_once(self) -> None:
        assert self.starts <= 1 or self.checks > self.starts

    @invariant()
    def never_complete_and_failed(self) -> None:
        assert not (self.status.is_true(ConditionType.COMPLETE) and self.status.is_true(ConditionType.FAILED))

    def teardown(self) -> None:
        """The faults are over, and the operator lives: the job settles, and stays as it is."""
        self.reachable = True
        self.report = ReportState.NOTHING if self.report is ReportState.FOREIGN else self.report
        if self.workflow.running:
            self.workflow = replace(self.workflow, polled=True)
        self.settle()
        if self.deleting:
            self.now += RELEASE_AFTER
            self.settle()
            assert not self.exists
        elif self.exists:
            assert [action for action in self.planned() if not isinstance(action, do.Requeue)] == []
            if self.workflow.running:
                assert self.suspended is self.spec.suspend

    def settle(self) -> None:
        for _ in range(ROUNDS):
            if self.exists:
                self.visit(crash_after=99)


TestJob = Job.TestCase
TestJob.settings = settings(max_examples=300, stateful_step_count=25, deadline=None)
