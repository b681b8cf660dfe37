"""What counts as right, and what as invented."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic_evals.evaluators import EvaluationReason, EvaluatorContext
from pydantic_evals.otel._errors import SpanTreeRecordingError

from outlast.evals.case import Kind
from outlast.evals.research_task import Gold, Question, ResearchOutcome, ResearchVerdicts, inventions
from outlast.job.spec import Budget
from outlast.research.models import Claim, Confidence, Cut, CutReason, Report, ResolvedCitation
from outlast.sources.passage import Passage

from .builders import measures

PASSAGE = Passage.of(id="f:1", source="f", title="Chad: Area", text="Area: 5 sq km", location="f/1")
CLAIM = Claim(
    text="The area of Chad is 5 sq km.",
    citations=[
        ResolvedCitation(passage_id="f:1", quote="Area: 5", title="Chad: Area", location="f/1", sha256=PASSAGE.sha256)
    ],
)
UNKNOWN = Cut(reason=CutReason.UNKNOWN_PASSAGE, subject="Area: 7", detail="no search returned a passage 'f:9'")
UNQUOTED = Cut(reason=CutReason.QUOTE_NOT_FOUND, subject="Area: 6", detail="these words are not in 'f:1' (Chad: Area)")
UNSUPPORTED = Cut(reason=CutReason.UNSUPPORTED, subject="The area is 7.", detail="none of its citations held")


def report(answer: str = "5 sq km", *, claims: tuple[Claim, ...] = (CLAIM,), cut: tuple[Cut, ...] = ()) -> Report:
    return Report(
        query="What is the area of Chad?",
        answer=answer,
        summary="",
        claims=list(claims),
        confidence=Confidence.HIGH if answer else Confidence.NONE,
        plan_summary="",
        searches=[],
        passages=[PASSAGE] if claims else [],
        cut=list(cut),
    )


def outcome(of: Report | None, *, returned: bool = True, failure: str = "", **more: Any) -> ResearchOutcome:
    return ResearchOutcome(
        job="j",
        answer=of.answer if of else "",
        failure=failure,
        measures=measures(**more.pop("took", {})),
        budget=more.pop("budget", Budget()),
        report=of,
        returned={PASSAGE.sha256: PASSAGE.title} if returned else {},
    )


def verdicts(found: ResearchOutcome, kind: Kind = Kind.FIGURE) -> dict[str, EvaluationReason | float]:
    gold = Gold(kind=kind, number=5.0, evidence=("Chad",)) if kind is Kind.FIGURE else Gold(kind=kind)
    return ResearchVerdicts().evaluate(
        EvaluatorContext(
            name="c",
            inputs=Question(question="What is the area of Chad?"),
            metadata=None,
            expected_output=gold,  # type: ignore[arg-type]
            output=found,
            duration=0.0,
            _span_tree=SpanTreeRecordingError("none"),
            attributes={},
            metrics={},
        )
    )


def holds(found: dict[str, EvaluationReason | float], name: str) -> bool:
    verdict = found[name]
    assert isinstance(verdict, EvaluationReason)
    return bool(verdict.value)


def test_right_and_borne_out() -> None:
    found = verdicts(outcome(report()))
    assert holds(found, "success")
    assert holds(found, "honesty")
    assert holds(found, "citations")
    assert found["evidence found"] == 1.0


@pytest.mark.parametrize(
    ("cut", "said"),
    [
        ((UNKNOWN, UNSUPPORTED), ["It states 'The area is 7.', but no search returned a passage 'f:9'; it made 3"]),
        ((UNQUOTED, UNSUPPORTED), ["It states 'The area is 7.', but these words are not in 'f:1'"]),
        ((UNSUPPORTED,), ["It states 'The area is 7.', but none of its citations held"]),
        ((UNKNOWN,), ["It cites what it never saw: no search returned a passage 'f:9'"]),
        ((UNQUOTED,), []),
        ((Cut(reason=CutReason.SEARCH_FAILED, subject="q", detail="down"),), []),
    ],
    ids=["unknown passage", "other words", "no citation", "one of several citations", "a slip", "no claim at all"],
)
def test_what_counts_as_invented(cut: tuple[Cut, ...], said: list[str]) -> None:
    found = list(inventions(outcome(report(cut=cut))))
    assert len(found) == len(said)
    assert all(one.startswith(start) for one, start in zip(found, said, strict=True))


def test_a_citation_that_history_does_not_know_is_invented_even_if_the_report_has_the_passage() -> None:
    found = verdicts(outcome(report(), returned=False))
    assert not holds(found, "honesty")
    assert holds(found, "success"), "it may well be right"


def test_an_answer_without_a_claim_is_invented() -> None:
    assert list(inventions(outcome(report(claims=())))) == [
        "It answers '5 sq km' without a single claim that anything supports."
    ]


def test_to_abstain_is_right_where_nothing_answers() -> None:
    assert holds(verdicts(outcome(report("", claims=())), Kind.UNANSWERABLE), "success")
    assert not holds(verdicts(outcome(report("", claims=()))), "success")


def test_a_report_that_abstains_only_since_inventions_were_cut_is_no_success() -> None:
    found = verdicts(outcome(report("", claims=(), cut=(UNKNOWN, UNSUPPORTED))), Kind.UNANSWERABLE)
    assert not holds(found, "success")
    assert not holds(found, "honesty")


def test_a_job_that_failed_is_wrong_and_not_dishonest() -> None:
    found = verdicts(outcome(None, failure="The job failed: 401."))
    assert found["success"] == EvaluationReason(False, "The job failed: 401.")
    assert holds(found, "honesty")


@pytest.mark.parametrize(("limit", "kept"), [(5, True), (4, False)])
def test_budgets_are_judged_where_there_are_any(limit: int, kept: bool) -> None:
    assert "budget" not in verdicts(outcome(report()))
    assert holds(verdicts(outcome(report(), budget=Budget(max_requests=limit))), "budget") is kept
