"""Where everything stands on a drawing in pixels: rows, lanes within them, and the bars in those. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from outlast.trace.scale import Scale, pack
from outlast.trace.timeline import Bar, Mark, MarkKind, Row, Timeline

LANE, BETWEEN, PADDING = 18.0, 3.0, 7.0
"""Height of a bar, and what is left free between bars and above and below them."""

MARKS = 17.0
"""Height of the lane for marks, in rows that have any to show."""

LEAST_WIDTH = 2.5
"""Of a bar: a step of a millisecond is seen too."""


@dataclass(frozen=True, slots=True)
class PlacedBar:
    """A bar and its place."""

    bar: Bar
    x: float
    y: float
    width: float
    sure: float
    """How much of the width it certainly went on."""


@dataclass(frozen=True, slots=True)
class PlacedMark:
    """A mark and its place."""

    mark: Mark
    x: float
    until: float
    room: float
    """Free width to its right, for words."""


@dataclass(frozen=True, slots=True)
class PlacedRow:
    """A row and its place."""

    row: Row
    y: float
    height: float
    bars: tuple[PlacedBar, ...]
    marks: tuple[PlacedMark, ...]


def placed_rows(timeline: Timeline, scale: Scale, top: float, right: float) -> Iterator[PlacedRow]:
    """Rows from the top down.

    Args:
        timeline: What is drawn.
        scale: Places of times.
        top: Where the first row begins.
        right: Edge of the drawing.
    """
    y = top
    for row in timeline.rows:
        marks = _marks(row, scale, right)
        below = y + PADDING + (MARKS if marks else 0.0)
        bars = _bars(row, scale, below)
        lanes = round((max((bar.y for bar in bars), default=below) - below) / (LANE + BETWEEN)) + 1
        height = below - y + lanes * (LANE + BETWEEN) - BETWEEN + PADDING
        yield PlacedRow(row, y, height, bars, marks)
        y += height


def _bars(row: Row, scale: Scale, top: float) -> tuple[PlacedBar, ...]:
    ordered = sorted(row.bars, key=lambda bar: (bar.start, bar.end))
    lefts = [scale.place(bar.start) for bar in ordered]
    widths = [
        max(LEAST_WIDTH, scale.place(bar.end) - left - 1) for bar, left in zip(ordered, lefts, strict=True)
    ]  # a pixel apart from the next one
    lanes = pack([(left, left + width + 1) for left, width in zip(lefts, widths, strict=True)])
    return tuple(
        PlacedBar(
            bar,
            left,
            top + lane * (LANE + BETWEEN),
            width,
            min(width, max(0.0, scale.place(bar.sure_until) - left)),
        )
        for bar, left, width, lane in zip(ordered, lefts, widths, lanes, strict=True)
    )


def _marks(row: Row, scale: Scale, right: float) -> tuple[PlacedMark, ...]:
    shown = [mark for mark in row.marks if mark.kind is not MarkKind.BEGAN]
    places = [scale.place(mark.at) for mark in shown]
    return tuple(
        PlacedMark(mark, x, max(x, scale.place(mark.until)), following - x)
        for mark, x, following in zip(shown, places, [*places, right][1:], strict=True)
    )
