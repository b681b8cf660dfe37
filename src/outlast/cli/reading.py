"""A report as a person reads it on a terminal: answer, table, claims with their sources, what was cut, the cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from outlast.render.document import STAND_IN_NOTICE, TOTAL, Cost, ReportDocument, dollars
from outlast.render.plaintext import one_line, plain
from outlast.research.models import Comparison, Confidence

_COLOURS = {
    Confidence.HIGH: "green",
    Confidence.MEDIUM: "yellow",
    Confidence.LOW: "red",
    Confidence.NONE: "red",
}


def report_view(document: ReportDocument) -> RenderableType:
    """The report, to print."""
    return Group(*_blocks(document))


def _blocks(document: ReportDocument) -> Iterator[RenderableType]:
    report = document.report
    colour = _COLOURS[report.confidence]
    yield Text()
    yield Rule(Text(one_line(report.query), style="bold"), style="cyan")
    answer = one_line(report.answer) or "No answer: the evidence does not give one."
    yield Panel(
        Text(answer, style="bold"),
        subtitle=Text(f"confidence {report.confidence.value}", style=colour),
        subtitle_align="right",
        border_style=colour,
        box=box.ROUNDED,
    )
    yield Padding(Text(plain(report.summary)), (0, 1, 1, 1))
    if report.comparison is not None:
        yield Padding(_comparison(report.comparison), (0, 1, 1, 1))
    yield from _findings(document)
    yield from _section("Trade-offs", map(one_line, report.trade_offs))
    yield from _section("Open questions", map(one_line, report.open_questions))
    yield from _section("Left out", [_cut_line(c.reason.value, c.subject, c.detail) for c in report.cut], "yellow")
    yield Padding(_costs(document.costs), (0, 1))
    if document.by_stand_in:
        yield Padding(Text(STAND_IN_NOTICE, style="dim"), (0, 1))


def _findings(document: ReportDocument) -> Iterator[RenderableType]:
    claims = document.report.claims
    if not claims:
        return
    grid = Table.grid(padding=(0, 1))
    grid.add_column(justify="right", style="dim")
    grid.add_column()
    for number, claim in enumerate(claims, start=1):
        notes = dict.fromkeys(document.numbers[c.passage_id, c.quote] for c in claim.citations)
        marks = "".join(f"[{note}]" for note in notes)
        grid.add_row(f"{number}.", Text.assemble(one_line(claim.text), " ", (marks, "cyan")))
    yield _title("Findings")
    yield Padding(grid, (0, 1, 1, 1))
    yield _title("Sources")
    yield Padding(_sources(document), (0, 1, 1, 1))


def _sources(document: ReportDocument) -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(justify="right", style="cyan")
    grid.add_column()
    for cited in document.passages:
        where = f"  {one_line(cited.passage.source)}: {one_line(cited.passage.location)}"
        for quote in cited.quotes:
            text = Text.assemble(
                (one_line(cited.passage.title), "bold"), f" “{one_line(quote.text, 300)}”", (where, "dim")
            )
            grid.add_row(f"[{quote.number}]", text)
    return grid


def _section(title: str, lines: Iterable[str], style: str = "") -> Iterator[RenderableType]:
    found = list(lines)
    if found:
        grid = Table.grid(padding=(0, 1))
        for line in found:
            grid.add_row(Text("•", style=style or "dim"), Text(line))
        yield _title(title)
        yield Padding(grid, (0, 1, 1, 1))


def _cut_line(reason: str, subject: str, detail: str) -> str:
    return f"{reason}: {one_line(subject)}: {one_line(detail)}"


def _comparison(table: Comparison) -> Table:
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    width = len(table.columns)
    for index, column in enumerate(table.columns):
        drawn.add_column(Text(one_line(column)), justify="right" if _is_numeric(table, index) else "left")
    for row in table.rows:
        drawn.add_row(*(Text(one_line(cell)) for cell in [*row, *[""] * width][:width]))
    return drawn


def _is_numeric(table: Comparison, index: int) -> bool:
    cells = [row[index] for row in table.rows if index < len(row) and row[index].strip()]
    return index > 0 and bool(cells) and all(cell.strip()[:1].isdigit() for cell in cells)


def _costs(costs: Sequence[Cost]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("Cost by role")
    table.add_column("Model")
    for name in ("Requests", "Tokens in", "Tokens out", "Dollars"):
        table.add_column(name, justify="right")
    for cost in costs:
        style = "bold" if cost.role == TOTAL else ""
        table.add_row(Text(one_line(cost.role)), Text(one_line(cost.model)), *_figures(cost), style=style)
    return table


def _figures(cost: Cost) -> tuple[str, str, str, str]:
    used = cost.usage
    spent = dollars(used.cost_usd) + ("+" if used.unpriced_requests else "")
    return str(used.requests), f"{used.input_tokens:,}", f"{used.output_tokens:,}", spent


def _title(words: str) -> Text:
    return Text(words, style="bold underline")
