"""The three agents, built once a process and outside of workflows.

Agent names, toolset ids and output tool names are durable contracts: recorded histories hold them, and the offline
models tell a role by its output tool.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic_ai import Agent, FunctionToolset, ModelRetry, RunContext, ToolOutput
from pydantic_ai.capabilities import AbstractCapability, ResolveModelId
from pydantic_ai.messages import ToolReturn
from pydantic_ai.toolsets import AbstractToolset, ToolsetTool, WrapperToolset

from outlast.hosting.agents import UNCHOSEN
from outlast.hosting.gate import StepGate
from outlast.llm.resolve import ModelBook
from outlast.research import prompts
from outlast.research.citations import check_claims
from outlast.research.gate import StepDeps
from outlast.research.models import Plan, ReportDraft, SearchFindings
from outlast.research.state import Role
from outlast.sources.passage import Passage

SEARCH = "search"
"""Name of the tool that every role searches with."""

SEARCH_LIMIT = 8
"""Passages a search returns at the most: the whole conversation is sent, and recorded, with every request."""

OUTPUT_RETRIES = 2
"""How often a plan, findings or draft that does not validate is asked for again; then the job decides without."""

Durability = Callable[[], AbstractCapability[StepDeps]]
"""Makes the capability that turns an agent's requests and calls into recorded steps, one an agent."""


class SearchResult(Protocol):
    """What a search over a job's sources brought."""

    @property
    def passages(self) -> Sequence[Passage]:
        """Best first."""
        ...

    @property
    def failed(self) -> Sequence[tuple[str, str]]:
        """Sources that did not answer, with the reason."""
        ...


class Searcher(Protocol):
    """Searches the sources of a job."""

    async def search(self, names: Sequence[str], query: str, *, limit: int) -> SearchResult:
        """Ask the named sources."""
        ...


@dataclass(frozen=True, slots=True)
class ResearchAgents:
    """The agents of deep research."""

    planner: Agent[StepDeps, Plan]
    searcher: Agent[StepDeps, SearchFindings]
    analyst: Agent[StepDeps, ReportDraft]

    def __iter__(self) -> Any:
        return iter((self.planner, self.searcher, self.analyst))


def build_agents(
    *,
    models: ModelBook,
    sources: Searcher,
    servers: Mapping[str, AbstractToolset[StepDeps]] | None = None,
    durability: Durability | None = None,
) -> ResearchAgents:
    """Build the agents.

    Args:
        models: Resolves the model names that runs are given.
        sources: What the `search` tool asks.
        servers: Toolsets of MCP servers by name; searchers and the analyst see those that their job names.
        durability: Makes steps recorded; None runs the identical agents in this process alone.
    """

    def capabilities() -> list[AbstractCapability[StepDeps]]:
        by_name: AbstractCapability[StepDeps] = ResolveModelId(lambda _ctx, name: models.get(name))
        return [StepGate(), by_name, *([durability()] if durability else [])]

    def agent(role: Role, output: Any, instructions: str, more: Sequence[AbstractToolset[StepDeps]]) -> Any:
        return Agent(
            UNCHOSEN,
            name=role.value,
            deps_type=StepDeps,
            output_type=output,
            instructions=instructions,
            toolsets=[search_toolset(sources), *more],
            capabilities=capabilities(),
            retries={"tools": 1, "output": OUTPUT_RETRIES},
        )

    toolsets = [_Offered(toolset, name) for name, toolset in (servers or {}).items()]
    agents = ResearchAgents(
        planner=agent(Role.PLANNER, ToolOutput(Plan, name="submit_plan"), prompts.PLANNER, ()),
        searcher=agent(Role.SEARCHER, ToolOutput(SearchFindings, name="submit_findings"), prompts.SEARCHER, toolsets),
        analyst=agent(Role.ANALYST, ToolOutput(ReportDraft, name="submit_report"), prompts.ANALYST, toolsets),
    )
    agents.planner.output_validator(_plan_keeps_its_bound)
    agents.analyst.output_validator(_citations_hold)
    return agents


def search_toolset(sources: Searcher) -> FunctionToolset[StepDeps]:
    """The `search` tool over the sources of the running job."""
    toolset: FunctionToolset[StepDeps] = FunctionToolset(id="sources")

    @toolset.tool(name=SEARCH)
    async def search(ctx: RunContext[StepDeps], query: str) -> ToolReturn:
        """Search the sources of this job.

        Args:
            query: A few words, as the source would put it.
        """
        result = await sources.search(ctx.deps.sources, query, limit=SEARCH_LIMIT)
        found: list[dict[str, str]] = [{"id": p.id, "title": p.title, "text": p.text} for p in result.passages]
        # Models see what they may cite. What else the run needs of each passage goes beside it: a text that stood twice
        # in the result would be recorded, and sent, twice.
        beside = [p.model_dump(exclude={"id", "title", "text"}) for p in result.passages]
        return ToolReturn(return_value=found, metadata={"passages": beside, "failed": list(result.failed)})

    return toolset


@dataclass
class _Offered(WrapperToolset[StepDeps]):
    """The tools of a server for jobs that name it; for others it is not even asked which tools it has."""

    name: str

    async def get_tools(self, ctx: RunContext[StepDeps]) -> dict[str, ToolsetTool[StepDeps]]:
        """The server's tools, none unless the job names the server."""
        return await super().get_tools(ctx) if self.name in ctx.deps.sources else {}


def _plan_keeps_its_bound(ctx: RunContext[StepDeps], plan: Plan) -> Plan:
    run = ctx.deps.run
    if run is not None and len(plan.searches) > run.max_searches:
        raise ModelRetry(f"The plan has {len(plan.searches)} searches; at most {run.max_searches} are allowed.")
    return plan


def _citations_hold(ctx: RunContext[StepDeps], draft: ReportDraft) -> ReportDraft:
    run = ctx.deps.run
    if run is None or ctx.retry >= ctx.max_retries:
        return draft  # what still does not hold is cut, and the report says so
    faults = check_claims(draft.claims, run.passages).cut
    if faults:
        listed = "\n".join(f"- {fault.subject!r}: {fault.detail}" for fault in faults[:20])
        raise ModelRetry(
            f"These citations do not hold:\n{listed}\nQuote words that stand in the cited passage, or drop the claim."
        )
    return draft
