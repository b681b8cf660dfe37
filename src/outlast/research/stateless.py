"""Runs a research job in this process alone: the identical core, and nothing is kept when the process dies.

The twin of `workflow.py`: what the two differ in is the price of durability.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from outlast.hosting import stateless as hosting
from outlast.job.spec import ResearchJobSpec
from outlast.research.agents import ResearchAgents
from outlast.research.models import Plan
from outlast.research.run import ResearchRun
from outlast.research.state import Progress, ResearchResult, ResearchState, Role

Review = Callable[[Plan], Awaitable[Plan]]
Setup = Callable[[ResearchJobSpec], dict[Role, str]]


class StatelessHost(hosting.StatelessHost[Progress]):
    """A run that nothing outlives.

    Args:
        setup: Checks what the job needs.
        review: Asks the person at the terminal for a review of the plan.
        changed: Called when progress changed.
    """

    def __init__(self, setup: Setup, review: Review, changed: Callable[[], None] = lambda: None) -> None:
        super().__init__(changed)
        self._setup = setup
        self._review = review

    async def setup(self, spec: ResearchJobSpec) -> dict[Role, str]:
        """Check what the job needs."""
        return self._setup(spec)

    async def review(self, plan: Plan) -> Plan:
        """Ask the person at the terminal."""
        return await self._review(plan)

    async def hand_on(self, state: ResearchState) -> None:
        """Never too long."""


async def run_stateless(spec: ResearchJobSpec, agents: ResearchAgents, host: StatelessHost) -> ResearchResult:
    """Carry a job out in this process."""
    run = ResearchRun(spec, agents, host, ResearchState())
    host.progress = run.progress
    report = await run.report()
    return ResearchResult(report=report, usage=run.state.meter.by_role, models=run.models)
