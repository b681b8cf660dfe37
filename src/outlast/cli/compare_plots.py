"""The plots of a comparison, as SVG that stands in a page: no script, colours from the page's style sheet.

Every model has a colour and a mark of its own, so that no plot rests on colour alone; the table holds the figures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from itertools import pairwise

from outlast.evals.comparison import Comparison, ModelResult
from outlast.evals.task import SUCCESS
from outlast.render.plaintext import one_line

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 720, 64, 24, 20, 52
COLOURS = 6
"""Colours that the style sheet has; then they begin again, with other marks."""


def legend_mark(index: int) -> str:
    """The mark of a model, to stand before its name."""
    return f'<svg class="m{index % COLOURS} key" viewBox="-8 -8 16 16" aria-hidden="true">{_mark(index, 0, 0)}</svg>'


def cost_against_success(comparison: Comparison) -> str:
    """What a run costs, against the share of right answers, each with its interval."""
    height = 360
    shown = [(n, result) for n, result in enumerate(comparison.models) if not result.unpriced_requests]
    if not shown:
        return ""
    most = max(result.figures["cost_usd"].high for _, result in shown) or 1e-6
    ticks = _ticks(most)
    across = _Scale(0, ticks[-1], LEFT, WIDTH - RIGHT)
    up = _Scale(0, 1, height - BOTTOM, TOP)
    parts = [
        *_grid(((across(t), _dollars(t)) for t in ticks), height, "dollars a run"),
        *(
            f'<line class="rule" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{up(s):.1f}" y2="{up(s):.1f}"/>'
            f'<text class="tick" x="{LEFT - 8}" y="{up(s) + 4:.1f}" text-anchor="end">{s:.0%}</text>'
            for s in (0, 0.25, 0.5, 0.75, 1)
        ),
        f'<text class="axis" x="{LEFT}" y="{TOP - 8}">right answers</text>',
        *(_cross(n, result, across, up) for n, result in shown),
    ]
    told = "; ".join(
        f"{_name(r)}: ${r.figures['cost_usd'].value:.4f} a run, {r.rates[SUCCESS].value:.0%} right" for _, r in shown
    )
    return _svg(height, "Cost of a run against the share of right answers", told, parts)


def steps_distribution(comparison: Comparison) -> str:
    """How many steps runs took: a row for each model, a mark for each number, as wide as it is frequent."""
    row = 58
    height = TOP + row * len(comparison.models) + BOTTOM
    most = max((run.measures.steps for result in comparison.models for run in result.runs), default=0)
    ticks = _ticks(max(1, most), whole=True)
    across = _Scale(0, ticks[-1], LEFT + 100, WIDTH - RIGHT)
    parts = [*_grid(((across(t), f"{t:g}") for t in ticks), height, f"{comparison.steps} a run, as recorded")]
    width = min(18.0, (across(1) - across(0)) * 0.7)
    for n, result in enumerate(comparison.models):
        parts += _histogram(n, result, across, floor=TOP + row * (n + 1) - 8, tall=row - 18, width=width)
    told = "; ".join(f"{_name(r)}: {r.figures['steps'].value:.2f} on average" for r in comparison.models)
    return _svg(height, f"How many {comparison.steps} runs took", told, parts)


def _histogram(
    index: int, result: ModelResult, across: _Scale, *, floor: float, tall: float, width: float
) -> Iterable[str]:
    kind, found = f"m{index % COLOURS}", result.figures["steps"]
    yield f'<text class="row" x="{LEFT + 84}" y="{floor - 14}" text-anchor="end">{_short_name(result)}</text>'
    counts = _counts(result)
    frequent = max(counts.values())
    for steps, count in sorted(counts.items()):
        x, high = across(steps) - width / 2, tall * count / frequent
        yield (
            f'<rect class="{kind} bar" x="{x:.1f}" y="{floor - high:.1f}" width="{width:.1f}" height="{high:.1f}" '
            f'rx="2"><title>{_name(result)}: {count} runs with {steps}</title></rect>'
        )
    y = floor + 5
    yield (
        f'<g class="{kind}"><line class="whisker" x1="{across(found.low):.1f}" x2="{across(found.high):.1f}" y1="{y}" '
        f'y2="{y}"/><circle class="dot" cx="{across(found.value):.1f}" cy="{y}" r="4"/></g>'
    )


class _Scale:
    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self._low, self._high, self._start, self._end = low, high, start, end

    def __call__(self, value: float) -> float:
        return self._start + (value - self._low) / (self._high - self._low) * (self._end - self._start)


def _cross(index: int, result: ModelResult, across: _Scale, up: _Scale) -> str:
    cost, success = result.figures["cost_usd"], result.rates[SUCCESS]
    x, y = across(cost.value), up(success.value)
    beyond = x > WIDTH - 180
    label = f"{_short_name(result)}{' (invents)' if result.flagged else ''}"
    return (
        f'<g class="m{index % COLOURS}{" flagged" if result.flagged else ""}">'
        f'<line class="whisker" x1="{across(cost.low):.1f}" x2="{across(cost.high):.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<line class="whisker" x1="{x:.1f}" x2="{x:.1f}" y1="{up(success.low):.1f}" y2="{up(success.high):.1f}"/>'
        f"{_mark(index, x, y)}"
        f'<text class="label" x="{x + (-12 if beyond else 12):.1f}" y="{y + (20 if y < 60 else -10):.1f}" '
        f'text-anchor="{"end" if beyond else "start"}">{label}</text></g>'
    )


def _mark(index: int, x: float, y: float) -> str:
    """Circle, square, diamond, triangle, in turn."""
    match index % 4:
        case 0:
            return f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="6"/>'
        case 1:
            return f'<rect class="dot" x="{x - 5.5:.1f}" y="{y - 5.5:.1f}" width="11" height="11" rx="1"/>'
        case 2:
            return f'<path class="dot" d="M{x:.1f} {y - 7.5:.1f}l7.5 7.5-7.5 7.5-7.5-7.5z"/>'
        case _:
            return f'<path class="dot" d="M{x:.1f} {y - 7:.1f}l7 12.5h-14z"/>'


def _grid(ticks: Iterable[tuple[float, str]], height: int, title: str) -> Iterable[str]:
    for x, text in ticks:
        yield f'<line class="rule" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{height - BOTTOM}"/>'
        yield f'<text class="tick" x="{x:.1f}" y="{height - BOTTOM + 18}" text-anchor="middle">{text}</text>'
    yield f'<text class="axis" x="{WIDTH - RIGHT}" y="{height - 10}" text-anchor="end">{escape(title)}</text>'


def _svg(height: int, title: str, told: str, parts: Sequence[str]) -> str:
    name = title.casefold().replace(" ", "-")
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="{name} {name}-told">'
        f'<title id="{name}">{escape(title)}</title><desc id="{name}-told">{told}</desc>{"".join(parts)}</svg>'
    )


def _ticks(most: float, *, whole: bool = False) -> list[float]:
    """Round numbers from nothing to a bit beyond."""
    size = 10.0 ** (len(f"{most:.0f}") - 1) if most >= 1 else 10.0 ** -len(f"{1 / most:.0f}")
    step = next(step for step in (size / 5, size / 2, size, size * 2, size * 5) if most / step <= 6)
    step = max(1.0, round(step)) if whole else step
    ticks = [0.0]
    while ticks[-1] < most:
        ticks.append(ticks[-1] + step)
    return ticks if all(one < other for one, other in pairwise(ticks)) else [0.0, most]


def _counts(result: ModelResult) -> Counter[int]:
    return Counter(run.measures.steps for run in result.runs)


def _dollars(value: float) -> str:
    return f"${value:.6f}".rstrip("0").rstrip(".") if value else "$0"


def _name(result: ModelResult) -> str:
    return escape(one_line(result.model))


def _short_name(result: ModelResult) -> str:
    return escape(one_line(result.model.rpartition(":")[2], 18))
