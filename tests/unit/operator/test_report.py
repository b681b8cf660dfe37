"""The ConfigMap of a report: owned, bounded, the same to the byte when written again."""

from __future__ import annotations

import json

import pytest

from outlast.chaos.digest import report_sha256
from outlast.control.report import MAX_BYTES, compare, config_map, render
from outlast.job.observed import ReportState
from outlast.research.models import Confidence, Report
from outlast.research.state import ResearchResult
from tests.unit.job.builders import job


def result(summary: str = "A summary.", answer: str = "An answer.") -> ResearchResult:
    report = Report(
        query="Why?",
        answer=answer,
        summary=summary,
        claims=[],
        confidence=Confidence.LOW,
        plan_summary="",
        searches=[],
        passages=[],
    )
    return ResearchResult(report=report, usage={})


def test_a_report_is_owned_by_its_job() -> None:
    written = config_map(job(), render("ns/job/uid-1", result()))
    assert written["metadata"]["name"] == "job-report"
    assert [owner["uid"] for owner in written["metadata"]["ownerReferences"]] == ["uid-1"]
    assert json.loads(written["data"]["report.json"])["report"]["answer"] == "An answer."


def test_the_same_result_is_rendered_the_same() -> None:
    assert render("a", result()) == render("a", result())
    assert render("a", result()).sha256 == render("b", result()).sha256 == report_sha256(result().report)


@pytest.mark.parametrize("text", ["x" * MAX_BYTES, "🐘" * (MAX_BYTES // 4), "\x00\u2028" * (MAX_BYTES // 4)])
def test_a_report_too_large_is_shortened_and_says_so(text: str) -> None:
    rendered = render("a", result(summary=text))
    assert rendered.brief is not None
    assert rendered.sha256 == report_sha256(result(summary=text).report)
    assert sum(len(part.encode()) for part in rendered.data.values()) <= MAX_BYTES
    assert rendered.sha256 in rendered.data["report.md"]


def test_a_summary_is_one_line_without_control_characters() -> None:
    rendered = render("a", result(answer="An\x1b[31m answer\n\non\u202e lines"))
    assert rendered.summary.isprintable()
    assert "\n" not in rendered.summary


@pytest.mark.parametrize(
    ("owner", "data", "state"),
    [
        pytest.param("uid-1", None, ReportState.OURS, id="ours"),
        pytest.param("uid-1", {"report.md": "older"}, ReportState.STALE, id="ours, and older"),
        pytest.param("uid-0", None, ReportState.FOREIGN, id="of an earlier job of this name"),
        pytest.param(None, None, ReportState.FOREIGN, id="nobody's"),
    ],
)
def test_what_stands_under_the_name(owner: str | None, data: dict[str, str] | None, state: ReportState) -> None:
    rendered = render("a", result())
    references = [{"uid": owner}] if owner else []
    found = {"metadata": {"ownerReferences": references}, "data": data or rendered.data}
    assert compare(found, job(), rendered).state is state


def test_nothing_stands_under_the_name() -> None:
    assert compare(None, job(), render("a", result())).state is ReportState.NOTHING
