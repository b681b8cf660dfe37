"""Makes the report from a draft: only what is supported stays, and what was left out is listed with its reason."""

from __future__ import annotations

from collections.abc import Sequence

from outlast.research.citations import Checked, check_claims
from outlast.research.models import Claim, Confidence, Cut, CutReason, Plan, PlannedSearch, Report, ReportDraft
from outlast.research.state import ResearchState, SearchOutcome
from outlast.sources.passage import Passage

NO_EVIDENCE = "The sources that were searched hold no evidence that answers the question."

UNWRITTEN = "The budget ended before the analysis: this report lists what the searches found, without an answer."


def report_from_draft(query: str, state: ResearchState, draft: ReportDraft) -> Report:
    """Check the draft and keep what holds; a draft that nothing supports becomes a report that says so."""
    checked = check_claims(draft.claims, state.passages)
    cut = [*_cut_searches(state), *checked.cut]
    if not checked.claims:
        if draft.answer:
            cut.append(Cut(reason=CutReason.UNSUPPORTED, subject=draft.answer, detail="no claim supports this answer"))
        return _report(query, state, checked, cut=cut, summary=NO_EVIDENCE, open_questions=draft.open_questions)
    return _report(
        query,
        state,
        checked,
        cut=cut,
        summary=draft.summary,
        open_questions=draft.open_questions,
        answer=draft.answer,
        confidence=Confidence.LOW if checked.cut else draft.confidence,
        draft=draft,
    )


def report_without_analysis(query: str, state: ResearchState, reason: str) -> Report:
    """What the searches found, word for word, when no budget is left to analyse it."""
    cut = [*_cut_searches(state), Cut(reason=CutReason.BUDGET, subject="analysis", detail=reason)]
    found = [outcome.evidence.summary for outcome in _in_order(state) if outcome.evidence and outcome.evidence.passages]
    summary = "\n".join([UNWRITTEN, *(f"- {line}" for line in found)]) if found else NO_EVIDENCE
    return _report(query, state, Checked(claims=[], cut=[]), cut=cut, summary=summary, open_questions=[])


def _report(
    query: str,
    state: ResearchState,
    checked: Checked,
    *,
    cut: list[Cut],
    summary: str,
    open_questions: list[str],
    answer: str = "",
    confidence: Confidence = Confidence.NONE,
    draft: ReportDraft | None = None,
) -> Report:
    plan = state.plan or Plan.model_construct(summary="", searches=[], analysis_instructions="")
    return Report(
        query=query,
        answer=answer,
        summary=summary,
        claims=checked.claims,
        comparison=draft.comparison if draft else None,
        trade_offs=draft.trade_offs if draft else [],
        open_questions=open_questions,
        confidence=confidence,
        plan_summary=plan.summary,
        searches=_carried_out(plan.searches, state),
        passages=_cited(checked.claims, state),
        cut=cut,
    )


def _in_order(state: ResearchState) -> list[SearchOutcome]:
    # The order of the plan, not that in which searches happened to end: reports of two runs can be compared.
    return [state.outcomes[index] for index in sorted(state.outcomes)]


def _cut_searches(state: ResearchState) -> list[Cut]:
    return [outcome.cut for outcome in _in_order(state) if outcome.cut is not None]


def _carried_out(searches: Sequence[PlannedSearch], state: ResearchState) -> list[PlannedSearch]:
    return [search for i, search in enumerate(searches) if i in state.outcomes and state.outcomes[i].evidence]


def _cited(claims: Sequence[Claim], state: ResearchState) -> list[Passage]:
    ids = dict.fromkeys(citation.passage_id for claim in claims for citation in claim.citations)
    return [state.passages[passage_id] for passage_id in ids]
