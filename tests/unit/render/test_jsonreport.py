"""JSON for machines that a terminal survives as well."""

from __future__ import annotations

import json

from outlast.render.jsonreport import dump, report_json

from .samples import HOSTILE, good, hostile


def test_it_reads_back_as_it_was() -> None:
    data = json.loads(report_json(hostile()))
    assert data["report"]["query"] == HOSTILE
    assert data["job"] == "job-1"


def test_it_names_a_stand_in_and_the_cost() -> None:
    data = json.loads(report_json(good()))
    assert "no language model" in data["notice"]
    assert data["usage"]["analyst"]["cost_usd"] == "1.5"
    assert data["models"] == {"planner": "offline:large", "analyst": "openai:gpt-5"}


def test_controls_are_escaped() -> None:
    assert dump("\x1b\x9b\u202e\u2028é") == '"\\u001b\\u009b\\u202e\\u2028é"'
