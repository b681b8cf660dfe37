"""Which role answers a request, and what is answered where there is none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, TypeAdapter

from outlast.offline.roles import respond
from outlast.offline.roles.stand_in import instance_of
from outlast.offline.roles.task import read_task
from outlast.offline.turn import Character, Message, ToolCall, Turn
from outlast.research.models import Evidence, Plan, PlannedSearch, ReportDraft, SearchFindings
from outlast.research.prompts import analyst_task, planner_task, searcher_task
from outlast.sources.passage import Passage

OUTPUTS: dict[str, type[BaseModel]] = {
    "submit_plan": Plan,
    "submit_findings": SearchFindings,
    "submit_report": ReportDraft,
}


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_role_is_told_by_its_output_tool(output: str) -> None:
    (call,) = respond(asked("What is it?", {output: {}})).calls
    assert call.name == output
    OUTPUTS[output].model_validate(call.arguments)


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_role_is_told_by_the_fields_of_its_output(output: str) -> None:
    schema = OUTPUTS[output].model_json_schema()
    (call,) = respond(asked("What is it?", {"search": {"properties": {"query": {}}}, "final_result": schema})).calls
    assert call.name in {"final_result", "search"}
    text = respond(Turn(Character.LARGE, (Message("user", "What is it?"),), {}, output_schema=schema)).text
    OUTPUTS[output].model_validate_json(text)


def test_without_a_role_it_says_what_it_is() -> None:
    reply = respond(asked("Hello there", {"weather": {"properties": {"city": {}}}}))
    assert reply.calls == ()
    assert "rule-based stand-in, no language model" in reply.text


class Inner(BaseModel):
    count: int = Field(gt=3)
    share: float = Field(ge=0.5)
    size: int = Field(le=-2)


class Outer(BaseModel):
    name: str = Field(min_length=12)
    inner: Inner
    many: list[Inner] = Field(min_length=2)
    either: int | str
    choice: bool
    kind: Character
    optional: str | None = None


def test_a_schema_is_filled_with_the_least_that_it_allows() -> None:
    text = respond(Turn(Character.LARGE, (Message("user", "?"),), output_schema=Outer.model_json_schema())).text
    assert Outer.model_validate_json(text).many[1].count == 4


@pytest.mark.parametrize("kind", [int, str, bool, list[int], dict[str, int], tuple[int, str], float, None, Any])
def test_schemas_of_plain_types(kind: Any) -> None:
    adapter = TypeAdapter(kind)
    adapter.validate_python(json.loads(json.dumps(instance_of(adapter.json_schema()))))


def test_the_same_request_gets_the_same_reply() -> None:
    turn = asked(planner_task("Compare Chad and Mali by area", 5), {"submit_plan": {}})
    assert respond(turn) == respond(turn)


words = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=120)
passages = st.builds(
    lambda id, title, text: Passage.of(id=id, source="s", title=title, text=text, location="l"),  # noqa: A006
    st.text(alphabet="abc:/", min_size=1, max_size=10),
    words | st.sampled_from(["Chad: Geography: Area", "Chad: Geography: Land boundaries"]),
    words | st.sampled_from(["total: 5 sq km", "total: NA", "border countries: Mali 5 km; Niger 7 km", "total: 0 km"]),
)
questions = words | st.sampled_from(
    [
        "What is the area of Chad?",
        "Which of Chad's neighbours is the largest?",
        "How many of Chad's neighbours have over 5 people?",
    ]
)


@settings(max_examples=150, deadline=None)
@given(questions, st.lists(passages, max_size=4), st.sampled_from(Character), st.integers(0, 5))
def test_any_evidence_gets_a_valid_report(question: str, found: list[Passage], character: Character, seed: int) -> None:
    plan = Plan(summary="s", searches=[PlannedSearch(query="q", purpose="p")], analysis_instructions="i")
    task = analyst_task(question, plan, [Evidence(query="q", purpose="p", summary="s", passages=found)])
    turn = Turn(character, (Message("user", task),), {"submit_report": {}}, seed=seed)
    for call in respond(turn).calls:
        if call.name == "submit_report":
            ReportDraft.model_validate(call.arguments)


@settings(max_examples=150, deadline=None)
@given(questions, st.lists(passages, max_size=4), st.sampled_from(Character))
def test_any_search_result_gets_a_valid_plan_and_findings(
    question: str, found: list[Passage], character: Character
) -> None:
    answer = json.dumps([{"id": p.id, "title": p.title, "text": p.text} for p in found])
    searched = (
        Message("assistant", "", calls=(ToolCall("search", {"query": question}),)),
        Message("tool", answer, answers="search"),
    )
    plan = PlannedSearch(query="Chad area", purpose="p")
    for task, output in (
        (planner_task(question, 3), "submit_plan"),
        (searcher_task(question, plan), "submit_findings"),
    ):
        for call in respond(Turn(character, (Message("user", task), *searched), {output: {}})).calls:
            if call.name == output:
                OUTPUTS[output].model_validate(call.arguments)


@given(words, st.lists(passages, max_size=3))
def test_a_task_is_read_as_it_was_written(question: str, found: list[Passage]) -> None:
    plan = Plan(summary="s", searches=[PlannedSearch(query="q", purpose="p")], analysis_instructions="i")
    read = read_task(
        asked(analyst_task(question, plan, [Evidence(query="q", purpose="p", summary="s", passages=found)]), {})
    )
    assert read.question == question.strip()
    assert [(seen.id, seen.title, seen.text) for seen in read.evidence[0].passages] == [
        (p.id.strip(), p.title.strip(), p.text.strip()) for p in found
    ]


def asked(text: str, tools: dict[str, dict[str, Any]]) -> Turn:
    return Turn(Character.LARGE, (Message("user", text),), tools)
