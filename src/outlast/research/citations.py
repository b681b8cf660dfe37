"""Checks a draft's citations against the passages that tools returned, without any model.

The check is the line between a finding and an invention, so it is strict: a quote must stand in the passage it names,
word for word; only white space is folded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from outlast.research.models import Citation, Claim, Cut, CutReason, DraftClaim, ResolvedCitation
from outlast.sources.passage import Passage

_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Checked:
    """Claims that held, and what did not."""

    claims: list[Claim]
    cut: list[Cut]


def check_claims(claims: Sequence[DraftClaim], passages: Mapping[str, Passage]) -> Checked:
    """Keep each claim with the citations that hold; cut citations that don't, and claims left with none."""
    kept: list[Claim] = []
    cut: list[Cut] = []
    for claim in claims:
        citations: list[ResolvedCitation] = []
        for citation in claim.citations:
            fault = _fault(citation, passages)
            if fault is None:
                citations.append(_resolve(citation, passages[citation.passage_id]))
            else:
                cut.append(fault)
        if citations:
            kept.append(Claim(text=claim.text, citations=citations))
        else:
            cut.append(Cut(reason=CutReason.UNSUPPORTED, subject=claim.text, detail="none of its citations held"))
    return Checked(claims=kept, cut=cut)


def _fault(citation: Citation, passages: Mapping[str, Passage]) -> Cut | None:
    passage = passages.get(citation.passage_id)
    if passage is None:
        return Cut(
            reason=CutReason.UNKNOWN_PASSAGE,
            subject=citation.quote,
            detail=f"no search returned a passage {citation.passage_id!r}",
        )
    if _folded(citation.quote) not in _folded(passage.text):
        return Cut(
            reason=CutReason.QUOTE_NOT_FOUND,
            subject=citation.quote,
            detail=f"these words are not in {citation.passage_id!r} ({passage.title})",
        )
    return None


def _resolve(citation: Citation, passage: Passage) -> ResolvedCitation:
    return ResolvedCitation(
        passage_id=citation.passage_id,
        quote=citation.quote,
        title=passage.title,
        location=passage.location,
        sha256=passage.sha256,
    )


def _folded(text: str) -> str:
    return _SPACE.sub(" ", text).strip()
