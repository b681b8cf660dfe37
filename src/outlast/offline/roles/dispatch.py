"""Tells which role a request is for and lets it answer. A new role is one file and one line in `ROLES`."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from outlast.offline.roles.analyst import analyse
from outlast.offline.roles.answerer import reply
from outlast.offline.roles.gullible import obey
from outlast.offline.roles.inventor import invent_findings, invent_plan, invent_report
from outlast.offline.roles.outcome import Outcome
from outlast.offline.roles.planner import plan
from outlast.offline.roles.questioner import invent, question
from outlast.offline.roles.searcher import search
from outlast.offline.roles.stand_in import instance_of, introduction
from outlast.offline.turn import Character, Reply, ToolCall, Turn


@dataclass(frozen=True, slots=True)
class Role:
    """What makes a request one of this role, and how it is answered."""

    output: str
    """Name of the tool that its output is submitted with."""
    fields: frozenset[str]
    """Fields that its output has, which tell it where the tool has another name."""
    act: Callable[[Turn], Outcome]
    invent: Callable[[Turn], Outcome] | None = None
    """How the inventor plays it; None where it plays as the others do."""


ROLES = (
    Role("submit_plan", frozenset({"searches", "analysis_instructions"}), plan, invent_plan),
    Role("submit_findings", frozenset({"passage_ids", "summary"}), search, invent_findings),
    Role("submit_report", frozenset({"answer", "claims", "confidence"}), analyse, invent_report),
    Role("submit_answer", frozenset({"answer", "explanation", "evidence"}), question, invent),
    Role("submit_reply", frozenset({"reply"}), reply),
)


def respond(turn: Turn) -> Reply:
    """Answer one request: always, and the same request always the same way."""
    for role in ROLES:
        tool = _output_tool(role, turn)
        if tool or role.fields <= _fields(turn.output_schema):
            return _reply(_act(role, turn), tool)
    if turn.output_schema is not None:
        return Reply(text=json.dumps(instance_of(turn.output_schema), ensure_ascii=False))
    return Reply(text=introduction(turn))


def _act(role: Role, turn: Turn) -> Outcome:
    if turn.character is Character.INVENTOR and role.invent is not None:
        return role.invent(turn)
    outcome = role.act(turn)
    return obey(turn, outcome) if turn.character is Character.GULLIBLE else outcome


def _output_tool(role: Role, turn: Turn) -> str:
    if role.output in turn.tools:
        return role.output
    return next((name for name, schema in turn.tools.items() if role.fields <= _fields(schema)), "")


def _fields(schema: dict[str, Any] | None) -> frozenset[str]:
    properties = (schema or {}).get("properties")
    return frozenset(properties) if isinstance(properties, dict) else frozenset()


def _reply(outcome: Outcome, tool: str) -> Reply:
    if outcome.calls:
        return Reply(calls=outcome.calls)
    output = outcome.output or {}
    if tool:
        return Reply(calls=(ToolCall(tool, output),))
    return Reply(text=json.dumps(output, ensure_ascii=False))
