"""Scripted models and sources, so that a test says in a few lines what each agent does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from pydantic_ai.messages import ModelMessage, ModelResponse, ToolCallPart, ToolReturnPart, UserPromptPart
from pydantic_ai.models import Model
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.usage import RequestUsage

from outlast.errors import SourceUnavailableError
from outlast.job.spec import ResearchJobSpec
from outlast.llm.resolve import ModelBook
from outlast.research.agents import build_agents
from outlast.research.models import Plan
from outlast.research.run import ResearchRun
from outlast.research.state import ResearchState, Role
from outlast.research.stateless import StatelessHost
from outlast.sources.passage import Passage
from outlast.sources.registry import SearchResult

AREA = Passage.of(id="f:area", source="factbook", title="Chad: Area", text="total: 1.284 million sq km", location="x")
GOOD = {"text": "Chad is large.", "citations": [{"passage_id": "f:area", "quote": "1.284 million sq km"}]}
BAD = {"text": "Chad is small.", "citations": [{"passage_id": "f:area", "quote": "12 sq km"}]}


def plan(*queries: str) -> dict[str, Any]:
    """A plan with these searches."""
    searches = [{"query": query, "purpose": "to know"} for query in queries]
    return {"summary": "Look it up.", "searches": searches, "analysis_instructions": "Say it."}


def draft(*claims: dict[str, Any], answer: str = "large") -> dict[str, Any]:
    """A draft with these claims."""
    return {"answer": answer, "summary": "Chad is large.", "claims": list(claims), "confidence": "high"}


@dataclass
class Script:
    """What each agent answers, and what was asked of it and of the sources."""

    plans: list[dict[str, Any]] = field(default_factory=lambda: [plan("Chad area")])
    drafts: list[dict[str, Any]] = field(default_factory=lambda: [draft(GOOD)])
    searched_for: Callable[[str], str] = lambda query: query
    """What a searcher types for a query of the plan."""
    broken: tuple[str, ...] = ()
    """Queries at which the source fails for good."""
    requests: list[str] = field(default_factory=list)
    searches: list[str] = field(default_factory=list)
    retries: list[str] = field(default_factory=list)

    def get(self, name: str) -> Model:
        """The one model there is."""
        return FunctionModel(self._answer, model_name=name)

    async def search(self, names: Sequence[str], query: str, *, limit: int) -> SearchResult:
        """The one passage there is."""
        self.searches.append(query)
        if query in self.broken:
            raise SourceUnavailableError("the source is gone")
        return SearchResult([AREA], [])

    def _answer(self, messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        output = info.output_tools[0].name
        self.requests.append(output)
        for part in messages[-1].parts:
            if isinstance(part, ToolReturnPart) and part.tool_name == output:
                self.retries.append(str(part.content))
        turn = sum(isinstance(message, ModelResponse) for message in messages)
        match output:
            case "submit_plan":
                call = ToolCallPart(output, self.plans[min(turn, len(self.plans) - 1)])
            case "submit_findings":
                call = self._find(messages)
            case _:
                call = ToolCallPart(output, self.drafts[min(turn, len(self.drafts) - 1)])
        return ModelResponse(parts=[call], usage=RequestUsage(input_tokens=10, output_tokens=5), model_name="script")

    def _find(self, messages: list[ModelMessage]) -> ToolCallPart:
        returned = [part for m in messages for part in m.parts if isinstance(part, ToolReturnPart)]
        if returned:
            return ToolCallPart("submit_findings", {"summary": "It says so.", "passage_ids": ["f:area"]})
        task = next(str(part.content) for part in messages[0].parts if isinstance(part, UserPromptPart))
        query = task.partition("<query>")[2].partition("</query>")[0]
        return ToolCallPart("search", {"query": self.searched_for(query)})


async def as_it_is(reviewed: Plan) -> Plan:
    """A person who approves of everything."""
    return reviewed


def run_of(script: Script, review: Callable[[Plan], Any] = as_it_is, **spec: Any) -> ResearchRun:
    """A run without Temporal over a script."""
    host = StatelessHost(lambda _spec: dict.fromkeys(Role, "script"), review)
    agents = build_agents(models=cast("ModelBook", script), sources=script)
    return ResearchRun(
        ResearchJobSpec.model_validate({"query": "How large is Chad?", **spec}), agents, host, ResearchState()
    )
