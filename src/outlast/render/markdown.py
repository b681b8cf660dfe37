"""A report as Markdown: citations are footnotes, and no foreign text becomes markup or a link."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from outlast import __version__
from outlast.render.document import STAND_IN_NOTICE, CitedPassage, Cost, ReportDocument, dollars
from outlast.render.plaintext import one_line, plain
from outlast.research.models import Claim, Comparison

_SPECIAL = re.compile(r"([\\`*_\[\]<>|~#&])")
_LINE_START = re.compile(r"^(\s*)([-+=]|\d+[.)])", re.MULTILINE)
_LINK = re.compile(r"(?<=\w)(://)|\b(www)\.|(@)", re.IGNORECASE)


def report_markdown(document: ReportDocument) -> str:
    """Render a report."""
    report = document.report
    blocks: list[str] = [f"# {_line(report.query)}"]
    if report.answer:
        blocks.append(f"**{_line(report.answer)}**")
    blocks.append(f"Confidence: {report.confidence.value}")
    blocks += ["## Summary", _text(report.summary)]
    if report.comparison is not None:
        blocks += ["## Comparison", _comparison(report.comparison)]
    if report.claims:
        blocks += ["## Findings", "\n".join(_claim(document, claim) for claim in report.claims)]
    blocks += _section("Trade-offs", map(_line, report.trade_offs))
    blocks += _section("Open questions", map(_line, report.open_questions))
    blocks += _section(
        "Left out", (f"{_line(cut.subject)}: {_line(cut.detail)} ({cut.reason.value})" for cut in report.cut)
    )
    blocks += _section("Searches", (f"{_line(s.query)}: {_line(s.purpose)}" for s in report.searches))
    blocks += ["## Cost", _costs(document.costs), _footer(document)]
    blocks += [note for cited in document.passages for note in _footnotes(cited)]
    return "\n\n".join(blocks) + "\n"


def escape(text: str) -> str:
    """Foreign text as Markdown that shows it as it is."""
    escaped = _SPECIAL.sub(r"\\\1", plain(text))
    escaped = _LINE_START.sub(lambda found: f"{found[1]}{found[2][:-1]}\\{found[2][-1]}", escaped)
    return _LINK.sub(lambda found: {"://": r"\://", "@": r"\@"}.get(found[0], rf"{found[0][:-1]}\."), escaped)


def _line(text: str) -> str:
    return escape(one_line(text))


def _text(text: str) -> str:
    return escape(text).strip()


def _section(title: str, lines: Iterable[str]) -> list[str]:
    found = [f"- {line}" for line in lines]
    return [f"## {title}", "\n".join(found)] if found else []


def _claim(document: ReportDocument, claim: Claim) -> str:
    numbers = (document.numbers[c.passage_id, c.quote] for c in claim.citations)
    return f"- {_line(claim.text)}" + "".join(f"[^{number}]" for number in dict.fromkeys(numbers))


def _comparison(table: Comparison) -> str:
    width = len(table.columns)
    rows = [[_line(cell) for cell in [*row, *[""] * width][:width]] for row in table.rows]
    return _table([_line(column) for column in table.columns], rows)


def _costs(costs: Sequence[Cost]) -> str:
    rows = [
        [
            c.role,
            _line(c.model),
            str(c.usage.requests),
            f"{c.usage.input_tokens:,}",
            f"{c.usage.output_tokens:,}",
            dollars(c.usage.cost_usd) + (" or more" if c.usage.unpriced_requests else ""),
        ]
        for c in costs
    ]
    return _table(["Role", "Model", "Requests", "Tokens in", "Tokens out", "Cost"], rows)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _footer(document: ReportDocument) -> str:
    notice = f" {STAND_IN_NOTICE}" if document.by_stand_in else ""
    return f"Job {_line(document.job_id)}, outlast {__version__}.{notice}"


def _footnotes(cited: CitedPassage) -> list[str]:
    passage = cited.passage
    where = f"{_line(passage.title)}, {_line(passage.location)}, sha256 {passage.sha256[:16]}"
    return [f"[^{quote.number}]: “{_line(quote.text)}” ({where})" for quote in cited.quotes]
