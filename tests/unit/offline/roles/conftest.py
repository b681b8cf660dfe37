"""Plays a whole research in one process: planner, searchers and analyst, with searches served from memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from outlast.evals import Corpus, embedded_corpus
from outlast.offline.roles import respond
from outlast.offline.turn import Character, Message, Turn
from outlast.research.citations import check_claims
from outlast.research.models import Evidence, Plan, Report, ReportDraft, SearchFindings
from outlast.research.prompts import analyst_task, planner_task, searcher_task
from outlast.research.reporting import report_from_draft
from outlast.research.state import ResearchState, SearchOutcome
from outlast.sources.factbook import passages_of
from outlast.sources.passage import Passage
from outlast.sources.places import aliases_of, place_name
from outlast.sources.words import STOP, words_of

Search = Callable[[str], list[Passage]]


class MemoryIndex:
    """The Factbook by place: a query finds the passages of the places it names that share its other words."""

    def __init__(self, corpus: Corpus) -> None:
        self._data = {code: (region, data) for region, places in corpus.items() for code, data in places.items()}
        self._names = {
            tuple(words_of(alias)): code
            for code, (_, data) in self._data.items()
            for alias in aliases_of(code, place_name(code, data))
        }
        self._passages: dict[str, list[Passage]] = {}

    def __call__(self, query: str) -> list[Passage]:
        words = words_of(query)
        found: list[tuple[float, int, Passage]] = []
        for code, rest in self._places(words):
            for position, passage in enumerate(self._of(code)):
                title = set(words_of(passage.title.split(": ", 2)[-1]))
                shared = len(rest & title) / len(title) + len(rest & set(words_of(passage.text))) / 100
                if shared >= 0.5:
                    found.append((shared, -position, passage))
        return [passage for _, _, passage in sorted(found, key=lambda item: item[:2], reverse=True)[:8]]

    def _places(self, words: list[str]) -> Iterable[tuple[str, set[str]]]:
        for length in range(min(6, len(words)), 0, -1):
            for start in range(len(words) - length + 1):
                code = self._names.get(tuple(words[start : start + length]))
                if code is not None:
                    yield code, {*words[:start], *words[start + length :]} - STOP
                    return

    def _of(self, code: str) -> list[Passage]:
        if code not in self._passages:
            region, data = self._data[code]
            self._passages[code] = list(passages_of(code, region, data))
        return self._passages[code]


@dataclass
class Research:
    """One research and all that was said in it."""

    search: Search
    character: Character = Character.LARGE
    seed: int = 0
    max_searches: int = 16
    outputs: list[dict[str, Any]] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    other_calls: list[str] = field(default_factory=list)
    state: ResearchState = field(default_factory=ResearchState)

    def run(self, question: str) -> Report:
        plan = Plan.model_validate(self.ask(planner_task(question, self.max_searches), "submit_plan"))
        self.state.plan = plan
        evidence = []
        for index, search in enumerate(plan.searches):
            found = SearchFindings.model_validate(self.ask(searcher_task(question, search), "submit_findings"))
            passages = [self.state.passages[i] for i in found.passage_ids if i in self.state.passages]
            evidence.append(
                Evidence(query=search.query, purpose=search.purpose, summary=found.summary, passages=passages)
            )
            self.state.outcomes[index] = SearchOutcome(evidence=evidence[-1])
        draft = ReportDraft.model_validate(self.ask(analyst_task(question, plan, evidence), "submit_report"))
        return report_from_draft(question, self.state, draft)

    def ask(self, task: str, output: str) -> dict[str, Any]:
        """One agent run: tools are answered, a draft with a wrong citation is sent back twice."""
        messages = [Message("system", "..."), Message("user", task)]
        sent_back = 0
        for _ in range(10):
            reply = respond(Turn(self.character, tuple(messages), {"search": {}, output: {}}, seed=self.seed))
            (call,) = reply.calls
            messages.append(Message("assistant", "", calls=(call,)))
            if call.name == output:
                refusal = self._refusal(output, call.arguments) if sent_back < 2 else ""
                if not refusal:
                    self.outputs.append(call.arguments)
                    return call.arguments
                sent_back += 1
                messages.append(Message("tool", refusal, answers=output))
            elif call.name == "search":
                messages.append(Message("tool", self._answer(call.arguments["query"]), answers="search"))
            else:
                self.other_calls.append(call.name)
                messages.append(Message("tool", f"Unknown tool name: {call.name!r}.", answers=call.name))
        raise AssertionError(f"No {output} after ten requests")

    def _answer(self, query: str) -> str:
        self.queries.append(query)
        found = self.search(query)
        self.state.passages.update({passage.id: passage for passage in found})
        return json.dumps([{"id": p.id, "title": p.title, "text": p.text} for p in found])

    def _refusal(self, output: str, arguments: dict[str, Any]) -> str:
        if output != "submit_report":
            return ""
        faults = check_claims(ReportDraft.model_validate(arguments).claims, self.state.passages).cut
        return "\n".join(f"- {fault.subject!r}: {fault.detail}" for fault in faults)


@pytest.fixture(scope="session")
def factbook() -> MemoryIndex:
    return MemoryIndex(embedded_corpus())
