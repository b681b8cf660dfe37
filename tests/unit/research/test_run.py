import pytest

from outlast.errors import JobFailedError
from outlast.research.models import Confidence, CutReason, Plan
from outlast.research.state import SearchState, Stage

from .actors import BAD, GOOD, Script, draft, plan, run_of


async def test_a_question_becomes_a_cited_report() -> None:
    run = run_of(Script())
    report = await run.report()
    assert (report.answer, report.confidence) == ("large", Confidence.HIGH)
    assert report.claims[0].citations[0].sha256 == report.passages[0].sha256
    assert run.stage is Stage.COMPLETE
    assert run.state.meter.total.requests == 4  # plan, search and findings, draft


async def test_identical_searches_are_made_once() -> None:
    script = Script(plans=[plan("a", "b", "c")], searched_for=lambda _query: "Chad  AREA")
    report = await run_of(script).report()
    assert script.searches == ["Chad  AREA"]
    assert len(report.searches) == 3


async def test_a_search_that_fails_never_drops_its_siblings() -> None:
    script = Script(plans=[plan("a", "b", "c")], broken=("b",))
    run = run_of(script)
    report = await run.report()
    assert [search.query for search in report.searches] == ["a", "c"]
    assert [(cut.reason, cut.subject) for cut in report.cut] == [(CutReason.SEARCH_FAILED, "b")]
    assert "the source is gone" in report.cut[0].detail
    assert [search.state for search in run.progress().searches] == [SearchState.DONE, SearchState.CUT, SearchState.DONE]


async def test_a_bad_citation_is_asked_for_again() -> None:
    script = Script(drafts=[draft(GOOD, BAD), draft(GOOD)])
    report = await run_of(script).report()
    assert "'12 sq km'" in script.retries[0]
    assert (report.cut, report.confidence) == ([], Confidence.HIGH)


async def test_what_still_does_not_hold_is_cut_within_a_bound() -> None:
    script = Script(drafts=[draft(GOOD, BAD)])
    report = await run_of(script).report()
    assert script.requests.count("submit_report") == 3
    assert [claim.text for claim in report.claims] == ["Chad is large."]
    assert {cut.reason for cut in report.cut} == {CutReason.QUOTE_NOT_FOUND, CutReason.UNSUPPORTED}


async def test_an_answer_from_memory_is_no_answer() -> None:
    report = await run_of(Script(drafts=[draft(BAD)])).report()
    assert (report.answer, report.claims, report.confidence) == ("", [], Confidence.NONE)


async def test_a_plan_over_its_bound_is_asked_for_again() -> None:
    script = Script(plans=[plan("a", "b", "c"), plan("a")])
    report = await run_of(script, maxSearches=2).report()
    assert "at most 2 are allowed" in script.retries[0]
    assert len(report.searches) == 1


async def test_a_plan_that_is_never_valid_fails_the_job() -> None:
    with pytest.raises(JobFailedError, match="No plan could be made"):
        await run_of(Script(plans=[plan("a", "b", "c")]), maxSearches=2).report()


async def test_a_person_may_edit_the_plan() -> None:
    async def edit(reviewed: Plan) -> Plan:
        return reviewed.model_copy(update={"searches": reviewed.searches[:1]})

    script = Script(plans=[plan("a", "b")])
    report = await run_of(script, edit, approval={"plan": "Required"}).report()
    assert [search.query for search in report.searches] == ["a"]


async def test_conclude_leaves_a_fifth_of_the_requests_to_the_analysis() -> None:
    script = Script(plans=[plan(*"abcdefgh")])
    report = await run_of(script, budget={"maxRequests": 10}).report()
    assert len(script.requests) <= 10
    assert script.requests[-1] == "submit_report"
    assert report.answer == "large"
    assert CutReason.BUDGET in {cut.reason for cut in report.cut}


async def test_without_budget_for_an_analysis_the_report_lists_what_was_found() -> None:
    script = Script(plans=[plan("a")])
    report = await run_of(script, budget={"maxTokens": 45}).report()
    assert "submit_report" not in script.requests
    assert "It says so." in report.summary
    assert (report.answer, report.confidence) == ("", Confidence.NONE)


async def test_fail_ends_the_job_at_the_first_request_over_budget() -> None:
    script = Script(plans=[plan("a", "b")])
    with pytest.raises(JobFailedError, match=r"budget.maxRequests is 2, used 2"):
        await run_of(script, budget={"maxRequests": 2, "onExceeded": "Fail"}).report()
    assert len(script.requests) == 2


async def test_a_stateless_run_cannot_pause() -> None:
    with pytest.raises(JobFailedError, match="can't be paused"):
        await run_of(Script(), budget={"maxRequests": 1, "onExceeded": "Pause"}).report()


async def test_searches_that_cannot_end_within_the_budget_are_not_begun() -> None:
    script = Script(plans=[plan(*"abcdefgh")])
    report = await run_of(script, budget={"maxRequests": 8}).report()
    assert len(report.searches) == script.requests.count("submit_findings") / 2 == 3
    assert report.answer == "large"
    assert "20% is kept for the analysis" in report.cut[0].detail
