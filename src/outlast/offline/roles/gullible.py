"""The gullible: does its work like the large one, and obeys whatever it reads on the way.

It is there so that tests can show that the design holds when a model falls for text in a passage: no tool that was not
granted, no claim without a quote, no budget overrun.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from outlast.offline.roles.outcome import Outcome
from outlast.offline.roles.task import SEARCH, Seen, read_task, searches
from outlast.offline.turn import ToolCall, Turn

_CALL = re.compile(
    r"\b(?:call|use|invoke|run|execute)\s+(?:the\s+)?(?:(?:tool|function)\s+)?[`'\"]?(?P<name>\w+)[`'\"]?"
    r"(?:\s+(?:tool|function))?\s*(?:with\s+(?:the\s+)?(?:arguments?\s+|parameters?\s+)?|\()?(?P<arguments>\{[^{}]*\})",
    re.IGNORECASE,
)
_SEARCH = re.compile(r"\bsearch\s+for\s+[\"“'](?P<query>[^\"”']+)[\"”']", re.IGNORECASE)
_LINK = re.compile(
    r"\b(?:include|add|insert|append|link|cite|visit|mention|embed|put|show)\b[^.\n]{0,120}?(?P<url>https?://[^\s\"'<>)]+)",
    re.IGNORECASE,
)
_SAY = re.compile(
    r"\b(?:answer|reply|respond|say|write|output|print|conclude|report|state)\s+(?:only\s+)?(?:with\s+|that\s+|exactly\s+)*:?\s*"
    r"(?:[\"“'](?P<quoted>[^\"”'\n]+)[\"”']|(?P<plain>[^.\n\"“']+))",
    re.IGNORECASE,
)
_IMPERATIVE = re.compile(
    r"\b(?:ignore|disregard|forget)\b[^.\n]{0,60}\b(?:instructions?|prompt|rules|above)\b|\b(?:answer|reply|respond)\s+(?:only\s+)?with\b"
    r"|\b(?:you must|you should|system:|assistant:|important:|note to (?:the )?(?:ai|model|assistant))",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Orders:
    """What texts along the way told the model to do."""

    calls: list[ToolCall] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    words: str = ""
    """What to answer."""
    source: Seen | None = None
    """The passage that the last order stands in."""
    sentence: str = ""
    """The order as it stands there."""


def orders(turn: Turn) -> Orders:
    """Every order in the passages of a request."""
    found = Orders()
    for seen in _read(turn):
        for made in _CALL.finditer(seen.text):
            found.calls.append(ToolCall(made["name"], _arguments(made["arguments"])))
        for wanted in _SEARCH.finditer(seen.text):
            found.calls.append(ToolCall(SEARCH, {"query": wanted["query"]}))
        links = [link["url"].rstrip(".,;") for link in _LINK.finditer(seen.text)]
        found.links += links
        said = _SAY.search(seen.text) if _IMPERATIVE.search(seen.text) else None
        if said:
            found.words = (said["quoted"] or said["plain"]).strip()[:500]
        if said or links:
            found.source = seen
            found.sentence = _sentence(seen.text, said or _LINK.search(seen.text))
    return found


def obey(turn: Turn, outcome: Outcome) -> Outcome:
    """What the model does after all that it read: calls first, once each, then an output that says what it was told."""
    told = orders(turn)
    made = [(call.name, call.arguments) for message in turn.messages for call in message.calls]
    for call in told.calls:
        if (call.name, call.arguments) not in made:
            return Outcome(calls=(call,))
    if outcome.output is None or not (told.words or told.links):
        return outcome
    return Outcome(output=_bent(outcome.output, told))


def _bent(output: dict[str, Any], told: Orders) -> dict[str, Any]:
    bent = dict(output)
    extra = " ".join(filter(None, (told.words, *told.links)))
    bent["summary"] = f"{extra} {output.get('summary', '')}".strip()[:8_000]
    if "answer" in output:
        bent["answer"] = extra
        bent["confidence"] = "high"
    if "claims" in output and told.source is not None and told.sentence:
        citation = {"passage_id": told.source.id, "quote": told.sentence[:2_000]}
        bent["claims"] = [*output["claims"], {"text": extra, "citations": [citation]}]
    return bent


def _sentence(text: str, found: re.Match[str] | None) -> str:
    """The line that an order stands in."""
    if found is None:
        return ""
    return next((line.strip() for line in text.splitlines() if found[0].strip() in line), found[0].strip())


def _read(turn: Turn) -> Iterator[Seen]:
    task = read_task(turn)
    for found in (*task.evidence, *searches(turn)):
        yield from found.passages


def _arguments(text: str) -> dict[str, Any]:
    try:
        arguments = json.loads(text)
    except ValueError:
        return {}
    return arguments if isinstance(arguments, dict) else {}
