from outlast.research.models import (
    Citation,
    Confidence,
    Cut,
    CutReason,
    DraftClaim,
    Evidence,
    Plan,
    PlannedSearch,
    ReportDraft,
)
from outlast.research.reporting import NO_EVIDENCE, report_from_draft, report_without_analysis
from outlast.research.state import ResearchState, SearchOutcome
from outlast.sources.passage import Passage

AREA = Passage.of(id="f:area", source="f", title="Area", text="total: 5 sq km", location="x")
OTHER = Passage.of(id="f:other", source="f", title="Other", text="nothing of use", location="y")
PLAN = Plan(
    summary="Two searches.",
    searches=[PlannedSearch(query="area", purpose="size"), PlannedSearch(query="gone", purpose="loss")],
    analysis_instructions="Say it.",
)
FAILED = Cut(reason=CutReason.SEARCH_FAILED, subject="gone", detail="no answer")


def state() -> ResearchState:
    found = Evidence(query="area", purpose="size", summary="It is 5.", passages=[AREA])
    outcomes = {1: SearchOutcome(cut=FAILED), 0: SearchOutcome(evidence=found)}
    return ResearchState(plan=PLAN, outcomes=outcomes, passages={AREA.id: AREA, OTHER.id: OTHER})


def draft(*claims: DraftClaim, answer: str = "5 sq km") -> ReportDraft:
    return ReportDraft(answer=answer, summary="It is 5.", claims=list(claims), confidence=Confidence.HIGH)


GOOD = DraftClaim(text="The area is 5.", citations=[Citation(passage_id="f:area", quote="5 sq km")])
BAD = DraftClaim(text="It is 7.", citations=[Citation(passage_id="f:area", quote="7 sq km")])


def test_a_supported_draft_keeps_its_answer_and_only_the_passages_it_cites() -> None:
    report = report_from_draft("How large?", state(), draft(GOOD))
    assert (report.answer, report.confidence) == ("5 sq km", Confidence.HIGH)
    assert [passage.id for passage in report.passages] == ["f:area"]
    assert [search.query for search in report.searches] == ["area"]


def test_a_search_that_failed_is_listed() -> None:
    assert report_from_draft("How large?", state(), draft(GOOD)).cut == [FAILED]


def test_a_cut_claim_lowers_the_confidence() -> None:
    report = report_from_draft("How large?", state(), draft(GOOD, BAD))
    assert [claim.text for claim in report.claims] == ["The area is 5."]
    assert report.confidence is Confidence.LOW


def test_an_answer_that_nothing_supports_is_cut() -> None:
    report = report_from_draft("How large?", state(), draft(BAD, answer="7 sq km"))
    assert (report.answer, report.summary, report.confidence) == ("", NO_EVIDENCE, Confidence.NONE)
    assert "7 sq km" in [cut.subject for cut in report.cut]


def test_without_budget_the_report_lists_what_was_found() -> None:
    report = report_without_analysis("How large?", state(), "budget.maxRequests is 3, used 3")
    assert "- It is 5." in report.summary
    assert report.answer == ""
    assert CutReason.BUDGET in [cut.reason for cut in report.cut]
