"""A comparison as a person reads it on a terminal: who invents, both rankings, every figure with its interval."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from outlast.evals.comparison import Comparison, ModelResult
from outlast.evals.stats import Estimate
from outlast.evals.task import SUCCESS
from outlast.render.document import STAND_IN_NOTICE
from outlast.render.plaintext import one_line

EVIDENCE_CHARACTERS = 600


def comparison_view(comparison: Comparison) -> RenderableType:
    """The comparison, to print."""
    return Group(*_blocks(comparison))


def share(found: Estimate) -> str:
    """A rate with its interval, in per cent."""
    return f"{found.value:.0%} ({found.low:.0%} to {found.high:.0%})"


def dollars(found: Estimate) -> str:
    """Dollars with their interval."""
    return f"${found.value:.4f} ({found.low:.4f} to {found.high:.4f})"


def number(found: Estimate) -> str:
    """A mean with its interval."""
    return f"{_short(found.value)} ({_short(found.low)} to {_short(found.high)})"


def rows(comparison: Comparison) -> Iterator[tuple[str, Callable[[ModelResult], str]]]:
    """Every figure that is shown of a model: its title, and how it reads."""
    for name in dict.fromkeys(name for result in comparison.models for name in result.rates):
        yield name, lambda result, name=name: _of(result.rates, name, share)  # type: ignore[misc]
        if name == SUCCESS:
            for aspect in dict.fromkeys(a for result in comparison.models for a in result.aspects):
                yield f"  {aspect}", lambda result, aspect=aspect: _of(result.aspects, aspect, share)  # type: ignore[misc]
    for name in dict.fromkeys(name for result in comparison.models for name in result.scores):
        yield name, lambda result, name=name: _of(result.scores, name, share)  # type: ignore[misc]
    yield "cost a run", cost_words
    yield "cost a right answer", per_success_words
    yield f"steps ({comparison.steps})", lambda result: number(result.figures["steps"])
    yield "model requests", lambda result: number(result.figures["requests"])
    yield "tokens", lambda result: number(result.figures["tokens"])
    yield "wall time, s", lambda result: number(result.figures["seconds"])
    yield "retries", lambda result: number(result.figures["retries"])


def cost_words(result: ModelResult) -> str:
    """What a run costs; nothing certain where requests have no price."""
    if result.unpriced_requests:
        return "unknown: no price"
    return dollars(result.figures["cost_usd"])


def per_success_words(result: ModelResult) -> str:
    """What a right answer costs."""
    if result.cost_per_success is not None:
        return f"${result.cost_per_success:.4f}"
    return "unknown: no price" if result.unpriced_requests else "no right answer"


def _blocks(comparison: Comparison) -> Iterator[RenderableType]:
    yield Text()
    yield Text(
        f"{comparison.task}: {comparison.cases} cases of {comparison.dataset}, {_times(comparison)}", style="bold"
    )
    for result in comparison.models:
        if result.flagged:
            yield Padding(Text(f"✗ {one_line(result.why, EVIDENCE_CHARACTERS)}", style="red"), (1, 0, 0, 0))
    yield Padding(_rankings(comparison), (1, 0, 0, 0))
    yield _figures(comparison)
    yield Text("In brackets: 95% intervals over cases.", style="dim")
    if comparison.by_stand_in:
        yield Text(STAND_IN_NOTICE.replace("Written", "Answered"), style="dim")


def _rankings(comparison: Comparison) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("")
    table.add_column("By cost a run, as a naive table has it")
    table.add_column("By cost a right answer, of those that invent nothing")
    honest = comparison.honest_ranking
    for place, result in enumerate(comparison.naive_ranking):
        naive = Text(f"{one_line(result.model)}  {cost_words(result).partition(' (')[0]}")
        if result.flagged:
            naive.append("  ✗ invents", style="red")
        fair = honest[place] if place < len(honest) else None
        told = (
            f"{one_line(fair.model)}  {per_success_words(fair)}, {fair.rates[SUCCESS].value:.0%} right" if fair else ""
        )
        table.add_row(f"{place + 1}.", naive, told)
    return table


def _figures(comparison: Comparison) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("")
    for result in comparison.models:
        table.add_column(Text(one_line(result.model), style="red" if result.flagged else ""), justify="right")
    for title, read in rows(comparison):
        table.add_row(title, *(read(result) for result in comparison.models))
    return table


def _times(comparison: Comparison) -> str:
    return "once each" if comparison.repeat == 1 else f"{comparison.repeat} times each"


def _of(found: dict[str, Estimate], name: str, told: Callable[[Estimate], str]) -> str:
    return told(found[name]) if name in found else "-"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}".rstrip("0").rstrip(".")
