"""How measurements spread, drawn: a line for each kind, a dot for each measurement, median and 95th percentile marked.

Pure SVG with classes of the page's style sheet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from outlast.chaos.summary import Spread

WIDTH, LEFT, RIGHT = 860, 230, 150
LINE, HEAD, FOOT = 30, 8, 34
DOT = 3.5

STYLE = """\
.ol-dots { max-width: 100%; height: auto; }
.ol-dots text { font: 12px/1 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  fill: var(--ink); font-variant-numeric: tabular-nums; }
.ol-dots .soft { fill: var(--soft); font-size: 11px; }
.ol-dots .grid { stroke: var(--line); stroke-width: 1; }
.ol-dots .dot { fill: var(--accent); fill-opacity: .45; }
.ol-dots .median { stroke: var(--ink); stroke-width: 2.5; }
.ol-dots .tail { stroke: var(--poor); stroke-width: 2; }
.ol-dots .run { stroke: var(--accent); stroke-opacity: .35; stroke-width: 2; }
"""


def dots(spreads: Sequence[Spread], label: str) -> str:
    """Draw spreads on one axis of seconds.

    Args:
        spreads: At least one.
        label: Of the axis.
    """
    most = _round_up(max(spread.most for spread in spreads))
    height = HEAD + LINE * len(spreads) + FOOT
    parts = [
        f'<svg class="ol-dots" role="img" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">'
        f"<title>{escape(label)}</title>",
        *_grid(most, HEAD + LINE * len(spreads), label),
    ]
    for number, spread in enumerate(spreads):
        parts += _line(spread, HEAD + LINE * (number + 0.5), most)
    return "\n".join([*parts, "</svg>"])


def _line(spread: Spread, y: float, most: float) -> Iterator[str]:
    yield f'<text x="{LEFT - 14}" y="{y + 4:.1f}" text-anchor="end">{escape(spread.kind)}</text>'
    first, last = _x(spread.values[0], most), _x(spread.most, most)
    yield f'<path class="run" d="M{first:.1f} {y:.1f}H{last:.1f}"/>'
    for value in spread.values:
        x = _x(value, most)
        yield f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="{DOT}"><title>{value:.2f} s</title></circle>'
    for css, value in (("tail", spread.p95), ("median", spread.p50)):
        x = _x(value, most)
        yield f'<path class="{css}" d="M{x:.1f} {y - 8:.1f}v16"/>'
    yield (
        f'<text class="soft" x="{WIDTH - RIGHT + 14}" y="{y + 4:.1f}">'
        f"n {spread.count}, p50 {spread.p50:.2f}, p95 {spread.p95:.2f}</text>"
    )


def _grid(most: float, bottom: float, label: str) -> Iterator[str]:
    for tick in range(5):
        value = most * tick / 4
        x = _x(value, most)
        yield f'<path class="grid" d="M{x:.1f} {HEAD}V{bottom}"/>'
        yield f'<text class="soft" x="{x:.1f}" y="{bottom + 14}" text-anchor="middle">{value:g}</text>'
    yield f'<text class="soft" x="{LEFT}" y="{bottom + 30}">{escape(label)}</text>'


def _x(value: float, most: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * value / most


def _round_up(value: float) -> float:
    for step in (0.4, 0.8, 1, 2, 4, 6, 8, 10, 12, 16, 20, 30, 40, 60, 80, 100, 120, 200, 300, 400, 600):
        if value <= step:
            return step
    return value
