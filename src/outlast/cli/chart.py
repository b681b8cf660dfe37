"""A timeline on a terminal: a chart of letters and blocks, what happened in words, and the cost.

Letters tell the agents apart, so that the chart reads the same without colours: in a pipe, in a log, on paper.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from string import ascii_uppercase

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from outlast.render.document import TOTAL
from outlast.render.plaintext import one_line
from outlast.trace.scale import Scale, duration, pack
from outlast.trace.timeline import Bar, Fate, Mark, MarkKind, Row, Timeline, roles_of
from outlast.trace.words import WHY_CHARACTERS, action, bar_name, cost_words, headline, mark_word

COLOURS = ("blue", "yellow", "cyan", "magenta", "green", "bright_red", "bright_blue", "bright_yellow")
"""Of agents, by place; more of them begin anew."""

NAME_COLUMNS = 22
LEAST_COLUMNS = 40
"""Of the chart itself, on a narrow terminal too."""

TICK_COLUMNS = 12

EVENTS = 40
"""Told in words; JSON has all of them."""

_BODY = {
    Fate.DONE: "█",
    Fate.RETRIED: "▒",
    Fate.CUT: "▒",
    Fate.FAILED: "█",
    Fate.CANCELLED: "░",
    Fate.RUNNING: "▓",
    Fate.WAITING: "·",
}
_END = {Fate.RETRIED: "!", Fate.CUT: "╳", Fate.FAILED: "✗", Fate.RUNNING: "▶"}
_BAD = (Fate.RETRIED, Fate.CUT, Fate.FAILED)


class Chart:
    """A timeline, to print.

    Args:
        timeline: What to draw.
    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._roles = roles_of([timeline])
        self._letters = letters(self._roles)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """As wide as the terminal is."""
        timeline = self._timeline
        yield Text(one_line(timeline.title), style="bold")
        yield Text(headline(timeline), style="dim")
        yield Text()
        names = max((len(row.name) for row in timeline.rows), default=0)
        left = min(NAME_COLUMNS, names) + 2
        width = max(LEAST_COLUMNS, options.max_width - left - 1)
        scale = Scale(timeline, 0, width)
        for row in timeline.rows:
            for number, line in enumerate(self._row(row, scale, width)):
                name = one_line(row.name, NAME_COLUMNS) if number == 0 else ""
                yield Text(f"{name:<{left}}", style="bold", no_wrap=True, overflow="crop").append_text(line)
        yield Text(" " * left).append_text(_axis(scale, width))
        yield self._legend()
        yield Text()
        yield from self._events()
        yield _costs(timeline)
        for note in timeline.notes:
            yield Text(one_line(note), style="yellow")

    def _row(self, row: Row, scale: Scale, width: int) -> Iterator[Text]:
        marks = [mark for mark in row.marks if mark.kind is not MarkKind.BEGAN]
        if marks:
            yield _marks(marks, scale, width)
        bars = sorted(row.bars, key=lambda bar: (bar.start, bar.end))
        spans = [_columns(bar, scale, width) for bar in bars]
        lanes = pack([(float(first), float(last)) for first, last in spans])
        for lane in range(max(lanes, default=-1) + 1):
            line = Text(no_wrap=True, overflow="crop")
            for bar, (first, last), own in zip(bars, spans, lanes, strict=True):
                if own == lane:
                    line.append(" " * (first - len(line)))
                    line.append_text(self._bar(bar, last - first, scale))
            yield line

    def _bar(self, bar: Bar, width: int, scale: Scale) -> Text:
        letter = self._letters.get(bar.role, "·" if bar.role else "-")
        letter = letter if action(bar.kind) == "model" else letter.lower()
        style = COLOURS[self._roles.index(bar.role) % len(COLOURS)] if bar.role else "white"
        if bar.fate is Fate.CUT:  # what nobody saw is left open
            sure = max(1, round(scale.place(bar.sure_until) - scale.place(bar.start)))
            body = letter + _BODY[bar.fate] * (sure - 1) + "╌" * (width - sure)
        else:
            body = letter + _BODY[bar.fate] * (width - 1)
        end = _END.get(bar.fate, "")
        drawn = Text(body[: width - len(end)] if width > 1 else (end or body[:1]), style=style)
        return drawn.append(end, style="red") if end and width > 1 else drawn

    def _legend(self) -> Text:
        parts = [f"{self._letters[role]} {one_line(role)}" for role in self._roles]
        if any(action(bar.kind) != "model" and bar.role for bar in self._timeline.bars):
            parts.append("small letters: tool calls")
        fates = {bar.fate for bar in self._timeline.bars}
        ends = ((Fate.CUT, "cut"), (Fate.RETRIED, "tried again"), (Fate.FAILED, "failed"), (Fate.RUNNING, "under way"))
        parts += [f"{_END[fate]} {words}" for fate, words in ends if fate in fates]
        return Text("   ".join(parts), style="dim")

    def _events(self) -> Iterator[Text]:
        """Marks, and attempts that brought no result, in the order of time."""
        timeline = self._timeline
        told = [
            (mark.at, one_line(mark.text), "red" if mark.kind in (MarkKind.KILLED, MarkKind.AWAY) else "green")
            for _, mark in timeline.events
            if mark.kind is not MarkKind.BEGAN
        ]
        told += [(bar.end, _ended(bar), "") for row in timeline.rows for bar in row.bars if bar.fate in _BAD]
        lines = [(next(same), 1 + len(list(same))) for _, same in groupby(sorted(told), key=lambda one: one[1:])]
        for (at, words, style), times in lines[:EVENTS]:
            again = f" ({times} times)" if times > 1 else ""
            yield Text(f"{at - timeline.began:+10.3f} s  ", style="dim").append(words + again, style=style)
        if len(lines) > EVENTS:
            yield Text(f"and {len(lines) - EVENTS} more: --format json has all of them", style="dim")
        if lines:
            yield Text()


def letters(roles: Sequence[str]) -> dict[str, str]:
    """A capital for each agent: the first of its name that no other one has, else any."""
    chosen: dict[str, str] = {}
    for role in roles:
        wanted = [character for character in role.upper() if character in ascii_uppercase]
        free = [letter for letter in [*wanted, *ascii_uppercase] if letter not in chosen.values()]
        chosen[role] = free[0] if free else "?"
    return chosen


def _ended(bar: Bar) -> str:
    return f"{bar_name(bar)}: {bar.fate}" + (f", {one_line(bar.why, WHY_CHARACTERS)}" if bar.why else "")


def _columns(bar: Bar, scale: Scale, width: int) -> tuple[int, int]:
    first = min(width - 1, round(scale.place(bar.start)))
    return first, max(first + 1, min(width, round(scale.place(bar.end))))


def _marks(marks: Sequence[Mark], scale: Scale, width: int) -> Text:
    line = Text(no_wrap=True, overflow="crop")
    places = [min(width - 1, int(scale.place(mark.at))) for mark in marks]
    for mark, place, following in zip(marks, places, [*places, width][1:], strict=True):
        bad = mark.kind is MarkKind.KILLED
        line.append(" " * max(0, place - len(line)))
        words = f"{'╳' if bad else '▶'} {mark_word(mark)}"
        if len(words) >= following - place:
            words = words.partition(":")[0]
        line.append(words if len(words) < following - place else words[:1], style="red" if bad else "green")
    return line


def _axis(scale: Scale, width: int) -> Text:
    line = ""
    for place, label in scale.ticks(TICK_COLUMNS):
        at = min(int(place), width - len(label) - 1)
        if at >= len(line):
            line = f"{line:<{at}}╵{label}"
    pauses = [piece for piece in scale.pieces if piece.idle]
    text = Text(line, style="dim", no_wrap=True, overflow="crop")
    if pauses:
        cut = ", ".join(duration(piece.end - piece.start) for piece in pauses)
        text.append(f"\n(pauses cut short: {cut})")
    return text


def _costs(timeline: Timeline) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("Cost by role")
    for name in ("Requests", "Tokens in", "Tokens out", "Dollars"):
        table.add_column(name, justify="right")
    for role, used in [*timeline.usage.items(), (TOTAL, timeline.total)]:
        figures = (str(used.requests), f"{used.input_tokens:,}", f"{used.output_tokens:,}", cost_words(used))
        table.add_row(Text(one_line(role)), *figures, style="bold" if role == TOTAL else "")
    return table
