"""What every rendering shows, worked out once: numbered citations, cited passages, cost by role."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from itertools import pairwise

from outlast.research.models import Report
from outlast.research.state import ResearchResult
from outlast.sources.passage import Passage
from outlast.usage.meter import Usage

STAND_IN = "offline:"
"""Names of models that are no language models start with this."""

STAND_IN_NOTICE = "Written by the built-in rule-based stand-in, no language model. Its prices are made up."
"""Said wherever a report of such a model shows."""

TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Quote:
    """One distinct citation of the report."""

    number: int
    """In the order in which the claims cite, from 1."""
    text: str


@dataclass(frozen=True, slots=True)
class CitedPassage:
    """A passage and the words that claims quote from it."""

    passage: Passage
    quotes: tuple[Quote, ...]

    def parts(self) -> list[Part]:
        """The text in parts, so that quotes can be marked where they stand."""
        return _parts(self.passage.text, self.quotes)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a passage."""

    text: str
    marked: bool
    """Whether it belongs to a quote."""
    begins: tuple[int, ...]
    """Numbers of the quotes that begin here."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one role used."""

    role: str
    model: str
    usage: Usage


@dataclass(frozen=True)
class ReportDocument:
    """A result, and which job it came from."""

    job_id: str
    result: ResearchResult
    ended: datetime | None = None

    @property
    def report(self) -> Report:
        """The report itself."""
        return self.result.report

    @cached_property
    def numbers(self) -> dict[tuple[str, str], int]:
        """Number by passage id and quote."""
        pairs = ((c.passage_id, c.quote) for claim in self.report.claims for c in claim.citations)
        return {pair: number for number, pair in enumerate(dict.fromkeys(pairs), start=1)}

    @cached_property
    def passages(self) -> list[CitedPassage]:
        """The cited passages, in the order of their first citation."""
        known = {passage.id: passage for passage in self.report.passages}
        quotes: dict[str, list[Quote]] = {}
        for (passage_id, text), number in self.numbers.items():
            quotes.setdefault(passage_id, []).append(Quote(number, text))
        return [CitedPassage(known[id_], tuple(quoted)) for id_, quoted in quotes.items() if id_ in known]

    @cached_property
    def costs(self) -> list[Cost]:
        """Usage by role, and of all of them last."""
        usage = self.result.usage
        rows = [Cost(role, self.result.models.get(role, ""), used) for role, used in usage.items()]
        return [*rows, Cost(TOTAL, "", sum(usage.values(), Usage()))]

    @property
    def by_stand_in(self) -> bool:
        """Whether rules wrote any of it."""
        return any(model.startswith(STAND_IN) for model in self.result.models.values())


def dollars(amount: Decimal) -> str:
    """Dollars with as many places as tell something."""
    return f"${amount:,.2f}" if amount >= 1 or amount == 0 else f"${amount:.4f}"


def _parts(text: str, quotes: tuple[Quote, ...]) -> list[Part]:
    spans = [(*span, quote.number) for quote in quotes if (span := _find(text, quote.text))]
    edges = sorted({0, len(text), *(edge for start, end, _ in spans for edge in (start, end))})
    return [
        Part(
            text=text[left:right],
            marked=any(start <= left and right <= end for start, end, _ in spans),
            begins=tuple(number for start, _, number in spans if start == left),
        )
        for left, right in pairwise(edges)
    ]


def _find(text: str, quote: str) -> tuple[int, int] | None:
    # White space is folded where citations are checked, so it may differ here.
    found = re.search(r"\s+".join(re.escape(word) for word in quote.split()), text)
    return found.span() if found else None
