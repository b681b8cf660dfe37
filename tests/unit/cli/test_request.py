"""From words to a job: what counts as a manifest, a question, an id, and how options are laid over a manifest."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from outlast.cli.request import JOB_ID, differences, read_request
from outlast.errors import ManifestError, UsageError
from outlast.job.spec import ResearchJobSpec

MANIFEST = """\
apiVersion: outlast.dev/v1alpha1
kind: ResearchJob
metadata:
  name: neighbours
spec:
  query: Who are the neighbours?
  maxSearches: 4
  budget: {maxTokens: 1000}
"""


@pytest.fixture
def manifest(tmp_path: Path) -> str:
    path = tmp_path / "job.yaml"
    path.write_text(MANIFEST)
    return str(path)


def test_a_question_gets_an_id_and_the_command_to_go_on() -> None:
    request = read_request("How large is X?", None, {})
    assert request.spec == ResearchJobSpec(query="How large is X?")
    assert re.fullmatch(r"job-[a-z2-9]{6}", request.job_id)
    assert request.again == f"outlast run --id {request.job_id}"


def test_a_manifest_gives_its_name_to_the_id(manifest: str) -> None:
    request = read_request(manifest, None, {})
    assert request.spec
    assert request.spec.max_searches == 4
    assert request.job_id.startswith("neighbours-")
    assert JOB_ID.match(request.job_id)


def test_ids_do_not_repeat() -> None:
    assert len({read_request("a b", None, {}).job_id for _ in range(200)}) == 200


def test_options_are_laid_over_the_manifest(manifest: str) -> None:
    over = {
        "model": "offline:small",
        "models": {"planner": None},
        "sources": ["notes"],
        "maxSearches": None,
        "budget": {"maxCostUSD": 0.5, "maxTokens": None},
        "approval": {"plan": "Required"},
    }
    spec = read_request(manifest, "n1", over).spec
    assert spec
    assert (spec.model, spec.sources, spec.max_searches) == ("offline:small", ["notes"], 4)
    assert (spec.budget.max_cost_usd, spec.budget.max_tokens) == (0.5, 1000)
    assert spec.approval.plan == "Required"


def test_standard_input_holds_a_manifest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(MANIFEST))
    spec = read_request("-", None, {}).spec
    assert spec
    assert spec.query == "Who are the neighbours?"


def test_an_id_alone_goes_on_with_a_job_and_may_replace_its_budget() -> None:
    request = read_request(None, "n1", {"budget": {"maxTokens": 5}})
    recorded = ResearchJobSpec(query="q?", max_searches=3)
    assert request.spec is None
    asked = request.over(recorded)
    assert (asked.query, asked.max_searches, asked.budget.max_tokens) == ("q?", 3, 5)
    assert differences(recorded, asked) == []
    assert differences(recorded, ResearchJobSpec(query="q?", max_searches=9)) == ["maxSearches is 3, not 9"]


@pytest.mark.parametrize(
    ("job", "job_id", "sentence"),
    [
        (None, None, "What to find out is missing"),
        ("", None, "The question is empty"),
        ("  \n ", None, "The question is empty"),
        ("neighbours", None, "'neighbours' is no file here, and one word is no question"),
        ("a question", "no spaces", "--id 'no spaces' can't be an id"),
        ("a question", "-x", "--id '-x' can't be an id"),
        ("a question", "é", "--id 'é' can't be an id"),
        ("a question", "x" * 129, "can't be an id"),
    ],
)
def test_words_that_make_no_job(job: str | None, job_id: str | None, sentence: str) -> None:
    with pytest.raises(UsageError, match=re.escape(sentence)):
        read_request(job, job_id, {})


@pytest.mark.parametrize("job", ["job.yaml", "no/such/job", "./job", "JOB.YML"])
def test_a_path_that_is_not_there_is_no_question(job: str) -> None:
    with pytest.raises(ManifestError, match="can't be read: No such file or directory"):
        read_request(job, None, {})


def test_a_long_question_is_no_path() -> None:
    assert read_request("why " * 2000 + "?", None, {}).spec
    with pytest.raises(ManifestError, match="at most 10000 characters"):
        read_request("why " * 3000 + "?", None, {})


def test_one_word_with_a_question_mark_is_a_question() -> None:
    spec = read_request("Why?", None, {}).spec
    assert spec
    assert spec.query == "Why?"


@pytest.mark.parametrize(
    ("over", "sentence"),
    [
        ({"maxSearches": 0}, "the question with the options given is no valid ResearchJob:\n  spec.maxSearches: "),
        ({"maxSearches": 51}, "spec.maxSearches: Input should be less than or equal to 50; found 51"),
        ({"budget": {"maxCostUSD": -1.0}}, "spec.budget.maxCostUSD: Input should be greater than 0; found -1.0"),
        ({"budget": {"onExceeded": "Stop"}}, "spec.budget.onExceeded: Input should be 'Conclude', 'Pause' or 'Fail'"),
        ({"sources": ["a", "a"]}, "names one twice"),
        ({"sources": ["No Good"]}, "spec.sources.0: String should match pattern"),
        ({"model": "a b"}, "spec.model: String should match pattern"),
    ],
)
def test_options_have_the_limits_of_the_manifest(over: dict[str, object], sentence: str) -> None:
    with pytest.raises(ManifestError) as caught:
        read_request("a question", None, over)
    assert sentence in str(caught.value)
