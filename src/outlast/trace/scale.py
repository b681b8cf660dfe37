"""From times to places on a drawing. Stretches in which nothing goes on are cut short, so that a job which waited two
days for a person still shows its seconds. Pure, and the same for pixels and for columns of a terminal.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from outlast.trace.timeline import Bar, Fate, Timeline

IDLE_SECONDS = 5.0
"""Shorter pauses are shown as long as they were."""

IDLE_SHARE = 0.12
"""Of the active time: pauses below it are no waste of room."""

BREAK_WIDTH = 0.035
"""Of the whole width, that a cut stretch keeps."""

STEPS = (
    *(factor * 10.0**power for power in range(-4, 1) for factor in (1, 2, 5)),
    *(10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 21600.0, 43200.0, 86400.0),
)
"""Distances of ticks that people read without effort, in seconds."""


_UNITS = ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s"))


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of time and where it is drawn."""

    start: float
    end: float
    left: float
    right: float
    idle: bool
    """Whether it is drawn shorter than it was."""

    def place(self, at: float) -> float:
        """Where a moment within it is."""
        share = (at - self.start) / (self.end - self.start) if self.end > self.start else 0.0
        return self.left + share * (self.right - self.left)


class Scale:
    """Places for times.

    Args:
        timeline: What is drawn.
        left: Place of its first moment.
        right: Place of its last one.
    """

    def __init__(self, timeline: Timeline, left: float, right: float) -> None:
        began, ended = timeline.began, max(timeline.ended, timeline.began + 1e-3)
        self._began = began
        active = list(_active(timeline.bars, timeline, began, ended))
        spent = sum(end - start for start, end in active)
        shortest = max(IDLE_SECONDS, IDLE_SHARE * spent)
        stretches = list(_stretches(active, began, ended, shortest))
        idle = [stretch for stretch in stretches if stretch[2]]
        gap = min(BREAK_WIDTH, 0.5 / max(1, len(idle))) * (right - left)
        shown = sum(end - start for start, end, is_idle in stretches if not is_idle) or 1.0
        self._rate = (right - left - gap * len(idle)) / shown
        self.pieces: list[Piece] = []
        at = left
        for start, end, is_idle in stretches:
            width = gap if is_idle else (end - start) * self._rate
            self.pieces.append(Piece(start, end, at, at + width, is_idle))
            at += width

    def place(self, at: float) -> float:
        """Where a moment is; one before the beginning or after the end is at the edge."""
        for piece in self.pieces:
            if at <= piece.end:
                return piece.place(max(at, piece.start))
        return self.pieces[-1].right

    def ticks(self, apart: float) -> list[tuple[float, str]]:
        """Places and labels, seconds since the beginning, at least so far apart."""
        least = apart / self._rate
        step = next((step for step in STEPS if step >= least), math.ceil(least / 86400.0) * 86400.0)
        ticks: list[tuple[float, str]] = []
        for piece in (piece for piece in self.pieces if not piece.idle):
            number = math.ceil((piece.start - self._began) / step - 1e-9)
            while (at := self._began + number * step) <= piece.end + 1e-9:
                place = piece.place(at)
                if not ticks or place - ticks[-1][0] >= apart * 0.9:
                    ticks.append((place, duration(number * step, step)))
                number += 1
        return ticks


def duration(seconds: float, step: float | None = None) -> str:
    """Seconds in words, as exact as a distance between ticks asks for."""
    for unit, name, part, part_name in _UNITS:
        if seconds >= unit:
            whole, rest = divmod(round(seconds / part), unit // part)
            return f"{whole} {name}" + (f" {rest} {part_name}" if rest else "")
    if step is None:
        step = 1.0 if seconds >= 10 else 0.1 if seconds >= 1 else 0.001
        if step == 0.001:
            return f"{seconds * 1000:.0f} ms"
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{seconds:.{places}f} s"


def pack(spans: Sequence[tuple[float, float]]) -> list[int]:
    """A lane for each span, so that none covers another; spans come in the order of their starts."""
    lanes: list[float] = []
    chosen: list[int] = []
    for left, right in spans:
        lane = next((i for i, end in enumerate(lanes) if end <= left), len(lanes))
        if lane == len(lanes):
            lanes.append(right)
        else:
            lanes[lane] = right
        chosen.append(lane)
    return chosen


def _active(bars: Iterable[Bar], timeline: Timeline, began: float, ended: float) -> Iterator[tuple[float, float]]:
    """When something went on, in order and apart from each other."""
    spans = [(bar.start, bar.sure_until) for bar in bars if bar.fate is not Fate.WAITING]
    spans += [(mark.at, mark.at) for _, mark in timeline.events]
    current: tuple[float, float] | None = None
    for start, end in sorted((max(began, start), min(ended, max(start, end))) for start, end in spans):
        if current is None:
            current = start, end
        elif start <= current[1]:
            current = current[0], max(current[1], end)
        else:
            yield current
            current = start, end
    if current is not None:
        yield current


def _stretches(
    active: Iterable[tuple[float, float]], began: float, ended: float, shortest: float
) -> Iterator[tuple[float, float, bool]]:
    """All of the time in stretches, each shown in full or cut short."""
    margin = shortest / 8  # what ends right before a pause is not drawn at its edge
    shown_from = at = began
    for start, end in [*active, (ended, ended)]:
        if start - at > shortest:
            yield shown_from, at + margin, False
            yield at + margin, start - margin, True
            shown_from = start - margin
        at = max(at, end)
    yield shown_from, max(ended, shown_from), False
