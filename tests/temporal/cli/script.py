"""A model that a test can read at a glance: it plans as many searches as the question says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.sax.saxutils import unescape

from outlast.offline import roles as rules
from outlast.offline.turn import Reply, ToolCall, Turn
from outlast.sources.folder import build_corpus

SOURCE = "notes"
"""Name of the corpus that `make_corpus` builds."""

PLACES = 12


def make_corpus(folder: Path, state: Path) -> None:
    """A corpus with a document for each place."""
    folder.mkdir()
    for number in range(PLACES):
        text = f"# Place {number}\n\nThe area of place {number} is {number + 1} sq km.\n"
        (folder / f"place-{number}.md").write_text(text)
    build_corpus(folder, SOURCE, state)


def respond(turn: Turn) -> Reply:
    """Play the role that the output tool gives away."""
    if {"submit_answer", "submit_reply"} & turn.tools.keys():
        return rules.respond(turn)
    task = next(message.text for message in turn.messages if message.role == "user")
    if "submit_plan" in turn.tools:
        return _plan(unescape(_tag(task, "question")))
    if "submit_findings" in turn.tools:
        return _findings(turn, unescape(_tag(task, "query")))
    return _report(task)


def _plan(question: str) -> Reply:
    found = re.search(r"\b(\d+) places", question)
    searches = [
        {"query": f"place {n} area", "purpose": f"area of place {n}"} for n in range(int(found[1]) if found else 3)
    ]
    plan = {"summary": "One search a place.", "searches": searches, "analysis_instructions": "List them."}
    return Reply(calls=(ToolCall("submit_plan", plan),))


def _findings(turn: Turn, query: str) -> Reply:
    answers = [message.text for message in turn.messages if message.role == "tool"]
    if not answers:
        return Reply(calls=(ToolCall("search", {"query": query}),))
    wanted = query.removesuffix(" area").title()
    ids = [found["id"] for found in json.loads(answers[0]) if wanted in found["title"] + found["text"].title()]
    return Reply(calls=(ToolCall("submit_findings", {"summary": f"{query}: known.", "passage_ids": ids[:1]}),))


def _report(task: str) -> Reply:
    found = re.findall(r"<id>(.*?)</id>.*?(The area of place \d+ is \d+ sq km)", task, re.DOTALL)
    claims = [
        {"text": f"{quote}.", "citations": [{"passage_id": unescape(id_), "quote": quote}]}
        for id_, quote in dict(found).items()
    ]
    report = {"answer": f"{len(claims)} areas.", "summary": "As listed.", "claims": claims, "confidence": "high"}
    return Reply(calls=(ToolCall("submit_report", report),))


def _tag(text: str, name: str) -> str:
    found = re.search(rf"<{name}>(.*?)</{name}>", text, re.DOTALL)
    return found[1].strip() if found else ""
