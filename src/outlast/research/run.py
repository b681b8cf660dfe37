"""One research job, from question to report: the same code with Temporal and without.

It plans, searches in a TaskGroup, analyses and checks. It knows no engine: what differs stands behind `Host`, and
whether a step is recorded is the business of the agents that it is given. On Temporal this is workflow code, so nothing
here may do I/O, read a clock or draw a random number.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar, cast

from pydantic_ai import Agent
from pydantic_ai.capabilities.abstract import WrapModelRequestHandler, WrapToolExecuteHandler
from pydantic_ai.messages import ModelResponse, ToolReturn
from pydantic_ai.models import ModelRequestContext

from outlast.errors import JobFailedError
from outlast.hosting.host import STEP_FAILURES, BudgetEndedError, JobHost, reason_of
from outlast.hosting.spending import Spending
from outlast.job.spec import OnExceeded, PlanApproval, ResearchJobSpec
from outlast.research import prompts
from outlast.research.agents import SEARCH, ResearchAgents
from outlast.research.gate import StepDeps
from outlast.research.models import Cut, CutReason, Evidence, Plan, PlannedSearch, Report
from outlast.research.reporting import report_from_draft, report_without_analysis
from outlast.research.state import (
    Progress,
    ResearchState,
    Role,
    SearchOutcome,
    SearchProgress,
    SearchState,
    Stage,
)
from outlast.sources.mcp import passage_from_tool
from outlast.sources.passage import Passage

OutputT = TypeVar("OutputT")

PARALLEL_SEARCHES = 16
"""Searches of one job under way at once, so that one job never takes every slot of a worker."""

REQUESTS_OF_A_SEARCH = 2
"""The fewest requests that bring a search to its end: one that searches, one that reports."""


class Host(JobHost, Protocol):
    """What a run leaves to the engine it runs on."""

    async def setup(self, spec: ResearchJobSpec) -> dict[Role, str]:
        """Check what the job needs before its first step, and say which model each role uses."""
        ...

    async def review(self, plan: Plan) -> Plan:
        """Have the plan reviewed by a person; return it as approved, perhaps edited."""
        ...

    async def hand_on(self, state: ResearchState) -> None:
        """Continue as a new run with this state if the history of this one grew long; else return."""
        ...


class ResearchRun:
    """A research job under way.

    Args:
        spec: What to find out; its budget may be replaced while the run goes on.
        agents: The agents, durable or not.
        host: The engine.
        state: What an earlier run handed on.
    """

    def __init__(self, spec: ResearchJobSpec, agents: ResearchAgents, host: Host, state: ResearchState) -> None:
        self.spec = spec
        self.state = state
        self.stage = Stage.PLANNING
        self.waiting_for: str | None = None
        self._agents = agents
        self._host = host
        self._models: dict[Role, str] = {}
        self._spending = Spending(spec, state.meter, host)
        self._owed: dict[int, int] = {}
        self._running: set[int] = set()
        self._calls: dict[tuple[str, str], asyncio.Future[Any]] = {}
        self._failures = (*STEP_FAILURES, *host.step_failures)

    async def report(self) -> Report:
        """Carry the job out.

        Raises:
            JobFailedError: it ends without a report; the message says why.
        """
        self._models = await self._host.setup(self.spec)
        try:
            plan = await self._planned()
            await self._search(plan)
            await self._host.hand_on(self.state)
            return await self._analyse(plan)
        except BudgetEndedError as error:
            raise JobFailedError(str(error)) from None

    def progress(self) -> Progress:
        """What people see of it."""
        plan = self.state.plan
        return Progress(
            stage=self.stage,
            searches=[self._search_progress(i, s) for i, s in enumerate(plan.searches)] if plan else [],
            usage=self.state.meter.total,
            waiting_for=self.waiting_for or self._spending.waiting_for,
        )

    @property
    def models(self) -> dict[str, str]:
        """Model by role, once the setup chose them."""
        return {role.value: name for role, name in self._models.items()}

    # The steps of the talk: plan, search in parallel, analyse.

    async def _planned(self) -> Plan:
        if self.state.plan is None:
            task = prompts.planner_task(self.spec.query, self.spec.max_searches)
            try:
                plan = await self._ask(self._agents.planner, Role.PLANNER, task)
            except BudgetEndedError:
                raise
            except self._failures as error:
                raise JobFailedError(f"No plan could be made: {reason_of(error)}") from error
            self.state.plan = plan
            self._host.changed()
        if not self.state.approved:
            if self.spec.approval.plan is PlanApproval.REQUIRED:
                self._enter(Stage.AWAITING_APPROVAL, waiting_for="approval of the plan")
                self.state.plan = await self._host.review(self.state.plan)
            self.state.approved = True
        return self.state.plan

    async def _search(self, plan: Plan) -> None:
        self._enter(Stage.SEARCHING)
        free = asyncio.Semaphore(PARALLEL_SEARCHES)
        try:
            async with asyncio.TaskGroup() as group:
                for index, search in enumerate(plan.searches):
                    if index not in self.state.outcomes:
                        group.create_task(self._one_search(index, search, free))
        except* BudgetEndedError as ended:
            raise ended.exceptions[0] from None

    async def _one_search(self, index: int, search: PlannedSearch, free: asyncio.Semaphore) -> None:
        async with free:
            self._running.add(index)
            self._host.changed()
            try:
                outcome = SearchOutcome(evidence=await self._find(index, search))
            except BudgetEndedError as error:
                if self.spec.budget.on_exceeded is not OnExceeded.CONCLUDE:
                    raise
                outcome = _cut(CutReason.BUDGET, search, str(error))
            except self._failures as error:
                # A search that fails never drops its siblings: the report says what is missing.
                outcome = _cut(CutReason.SEARCH_FAILED, search, reason_of(error))
            self._running.discard(index)
            self.state.outcomes[index] = outcome
            self._host.changed()

    async def _find(self, index: int, search: PlannedSearch) -> Evidence:
        # A search that can't report what it found was paid for in vain: it begins when both fit, asking and reporting.
        await self._admit(Role.SEARCHER, kept=sum(self._owed.values()) + REQUESTS_OF_A_SEARCH - 1)
        self._owed[index] = REQUESTS_OF_A_SEARCH
        try:
            task = prompts.searcher_task(self.spec.query, search)
            found = await self._ask(self._agents.searcher, Role.SEARCHER, task, search=index)
        finally:
            del self._owed[index]
        ids = dict.fromkeys(found.passage_ids)
        passages = [self.state.passages[passage_id] for passage_id in ids if passage_id in self.state.passages]
        return Evidence(query=search.query, purpose=search.purpose, summary=found.summary, passages=passages)

    async def _analyse(self, plan: Plan) -> Report:
        self._enter(Stage.ANALYSING)
        evidence = [o.evidence for _, o in sorted(self.state.outcomes.items()) if o.evidence is not None]
        task = prompts.analyst_task(self.spec.query, plan, evidence)
        try:
            draft = await self._ask(self._agents.analyst, Role.ANALYST, task)
        except BudgetEndedError as error:
            if self.spec.budget.on_exceeded is not OnExceeded.CONCLUDE:
                raise
            report = report_without_analysis(self.spec.query, self.state, str(error))
        except self._failures as error:
            raise JobFailedError(f"The analysis failed: {reason_of(error)}") from error
        else:
            report = report_from_draft(self.spec.query, self.state, draft)
        self._enter(Stage.COMPLETE)
        return report

    # What the gate asks.

    @property
    def max_searches(self) -> int:
        """The most searches that the plan may hold."""
        return self.spec.max_searches

    @property
    def passages(self) -> Mapping[str, Passage]:
        """Every passage that any tool returned so far."""
        return self.state.passages

    async def request(
        self, deps: StepDeps, send: WrapModelRequestHandler, context: ModelRequestContext
    ) -> ModelResponse:
        """Admit, send and record one model request."""
        promised = deps.search is not None and self._owed.get(deps.search, 0) > 0
        await self._admit(deps.role, kept=0 if promised else sum(self._owed.values()))
        if deps.search is not None and promised:
            self._owed[deps.search] -= 1
        return await self._spending.send(deps.role.value, send, context)

    async def call(self, deps: StepDeps, tool: str, args: Mapping[str, Any], execute: WrapToolExecuteHandler) -> Any:
        """Execute one tool call, or answer it from an identical one, and register the passages that it returned."""
        await self._host.may_proceed()
        key = (tool, " ".join(str(args.get("query", sorted(args.items()))).casefold().split()))
        if key not in self._calls:
            self._calls[key] = asyncio.ensure_future(execute(dict(args)))
        try:
            # Shielded: who waits for an identical call may be cancelled, the call itself serves the others.
            returned = await asyncio.shield(self._calls[key])
        except self._failures as error:
            self._calls.pop(key, None)
            if deps.role is Role.SEARCHER:
                raise
            return f"The search failed: {reason_of(error)}"  # the others can go on without it
        if tool == SEARCH and isinstance(returned, ToolReturn):
            found = cast("list[dict[str, Any]]", returned.return_value)
            self._register(
                [Passage(**seen, **beside) for seen, beside in zip(found, returned.metadata["passages"], strict=True)]
            )
            return found  # without what was beside it, which every later request would carry along
        return self._as_passage(tool, str(returned))

    def _as_passage(self, tool: str, text: str) -> dict[str, str]:
        # What an MCP server answers can be cited like what a search found: it gets an id and a hash.
        server = next((name for name in self.spec.sources if tool.startswith(f"{name}_")), "tool")
        passage = passage_from_tool(server, tool.removeprefix(f"{server}_"), text)
        self._register([passage])
        return {"id": passage.id, "title": passage.title, "text": passage.text}

    def _register(self, passages: Sequence[Passage]) -> None:
        for passage in passages:
            self.state.passages.setdefault(passage.id, passage)

    async def _admit(self, role: Role, kept: int = 0) -> None:
        await self._spending.admit(kept=kept, searching=role is Role.SEARCHER)

    async def _ask(self, agent: Agent[StepDeps, OutputT], role: Role, task: str, search: int | None = None) -> OutputT:
        deps = StepDeps.of(self, role=role, sources=list(self.spec.sources), search=search)
        return (await agent.run(task, model=self._models[role], deps=deps)).output

    def _enter(self, stage: Stage, waiting_for: str | None = None) -> None:
        self.stage = stage
        self.waiting_for = waiting_for
        self._host.changed()

    def _search_progress(self, index: int, search: PlannedSearch) -> SearchProgress:
        outcome = self.state.outcomes.get(index)
        if outcome is None:
            state = SearchState.RUNNING if index in self._running else SearchState.PLANNED
            return SearchProgress(query=search.query, state=state)
        if outcome.evidence is None:
            return SearchProgress(query=search.query, state=SearchState.CUT)
        return SearchProgress(query=search.query, state=SearchState.DONE, passages=len(outcome.evidence.passages))


def _cut(reason: CutReason, search: PlannedSearch, detail: str) -> SearchOutcome:
    return SearchOutcome(cut=Cut(reason=reason, subject=search.query, detail=detail))
