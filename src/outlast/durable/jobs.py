"""Research jobs as their callers see them: what they have beyond every job is a plan, and decisions on it."""

from __future__ import annotations

from outlast.durable.handles import JobHandles
from outlast.durable.summaries import JobState, JobSummary
from outlast.errors import UsageError
from outlast.job.spec import ResearchJobSpec
from outlast.research.models import Plan
from outlast.research.state import WORKFLOW_TYPE, Progress, ResearchInput, ResearchResult
from outlast.research.workflow import DeepResearch

__all__ = ["JobState", "JobSummary", "Jobs"]


class Jobs(JobHandles[ResearchJobSpec, Progress, ResearchResult]):
    """The research jobs of one Temporal namespace."""

    workflow = DeepResearch
    workflow_type = WORKFLOW_TYPE
    input_type = ResearchInput
    noun = "research job"

    def queue_of(self, spec: ResearchJobSpec) -> str | None:
        """The task queue that a job names."""
        return spec.task_queue

    def refuse_another(self, job_id: str, recorded: ResearchJobSpec, asked: ResearchJobSpec) -> None:
        """Another query is another job."""
        if recorded.query != asked.query:
            raise UsageError(
                f"The id {job_id!r} belongs to a job that asks {recorded.query!r}, not {asked.query!r}: "
                "choose another id, or leave it out for a new one."
            )

    async def plan(self, job_id: str) -> Plan | None:
        """The plan of a job, None before there is one."""
        plan: Plan | None = await self.ask(job_id, DeepResearch.plan)
        return plan

    async def approve(self, job_id: str, plan: Plan | None = None) -> None:
        """Approve the plan, or an edited one in its place.

        Raises:
            UsageError: the job awaits no approval, or the edited plan is not valid.
        """
        await self.tell(job_id, DeepResearch.approve, plan)

    async def reject(self, job_id: str, reason: str) -> None:
        """Reject the plan, which ends the job."""
        await self.tell(job_id, DeepResearch.reject, reason)
