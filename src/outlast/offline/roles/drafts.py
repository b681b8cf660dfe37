"""Drafts of reports: what claims look like, what is said where the evidence does not answer, answers from prose."""

from __future__ import annotations

import re
from collections.abc import Sequence

from outlast.offline.roles.boundaries import Borders
from outlast.offline.roles.facts import Fact
from outlast.offline.roles.prose import quotes, subject
from outlast.offline.roles.task import Seen
from outlast.research.models import Citation, Confidence, DraftClaim, ReportDraft

_COMPARES = re.compile(
    r"\b(?:compare|trade-?offs?|pros|cons|versus|vs|or|choose|better|prefer|differ\w*)\b", re.IGNORECASE
)
"""Questions whose answer is to set things side by side."""


def claim_of(fact: Fact, field: str) -> DraftClaim:
    """One figure with the line that it stands in."""
    return DraftClaim(
        text=f"{field[:1].upper()}{field[1:]} of {fact.place}: {fact.text}",
        citations=[Citation(passage_id=fact.passage_id, quote=fact.quote)],
    )


def borders_claim(found: Borders) -> DraftClaim:
    """Which places a place borders."""
    told = ", ".join(found.names) if found.names else "no other place"
    return DraftClaim(
        text=f"{found.place} borders {told}.",
        citations=[Citation(passage_id=found.passage_id, quote=found.line[:1_500])],
    )


def abstention(question: str, why: str) -> ReportDraft:
    """A report that says that the evidence does not answer the question."""
    asked = f" It does not answer: {question}" if question else ""
    return ReportDraft(
        answer="",
        summary=f"The evidence does not answer the question. {why}",
        claims=[],
        open_questions=[f"{why}{asked}"[:2_000]],
        confidence=Confidence.NONE,
    )


def prose_draft(question: str, seen: Sequence[Seen], *, whole: bool = False) -> ReportDraft:
    """The sentences that bear on the question, quoted; an abstention where none does."""
    best = quotes(question, seen, whole=whole)
    if not best:
        return abstention(question, "No passage holds enough of what is asked.")
    claims = [
        DraftClaim(
            text=f"{subject(quoted.passage)}: {quoted.sentence}",
            citations=[Citation(passage_id=quoted.passage.id, quote=quoted.sentence)],
        )
        for quoted in best
    ]
    several = _COMPARES.search(question) is not None and len(best) > 1
    said = [claim.text for claim in claims]
    return ReportDraft(
        answer=" ".join(said[:2]) if several else best[0].sentence,
        summary=" ".join(said[:3])[:4_000],
        claims=claims,
        trade_offs=said if several else [],
        open_questions=[],
        confidence=Confidence.MEDIUM if best[0].sure else Confidence.LOW,
    )
