"""Reads a request: the task between its tags, what tools answered, what was sent back for another try.

Everything here is data from outside. Reading never fails: a request that holds no task is a task with a question only.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from outlast.offline.turn import Message, Turn

SEARCH = "search"
"""The tool that looks things up, as the agents name it."""

_TOKEN = re.compile(r"<(?P<close>/?)(?P<tag>[A-Za-z_][\w-]*)\s*(?P<empty>/?)>|(?P<text>[^<]+|<)")


@dataclass(slots=True)
class Node:
    """One element of a task."""

    tag: str
    text: str = ""
    children: list[Node] = field(default_factory=list)

    def find(self, tag: str) -> Node | None:
        """The first child of that name."""
        return next((child for child in self.children if child.tag == tag), None)

    def value(self, tag: str) -> str:
        """The text of the first child of that name, empty when there is none."""
        child = self.find(tag)
        return html.unescape(child.text).strip() if child else ""


@dataclass(frozen=True, slots=True)
class Seen:
    """A passage as a model sees it."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """One search with what it brought."""

    query: str
    passages: tuple[Seen, ...]
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """What one request asks of a role."""

    question: str
    query: str = ""
    purpose: str = ""
    max_searches: int = 50
    plan: str = ""
    instructions: str = ""
    evidence: tuple[Found, ...] = ()


def read_task(turn: Turn) -> Task:
    """The task in the first message of a user."""
    text = next((message.text for message in turn.messages if message.role == "user"), "")
    tree = parse(text)
    task = tree.find("task")
    if task is None:
        return Task(question=text.strip())
    evidence = tree.find("evidence")
    limit = task.value("max_searches")
    return Task(
        question=task.value("question"),
        query=task.value("query"),
        purpose=task.value("purpose"),
        max_searches=max(1, int(limit)) if limit.isdecimal() else 50,
        plan=task.value("plan"),
        instructions=task.value("instructions"),
        evidence=tuple(_found(item) for item in evidence.children) if evidence else (),
    )


def parse(text: str) -> Node:
    """Read tags into a tree. Data is escaped, so a tag can only come from the layout; stray ones are text."""
    root = Node("")
    path = [root]
    for token in _TOKEN.finditer(text):
        tag = token["tag"]
        if tag is None:
            path[-1].text += token["text"]
        elif token["empty"]:
            path[-1].children.append(Node(tag))
        elif not token["close"]:
            path[-1].children.append(Node(tag))
            path.append(path[-1].children[-1])
        elif tag in {node.tag for node in path[1:]}:
            while path.pop().tag != tag:
                pass
    return root


def searches(turn: Turn) -> tuple[Found, ...]:
    """The searches of this conversation that were answered, in order."""
    queries = (str(call.arguments.get("query", "")) for call in calls(turn, SEARCH))
    answers = (passages(message.text) for message in turn.messages if message.answers == SEARCH)
    return tuple(Found(query=query, passages=found) for query, found in zip(queries, answers, strict=False))


def calls(turn: Turn, name: str) -> Iterator[Any]:
    """The calls of a tool that the model made so far."""
    return (call for message in turn.messages for call in message.calls if call.name == name)


def passages(text: str) -> tuple[Seen, ...]:
    """The passages in a tool's answer; none when it is not a list of passages."""
    try:
        rows = json.loads(text)
    except ValueError:
        return ()
    if not isinstance(rows, list):
        return ()
    return tuple(
        Seen(id=str(row["id"]), title=str(row["title"]), text=str(row["text"]))
        for row in rows
        if isinstance(row, dict) and {"id", "title", "text"} <= row.keys()
    )


def sent_back(turn: Turn) -> tuple[Message, ...]:
    """The messages that refused an answer: those that answer no search and follow the task."""
    later = [message for message in turn.messages if message.role in {"user", "tool"}][1:]
    return tuple(message for message in later if message.answers != SEARCH)


def _found(item: Node) -> Found:
    listed = item.find("passages")
    seen = tuple(
        Seen(id=row.value("id"), title=row.value("title"), text=row.value("text"))
        for row in (listed.children if listed else ())
    )
    return Found(query=item.value("query"), purpose=item.value("purpose"), passages=seen)
