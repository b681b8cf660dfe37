"""Deep research as a Temporal workflow: the twin of `stateless.py`.

Workflow code: deterministic, no I/O. It runs outside the SDK's sandbox (docs/adr/0002), so what the sandbox would
refuse is refused by a test over the source and by the replay of recorded histories.
"""

from __future__ import annotations

from temporalio import workflow

from outlast.errors import JobFailedError
from outlast.hosting.workflow import JobWorkflow
from outlast.job.spec import ResearchJobSpec
from outlast.research.agents import ResearchAgents
from outlast.research.models import Plan
from outlast.research.run import ResearchRun
from outlast.research.state import (
    WORKFLOW_TYPE,
    Progress,
    ResearchInput,
    ResearchResult,
    ResearchState,
    Role,
)

SETUP_ACTIVITY = "outlast__setup"

_agents: ResearchAgents | None = None


def install(agents: ResearchAgents) -> None:
    """Give the workflows of this process their agents, which must be built outside of workflows."""
    global _agents
    _agents = agents


class RejectedError(JobFailedError):
    """A person rejected the plan."""


@workflow.defn(name=WORKFLOW_TYPE)
class DeepResearch(JobWorkflow):
    """One research job."""

    @workflow.init
    def __init__(self, job: ResearchInput) -> None:
        if _agents is None:
            raise RuntimeError("install() has to be called before a worker starts.")
        self._spec = job.spec.model_copy(deep=True)
        self.begin(self._spec, suspended=job.spec.suspend, started_at=job.started_at)
        self._run = ResearchRun(self._spec, _agents, self, job.state)
        self._verdict: Plan | RejectedError | None = None

    @workflow.run
    async def run(self, job: ResearchInput) -> ResearchResult:
        """Carry the job out."""
        report = await self.ended(self._run.report())
        return ResearchResult(report=report, usage=self._run.state.meter.by_role, models=self._run.models)

    # Host: what a run leaves to its engine.

    async def setup(self, spec: ResearchJobSpec) -> dict[Role, str]:
        """Check what the job needs, where the worker's settings are."""
        return await self.checked(SETUP_ACTIVITY, spec, dict[Role, str])

    async def review(self, plan: Plan) -> Plan:
        """Wait for a person; a waiting workflow costs nothing and outlives every restart."""
        await workflow.wait_condition(lambda: self._verdict is not None)
        if isinstance(self._verdict, RejectedError):
            raise self._verdict
        return self._verdict or plan

    async def hand_on(self, state: ResearchState) -> None:
        """Continue as new when the server says that the history grew long."""
        if workflow.info().is_continue_as_new_suggested():
            await workflow.wait_condition(workflow.all_handlers_finished)
            spec = self._spec.model_copy(update={"suspend": self._suspended_since is not None})
            workflow.continue_as_new(ResearchInput(spec=spec, state=state, started_at=self.started_at))

    def changed(self) -> None:
        """Publish progress to visibility."""
        self.publish(self._run.stage.value, self._run.progress().word)

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

    def _awaits_approval(self) -> None:
        if self._verdict is not None or self._run.stage.value != "AwaitingApproval":
            raise ValueError(f"The job awaits no approval: it is at stage {self._run.stage.value}.")
