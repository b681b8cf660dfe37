"""A timeline as SVG: one self-contained picture, with what is known of each bar in its tooltip.

It runs nothing, loads nothing and sets no style but by class: `palette.stylesheet` is all that a page has to allow.
What workers and models wrote is escaped without exception.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from outlast.render.plaintext import one_line
from outlast.trace.layout import LANE, PlacedBar, PlacedMark, PlacedRow, placed_rows
from outlast.trace.palette import Theme, role_class, stylesheet
from outlast.trace.scale import Scale, duration
from outlast.trace.timeline import Bar, Fate, MarkKind, Timeline, roles_of
from outlast.trace.words import action, bar_lines, headline, mark_title, mark_word

WIDTH = 1200
LEFT, RIGHT = 168.0, 24.0
"""Room for the names of workers, and at the other edge."""

HEAD = 88.0
LOW_HEAD = 36.0
"""Room for title, totals and legend, and for the legend alone."""

CHARACTER = 6.3
"""Width of a character at the size of labels, at the most: what would not fit is left to the tooltip."""

TICKS_APART = 90.0

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML may hold, not even escaped."""


def timeline_svg(
    timeline: Timeline, *, theme: Theme = Theme.AUTO, width: int = WIDTH, styled: bool = True, titled: bool = True
) -> str:
    """Draw a timeline.

    Args:
        timeline: What to draw.
        theme: Whether it follows its reader's system or has colours of its own.
        width: In pixels; the height follows from what there is.
        styled: Whether it carries its style sheet; a page that has it already goes without.
        titled: Whether title and totals stand above it; they are in it for screen readers all the same.
    """
    scale = Scale(timeline, LEFT, width - RIGHT)
    top = HEAD if titled else LOW_HEAD
    rows = list(placed_rows(timeline, scale, top, width - RIGHT))
    bottom = rows[-1].y + rows[-1].height if rows else top
    height = bottom + 34
    title, totals = _text(timeline.title), _text(headline(timeline))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="ol-trace" role="img" width="{width}" height="{height:.0f}" '
        f'viewBox="0 0 {width} {height:.0f}">',
        f"<title>{title}</title><desc>{totals}</desc>",
        f"<style>{stylesheet(theme)}</style>" if styled else "",
        f'<rect class="ol-page" width="{width}" height="{height:.0f}"/>',
        f'<text class="ol-ink ol-title" x="16" y="28">{title}</text>' if titled else "",
        f'<text class="ol-soft" x="16" y="48">{totals}</text>' if titled else "",
        *_legend(timeline, width, top - 20),
        *(f'<rect class="ol-band" y="{row.y:.1f}" width="{width}" height="{row.height:.1f}"/>' for row in rows[::2]),
        *_axis(scale, top, bottom),
        *_breaks(scale, top, bottom),
        *(part for row in rows for part in _row(row, timeline)),
        *_away(timeline, scale, top, bottom),
        "</svg>\n",
    ]
    return "\n".join(part for part in parts if part)


def _row(placed: PlacedRow, timeline: Timeline) -> Iterator[str]:
    name = _text(placed.row.name, 24)
    yield (
        f'<text class="ol-ink ol-name" x="16" y="{placed.y + placed.height / 2 + 4:.1f}">{name}'
        f"<title>{_text(placed.row.identity or placed.row.name)}</title></text>"
    )
    roles = roles_of([timeline])
    for mark in placed.marks:
        if mark.mark.kind is MarkKind.KILLED and mark.until > mark.x:
            yield (
                f'<rect class="ol-bad ol-veil" x="{mark.x:.1f}" y="{placed.y:.1f}" '
                f'width="{mark.until - mark.x:.1f}" height="{placed.height:.1f}"/>'
            )
    for bar in placed.bars:
        yield _bar(bar, roles, timeline, placed.row.name)
    for mark in placed.marks:
        yield _mark(mark, placed, timeline)


def _bar(placed: PlacedBar, roles: list[str], timeline: Timeline, worker: str) -> str:
    bar = placed.bar
    colour = role_class(bar.role, roles)
    x, y, width = placed.x, placed.y, placed.width
    lines = bar_lines(bar, timeline.began, worker, several=len(timeline.jobs) > 1)
    title = "\n".join(map(_text, lines))
    shape = _body(placed, colour, x, y, width)
    edge = _edge(bar, x + width, y)
    return f"<g><title>{title}</title>{shape}{edge}{_label(placed)}</g>"


def _body(placed: PlacedBar, colour: str, x: float, y: float, width: float) -> str:
    bar = placed.bar
    look = _look(bar)
    if bar.fate is not Fate.CUT or placed.sure >= width:
        return (
            f'<rect class="ol-bar {colour}{look}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{LANE}" rx="3"/>'
        )
    middle = y + LANE / 2
    sure = max(2.0, placed.sure)
    return (
        f'<rect class="ol-bar {colour}{look}" x="{x:.1f}" y="{y:.1f}" width="{sure:.1f}" height="{LANE}" rx="2"/>'
        f'<path class="ol-bad-edge ol-dash" d="M{x + sure:.1f} {middle:.1f}H{x + width:.1f}"/>'
    )


def _look(bar: Bar) -> str:
    looks = {Fate.WAITING: " ol-waiting", Fate.CANCELLED: " ol-cancelled", Fate.RUNNING: " ol-surmised"}
    look = looks.get(bar.fate, "")
    if not bar.kind.endswith(("model_request", "model_request_stream")):
        look += " ol-tool"
    if bar.surmised or bar.fate in (Fate.CUT, Fate.RETRIED):
        look += " ol-surmised"
    return look


def _edge(bar: Bar, right: float, y: float) -> str:
    """What tells at its end that an attempt brought no result."""
    if bar.fate is Fate.CUT:  # torn off
        teeth = "".join(f"l{2.5 if i % 2 == 0 else -2.5} {LANE / 6}" for i in range(6))
        return f'<path class="ol-bad-edge" d="M{right - 1:.1f} {y:.1f}{teeth}"/>'
    if bar.fate in (Fate.RETRIED, Fate.FAILED):
        width = 3.0 if bar.fate is Fate.RETRIED else 6.0
        return f'<rect class="ol-bad" x="{right - width:.1f}" y="{y:.1f}" width="{width}" height="{LANE}" rx="1"/>'
    return ""


def _label(placed: PlacedBar) -> str:
    bar = placed.bar
    if bar.fate is Fate.CUT and placed.sure < placed.width:
        return ""
    words = action(bar.kind) if not bar.role else f"{bar.role} {action(bar.kind)}"
    again = f" #{bar.attempt}" if bar.attempt > 1 else ""
    room = int((placed.width - 10) / CHARACTER)
    text = next(
        (text for text in (words + again, action(bar.kind) + again, again.strip()) if 0 < len(text) <= room), ""
    )
    if not text:
        return ""
    solid = "ol-surmised" not in (look := _look(bar)) and "ol-tool" not in look and bar.fate is not Fate.WAITING
    colour = "ol-on" if solid else "ol-ink"
    return f'<text class="{colour}" x="{placed.x + 5:.1f}" y="{placed.y + 12.5:.1f}">{_text(text)}</text>'


def _mark(placed: PlacedMark, row: PlacedRow, timeline: Timeline) -> str:
    x, y = placed.x, row.y + 12.0
    mark = placed.mark
    title = f"<title>{_text(mark_title(mark, timeline.began))}</title>"
    bad = mark.kind is MarkKind.KILLED
    if bad:
        glyph = (
            f'<path class="ol-bad-edge" d="M{x:.1f} {row.y:.1f}v{row.height:.1f}"/>'
            f'<circle class="ol-bad" cx="{x:.1f}" cy="{y:.1f}" r="6"/>'
            f'<path class="ol-cross" d="M{x - 2.5:.1f} {y - 2.5:.1f}l5 5m0 -5l-5 5"/>'
        )
    else:
        glyph = f'<path class="ol-good" d="M{x - 3:.1f} {y - 6:.1f}l10 6l-10 6z"/>'
    room = int((placed.room - 14) / CHARACTER)
    words = mark_word(mark)
    if len(words) > room:
        words = words.partition(":")[0]
    said = ""
    if len(words) <= room:
        colour = "ol-bad" if bad else "ol-good"
        said = f'<text class="{colour}" x="{x + 10:.1f}" y="{y + 4:.1f}">{_text(words)}</text>'
    return f"<g>{title}{glyph}{said}</g>"


def _away(timeline: Timeline, scale: Scale, top: float, bottom: float) -> Iterator[str]:
    for mark in timeline.marks:
        x, until = scale.place(mark.at), scale.place(mark.until)
        yield (
            f"<g><title>{_text(mark_title(mark, timeline.began))}</title>"
            f'<rect class="ol-bad ol-veil" x="{x:.1f}" y="{top}" width="{max(1.5, until - x):.1f}" '
            f'height="{bottom - top:.1f}"/>'
            f'<path class="ol-bad-edge ol-dash" d="M{x:.1f} {top}V{bottom:.1f}"/></g>'
        )


def _axis(scale: Scale, top: float, bottom: float) -> Iterator[str]:
    for place, label in scale.ticks(TICKS_APART):
        yield f'<path class="ol-wire" d="M{place:.1f} {top}V{bottom + 5:.1f}"/>'
        yield _small(place, bottom + 18, label)


def _breaks(scale: Scale, top: float, bottom: float) -> Iterator[str]:
    for piece in scale.pieces:
        if piece.idle:
            middle, words = (piece.left + piece.right) / 2, duration(piece.end - piece.start)
            yield (
                f"<g><title>nothing went on for {words}</title>"
                f'<rect class="ol-page" x="{piece.left:.1f}" y="{top}" width="{piece.right - piece.left:.1f}" '
                f'height="{bottom - top:.1f}"/>'
                f'<path class="ol-wire ol-dash" d="M{piece.left:.1f} {top}V{bottom:.1f}'
                f'M{piece.right:.1f} {top}V{bottom:.1f}"/>{_small(middle, bottom + 29, words)}</g>'
            )


def _small(x: float, y: float, words: str) -> str:
    return f'<text class="ol-soft ol-small" x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{words}</text>'


def _legend(timeline: Timeline, width: int, y: float) -> Iterator[str]:
    x = 16.0
    roles = roles_of([timeline])
    entries = [(role_class(role, roles), "", role) for role in roles]
    if any(not bar.role for bar in timeline.bars):
        entries.append((role_class("", roles), "", "other steps"))
    if any(bar.role and action(bar.kind) != "model" for bar in timeline.bars):
        entries.append((role_class("", roles), " ol-tool", "a tool call"))
    if any("ol-surmised" in _look(bar) for bar in timeline.bars):
        entries.append((role_class("", roles), " ol-surmised", "brought no result"))
    for colour, look, words in entries:
        label = one_line(words, 30)
        if x + len(label) * CHARACTER + 18 > width:
            return
        yield f'<rect class="ol-bar {colour}{look}" x="{x:.1f}" y="{y - 9}" width="11" height="11" rx="2"/>'
        yield f'<text class="ol-soft" x="{x + 16:.1f}" y="{y}">{_text(label)}</text>'
        x += 16 + len(label) * CHARACTER + 18


def _text(text: str, width: int | None = None) -> str:
    return escape(_NO_XML.sub("", one_line(text, width)))
