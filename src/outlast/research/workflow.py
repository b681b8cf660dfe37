"""Deep research as a Temporal workflow: the twin of `stateless.py`.

Workflow code: deterministic, no I/O. It runs outside the SDK's sandbox (docs/adr/0002), so what the sandbox would
refuse is refused by a test over the source and by the replay of recorded histories.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

from pydantic_ai.durable_exec.temporal import PydanticAIWorkflow
from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeKey
from temporalio.exceptions import ActivityError, ApplicationError, FailureError

from outlast.errors import JobFailedError
from outlast.job.spec import Budget, ResearchJobSpec
from outlast.research.agents import ResearchAgents
from outlast.research.models import Plan
from outlast.research.run import ResearchRun
from outlast.research.state import (
    PROGRESS_ATTRIBUTE,
    STAGE_ATTRIBUTE,
    WORKFLOW_TYPE,
    Progress,
    ResearchInput,
    ResearchResult,
    ResearchState,
    Role,
)
from outlast.usage.budget import Exceeded

SETUP_ACTIVITY = "outlast__setup"

STAGE = SearchAttributeKey.for_keyword(STAGE_ATTRIBUTE)
PROGRESS = SearchAttributeKey.for_keyword(PROGRESS_ATTRIBUTE)
"""Compact progress, see `progress_word`: visibility lists it for all jobs at once, and a codec can't hide it."""

_agents: ResearchAgents | None = None


def install(agents: ResearchAgents) -> None:
    """Give the workflows of this process their agents, which must be built outside of workflows."""
    global _agents
    _agents = agents


class RejectedError(JobFailedError):
    """A person rejected the plan."""


@workflow.defn(name=WORKFLOW_TYPE)
class DeepResearch(PydanticAIWorkflow):
    """One research job."""

    step_failures: tuple[type[Exception], ...] = (FailureError,)

    @workflow.init
    def __init__(self, job: ResearchInput) -> None:
        if _agents is None:
            raise RuntimeError("install() has to be called before a worker starts.")
        self.backoff_limit = job.spec.backoff_limit
        self._job = job
        self.started_at = job.started_at or workflow.info().workflow_start_time
        """When the first run began: a run that continues another one has a start of its own."""
        self._spec = job.spec.model_copy(deep=True)
        self._run = ResearchRun(self._spec, _agents, self, job.state)
        self._suspended_since = workflow.now() if job.spec.suspend else None
        self._deadline: asyncio.Timeout | None = None
        self._verdict: Plan | RejectedError | None = None
        self._published = ""

    @workflow.run
    async def run(self, job: ResearchInput) -> ResearchResult:
        """Carry the job out."""
        try:
            async with asyncio.timeout(None) as self._deadline:
                self._count_down()
                report = await self._run.report()
        except TimeoutError:
            raise ApplicationError(
                f"The job was active for longer than activeDeadlineSeconds, {job.spec.active_deadline_seconds}.",
                type="DeadlineExceeded",
                non_retryable=True,
            ) from None
        except JobFailedError as error:
            raise ApplicationError(str(error), type=type(error).__name__, non_retryable=True) from error
        await workflow.wait_condition(workflow.all_handlers_finished)
        return ResearchResult(report=report, usage=self._run.state.meter.by_role, models=self._run.models)

    # Host: what a run leaves to its engine.

    async def setup(self, spec: ResearchJobSpec) -> dict[Role, str]:
        """Check what the job needs, where the worker's settings are."""
        try:
            # No local activity: a query that arrives while one runs splits its workflow task, and after that a replay
            # misses the SDK's patch marker behind it (docs/adr/0002).
            chosen: dict[Role, str] = await workflow.execute_activity(
                SETUP_ACTIVITY,
                spec,
                result_type=dict[Role, str],
                start_to_close_timeout=timedelta(seconds=10),  # reads settings, asks no network; bounds a death
                retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=30)),
            )
        except ActivityError as error:
            raise JobFailedError(getattr(error.cause, "message", None) or str(error)) from error
        return chosen

    async def review(self, plan: Plan) -> Plan:
        """Wait for a person; a waiting workflow costs nothing and outlives every restart."""
        await workflow.wait_condition(lambda: self._verdict is not None)
        if isinstance(self._verdict, RejectedError):
            raise self._verdict
        return self._verdict or plan

    async def budget_raised(self, bound: Exceeded) -> None:
        """Wait until the budget is another one."""
        before = self._spec.budget
        await workflow.wait_condition(lambda: self._spec.budget != before)

    async def may_proceed(self) -> None:
        """Wait while the job is suspended."""
        if self._suspended_since is not None:
            await workflow.wait_condition(lambda: self._suspended_since is None)

    async def hand_on(self, state: ResearchState) -> None:
        """Continue as new when the server says that the history grew long."""
        if workflow.info().is_continue_as_new_suggested():
            await workflow.wait_condition(workflow.all_handlers_finished)
            spec = self._spec.model_copy(update={"suspend": self._suspended_since is not None})
            workflow.continue_as_new(ResearchInput(spec=spec, state=state, started_at=self.started_at))

    def changed(self) -> None:
        """Publish progress to visibility."""
        word = progress_word(self._run.progress())
        if word != self._published:
            self._published = word
            workflow.upsert_search_attributes([STAGE.value_set(self._run.stage.value), PROGRESS.value_set(word)])

    # What people ask and say.

    @workflow.query
    def progress(self) -> Progress:
        """Where the job is."""
        return self._run.progress()

    @workflow.query
    def plan(self) -> Plan | None:
        """The plan, once there is one."""
        return self._run.state.plan

    @workflow.update
    def approve(self, plan: Plan | None) -> None:
        """Approve the plan, or an edited one in its place."""
        self._verdict = plan or self._run.state.plan

    @approve.validator
    def _may_approve(self, plan: Plan | None) -> None:
        self._awaits_approval()
        if plan is not None and len(plan.searches) > self._spec.max_searches:
            raise ValueError(f"The plan has {len(plan.searches)} searches; maxSearches is {self._spec.max_searches}.")

    @workflow.update
    def reject(self, reason: str) -> None:
        """Reject the plan, which ends the job."""
        self._verdict = RejectedError(f"The plan was rejected: {reason}" if reason else "The plan was rejected.")

    @reject.validator
    def _may_reject(self, reason: str) -> None:
        self._awaits_approval()

    @workflow.update
    def set_budget(self, budget: Budget) -> None:
        """Replace the budget; a paused job goes on when the new one has room."""
        self._spec.budget = budget

    @workflow.update
    def suspend(self, suspended: bool) -> None:
        """Suspend or resume: steps under way finish, no new ones start, and the deadline stands still."""
        if suspended and self._suspended_since is None:
            self._suspended_since = workflow.now()
        elif not suspended and self._suspended_since is not None:
            self.started_at += workflow.now() - self._suspended_since
            self._suspended_since = None
        self._count_down()

    def _awaits_approval(self) -> None:
        if self._verdict is not None or self._run.stage.value != "AwaitingApproval":
            raise ValueError(f"The job awaits no approval: it is at stage {self._run.stage.value}.")

    def _count_down(self) -> None:
        """Let the deadline run while the job is active, and stand still while it is suspended."""
        seconds = self._spec.active_deadline_seconds
        if self._deadline is None or seconds is None:
            return
        if self._suspended_since is not None:
            self._deadline.reschedule(None)
            return
        left = max(0.0, seconds - (workflow.now() - self.started_at).total_seconds())
        self._deadline.reschedule(asyncio.get_running_loop().time() + left)


def progress_word(progress: Progress) -> str:
    """Progress as one short word for visibility: `Searching 3/9 12 3456 789 0.0123`.

    Stage, searches done and planned, requests, input tokens, output tokens, dollars.
    """
    used = progress.usage
    done = f"{progress.searches_done}/{len(progress.searches)}"
    return f"{progress.stage.value} {done} {used.requests} {used.input_tokens} {used.output_tokens} {used.cost_usd:f}"
