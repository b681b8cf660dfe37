"""A model and a source that a test can read at a glance: plan, searches and report follow from a few words.

The question says what happens: `searches=5 size=20000` plans five searches whose passages have 20,000 characters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.sax.saxutils import unescape

from outlast.errors import SourceError
from outlast.offline import roles as rules
from outlast.offline.turn import Reply, ToolCall, Turn
from outlast.settings import Settings
from outlast.sources.passage import Passage
from outlast.sources.registry import SearchResult, Sources


def respond(turn: Turn) -> Reply:
    """Play the role that the output tool gives away."""
    if "submit_plan" in turn.tools:
        return _plan(_task(turn))
    if "submit_findings" in turn.tools:
        return _findings(turn)
    if "submit_report" in turn.tools:
        return _report(_task(turn))
    if {"submit_answer", "submit_reply"} & turn.tools.keys():
        return rules.respond(turn)  # games need no script: their rules read at a glance
    return Reply("hello")


def number(text: str, name: str, default: int) -> int:
    """The number behind `name=` in a question."""
    found = re.search(rf"\b{name}=(\d+)", text)
    return int(found[1]) if found else default


class ScriptedSources(Sources):
    """Finds one passage for each query; a query with the word `nothing` can't be searched."""

    def __init__(self) -> None:
        super().__init__(Settings())
        self.asked: list[str] = []
        """Every query that reached it."""
        self.private = ""
        """Stands in every passage."""

    def check(self, names: Sequence[str]) -> None:
        """Every name will do."""

    async def search(self, names: Sequence[str], query: str, *, limit: int) -> SearchResult:
        """Answer at once."""
        self.asked.append(query)
        if "nothing" in query:
            raise SourceError(f"The source has no index for {query!r}. {self.private}")
        return SearchResult([passage(query, self.private)], [])


def passage(query: str, private: str = "") -> Passage:
    """What is found for a query."""
    text = f"The area of {query} is 5 sq km. {private}" + "." * number(query, "size", 0)
    return Passage.of(id=f"factbook:{query}", source="factbook", title=f"{query}: Area", text=text, location=query)


def _plan(task: str) -> Reply:
    question = unescape(_tag(task, "question"))
    words = " ".join(re.findall(r"\b(?:size|seed)=\S+", question))
    searches = [f"place {n} {words}".strip() for n in range(number(question, "searches", 3))]
    if "nothing" in question:
        searches[0] = f"nothing {words}".strip()
    plan = [{"query": query, "purpose": f"the area of {query}"} for query in searches]
    return Reply(
        calls=(
            ToolCall(
                "submit_plan",
                {"summary": f"To say: {question}", "searches": plan, "analysis_instructions": "List them."},
            ),
        )
    )


def _findings(turn: Turn) -> Reply:
    query = unescape(_tag(_task(turn), "query"))
    if not any(message.role == "tool" for message in turn.messages):
        return Reply(calls=(ToolCall("search", {"query": query}),))
    found = {"summary": f"The area of {query} is known.", "passage_ids": [f"factbook:{query}"]}
    return Reply(calls=(ToolCall("submit_findings", found),))


def _report(task: str) -> Reply:
    ids = [unescape(text) for text in re.findall(r"<id>(.*?)</id>", task)]
    claims = [
        {
            "text": f"{passage_id} has 5 sq km.",
            "citations": [
                {"passage_id": passage_id, "quote": f"The area of {passage_id.removeprefix('factbook:')} is 5"}
            ],
        }
        for passage_id in ids
    ]
    report = {"answer": "5 sq km each.", "summary": f"{len(ids)} areas.", "claims": claims, "confidence": "high"}
    return Reply(calls=(ToolCall("submit_report", report),))


def _task(turn: Turn) -> str:
    return next(message.text for message in turn.messages if message.role == "user")


def _tag(text: str, name: str) -> str:
    found = re.search(rf"<{name}>(.*?)</{name}>", text, re.DOTALL)
    return found[1].strip() if found else ""
