"""What the agents exchange: plan, evidence, draft, report.

The field descriptions are part of the prompts: a model reads them in the schema of its output tool. Field names are
durable contracts, since recorded histories hold them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from outlast.sources.passage import Passage

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=8_000)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class PlannedSearch(_Model):
    """One search of the plan."""

    query: Line
    """What to look up, in the words that the source would use."""
    purpose: Line
    """What the answer to the question needs from this search."""


class Plan(_Model):
    """How the question will be answered."""

    summary: Text
    """What is asked and how the searches answer it, in one or two sentences."""
    searches: Annotated[list[PlannedSearch], Field(min_length=1, max_length=50)]
    """The searches, each answerable on its own; they run in parallel."""
    analysis_instructions: Text
    """What the analyst should compute, compare or decide from the findings."""


class SearchFindings(_Model):
    """What one searcher found."""

    summary: Text
    """What the passages say on the purpose, or that they say nothing on it."""
    passage_ids: Annotated[list[str], Field(max_length=20)]
    """Ids of the passages that bear on the purpose, most telling first; empty when none does."""


class Citation(_Model):
    """A pointer into one passage."""

    passage_id: str
    """Id of a passage that a search returned."""
    quote: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
    """Words copied from that passage, unchanged, that support the claim."""


class DraftClaim(_Model):
    """One statement and what supports it."""

    text: Text
    """The statement, complete in itself."""
    citations: Annotated[list[Citation], Field(min_length=1, max_length=50)]
    """Where it is supported."""


class Confidence(StrEnum):
    """How far the evidence carries the answer."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NONE = "none"


class Comparison(_Model):
    """A table that sets things side by side."""

    columns: Annotated[list[Line], Field(min_length=2, max_length=10)]
    """Headings, the first one names the thing compared."""
    rows: Annotated[list[list[str]], Field(max_length=100)]
    """One row a thing, a cell for each column."""


class ReportDraft(_Model):
    """The analyst's answer, before its citations are checked."""

    answer: Text
    """The shortest complete answer to the question; empty when the evidence does not answer it."""
    summary: Text
    """Executive summary: the answer and what it rests on, in a few sentences."""
    claims: Annotated[list[DraftClaim], Field(max_length=200)]
    """Every statement of fact that the answer rests on; empty when there is no evidence."""
    comparison: Comparison | None = None
    """Where the question asks to compare, list or rank."""
    trade_offs: Annotated[list[Text], Field(max_length=20)] = []
    """Where the question asks what to choose: what speaks for and against."""
    open_questions: Annotated[list[Text], Field(max_length=20)] = []
    """What the evidence leaves open."""
    confidence: Confidence
    """`none` when the evidence does not answer the question."""


class Evidence(_Model):
    """One search of the plan with what it brought, as the analyst gets it."""

    query: str
    purpose: str
    summary: str
    passages: list[Passage]


class ResolvedCitation(Citation):
    """A citation whose passage exists and holds the quote."""

    title: str
    """Title of the passage."""
    location: str
    """URL of the passage, or its path within the source."""
    sha256: str
    """Of the passage's text."""


class Claim(_Model):
    """A statement whose every citation was checked."""

    text: str
    citations: list[ResolvedCitation]


class CutReason(StrEnum):
    """Why something is not in the report."""

    UNKNOWN_PASSAGE = "UnknownPassage"
    """It cites a passage that no search returned."""
    QUOTE_NOT_FOUND = "QuoteNotFound"
    """The quote is not in the cited passage."""
    UNSUPPORTED = "Unsupported"
    """None of its citations held."""
    SEARCH_FAILED = "SearchFailed"
    """A search of the plan failed for good."""
    BUDGET = "BudgetExhausted"
    """The budget ended before it was done."""


class Cut(_Model):
    """One thing that was left out, and why."""

    reason: CutReason
    subject: str
    """The claim, quote or search that was cut."""
    detail: str
    """What was wrong with it."""


class Report(_Model):
    """The result of a research job."""

    query: str
    answer: str
    summary: str
    claims: list[Claim]
    comparison: Comparison | None = None
    trade_offs: list[str] = []
    open_questions: list[str] = []
    confidence: Confidence
    plan_summary: str
    searches: list[PlannedSearch]
    """The searches that were carried out, in the order of the plan."""
    passages: list[Passage]
    """Every passage that a citation points to, so that the report can be checked without its sources."""
    cut: list[Cut] = []
    """What was left out and why."""
