"""Judges a report against a gold case: is the answer right, do the citations hold, did it abstain where it must.

Pure: it reads the report alone. It takes an answer in many wordings, so that a language model is judged by what it says
and not by how the rules of the offline models happen to put it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pydantic import BaseModel, ConfigDict

from outlast.evals.case import Expected, GoldCase, Kind
from outlast.evals.reading import close, first_mentions, integers, numbers, tells_text
from outlast.research.models import Confidence, Report
from outlast.sources.passage import digest


class Score(BaseModel):
    """How a report did."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    right: bool
    """Whether the answer is the expected one; for an unanswerable question, whether it abstained."""
    citations_valid: bool
    """Whether every quote stands in its passage and every hash is right; an answer without a claim is not valid."""
    abstained: bool
    """Whether it says that the evidence does not answer the question."""
    reason: str
    """What decided, in one sentence."""


def score(report: Report, case: GoldCase) -> Score:
    """Judge one report."""
    abstained = report.confidence is Confidence.NONE or not report.answer.strip()
    fault = citation_fault(report)
    if case.unanswerable:
        right = abstained and not report.claims
        reason = "It abstained, as it must." if right else f"It answers {report.answer!r} to what nothing answers."
    elif abstained:
        right, reason = False, "It abstained from a question that the data answer."
    else:
        reason = _JUDGES[case.kind](report, case.expected)
        right = not reason
        reason = reason or "The answer is the expected one."
    if fault is None and not abstained and not report.claims:
        fault = "no claim supports the answer"
    if fault:
        reason = f"{reason} Citations: {fault}."
    return Score(right=right, citations_valid=fault is None, abstained=abstained, reason=reason)


def citation_fault(report: Report) -> str | None:
    """What is wrong with the first citation that does not hold, None when all do."""
    passages = {passage.id: passage for passage in report.passages}
    for claim in report.claims:
        if not claim.citations:
            return f"{claim.text!r} has none"
        for citation in claim.citations:
            passage = passages.get(citation.passage_id)
            if passage is None:
                return f"{citation.passage_id!r} is not among the report's passages"
            if " ".join(citation.quote.split()) not in " ".join(passage.text.split()):
                return f"{citation.quote!r} is not in {citation.passage_id!r}"
            if not passage.sha256 == citation.sha256 == digest(passage.text):
                return f"the hash of {citation.passage_id!r} is not that of its text"
    return None


_Judge = Callable[[Report, Expected], str]
"""Says what is wrong, nothing when the answer is right."""


def _number(report: Report, expected: Expected) -> str:
    wanted = expected.number
    if wanted is None or any(close(number, wanted, expected.tolerance) for number in numbers(report.answer)[:3]):
        return ""
    return f"{wanted:,.12g} is expected, the answer is {report.answer!r}."


def _count(report: Report, expected: Expected) -> str:
    found = integers(report.answer)
    if found and expected.number is not None and found[0] == round(expected.number):
        return ""
    return f"{expected.number:g} is expected, the answer is {report.answer!r}."


def _first(report: Report, expected: Expected) -> str:
    named = first_mentions(report.answer, expected.places)
    if named and named[0] == expected.places[0]:
        return ""
    return f"{expected.places[0]} is expected, the answer is {report.answer!r}."


def _order(report: Report, expected: Expected) -> str:
    wanted = list(expected.places)
    for told in (report.answer, _first_column(report)):
        if first_mentions(told, wanted) == wanted:
            return ""
    return f"The order {', '.join(wanted)} is expected, the answer is {report.answer!r}."


def _figures(report: Report, expected: Expected) -> str:
    for place, wanted in expected.figures.items():
        told = _told_of(report, place, list(expected.figures))
        if not any(close(number, wanted, expected.tolerance) for text in told for number in numbers(text)):
            return f"For {place} {wanted:,.12g} is expected, it says {told or 'nothing'!r}."
    return ""


def _texts(report: Report, expected: Expected) -> str:
    alone = len(expected.texts) == 1
    for place, wordings in expected.texts.items():
        told = [report.answer] if alone else _told_of(report, place, list(expected.texts))
        if not any(tells_text(text, wording) for text in told for wording in wordings):
            return f"For {place} {wordings[0]!r} is expected, it says {told or 'nothing'!r}."
    return ""


def _names(report: Report, expected: Expected) -> str:
    missing = set(expected.places) - set(first_mentions(f"{report.answer} {_first_column(report)}", expected.places))
    return f"It does not name {', '.join(sorted(missing))}." if missing else ""


_JUDGES: dict[Kind, _Judge] = {
    Kind.FIGURE: _number,
    Kind.TEXT: _texts,
    Kind.COMPARE: _first,
    Kind.ORDER: _order,
    Kind.LIST: _figures,
    Kind.NAMES: _texts,
    Kind.MOST: _first,
    Kind.LEAST: _first,
    Kind.RANK: _order,
    Kind.SUM: _number,
    Kind.MEAN: _number,
    Kind.COUNT: _count,
    Kind.NEIGHBOURS: _names,
    Kind.BORDER: _number,
}


def _told_of(report: Report, place: str, others: Sequence[str]) -> list[str]:
    """What the report says of one place: its row of the table, and its stretch of the answer."""
    told = []
    if report.comparison is not None:
        told += [
            " | ".join(row[1:]) for row in report.comparison.rows if row and first_mentions(row[0], others) == [place]
        ]
    mentions = first_mentions(report.answer, others, starts=True)
    for index, (name, start) in enumerate(mentions):
        if name == place:
            end = mentions[index + 1][1] if index + 1 < len(mentions) else len(report.answer)
            told.append(report.answer[start:end])
    return told


def _first_column(report: Report) -> str:
    rows = report.comparison.rows if report.comparison is not None else []
    return "; ".join(row[0] for row in rows if row)
