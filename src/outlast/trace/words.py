"""What drawings say of a bar, a mark or the whole, worded once for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from outlast.chaos.records import MODEL_STEPS
from outlast.render.document import dollars
from outlast.render.plaintext import one_line
from outlast.trace.scale import duration
from outlast.trace.timeline import Bar, Fate, Mark, MarkKind, Timeline
from outlast.usage.meter import Usage

WHY_CHARACTERS = 160
"""Of the reason for which an attempt ended: the history has all of it."""

_FATES = {
    Fate.DONE: "recorded",
    Fate.RETRIED: "failed, tried again",
    Fate.CUT: "cut",
    Fate.FAILED: "failed for good",
    Fate.CANCELLED: "cancelled",
    Fate.RUNNING: "under way",
    Fate.WAITING: "waits for a worker",
}


def action(kind: str) -> str:
    """What a step does, in a word or two: `model`, `search`, `setup`."""
    if kind.endswith(MODEL_STEPS):
        return "model"
    parts = [part for part in kind.split("__") if part]
    if parts[-1:] == ["call_tool"]:
        named = parts[-2] if len(parts) > 1 else "tool"
        return "search" if named == "sources" else named.replace("_", " ")
    return (parts[-1] if parts else kind).replace("_", " ")


def bar_name(bar: Bar) -> str:
    """Who did what, and which attempt it was if it was not the first."""
    who = one_line(f"{bar.role} {action(bar.kind)}")
    return who if bar.attempt <= 1 else f"{who}, attempt {bar.attempt}"


def bar_lines(bar: Bar, began: float, worker: str, *, several: bool) -> Iterator[str]:
    """All that is known of a bar, a line for each kind of thing."""
    yield f"{bar_name(bar)}: {_FATES[bar.fate]}"
    about = "about " if bar.surmised else ""
    yield f"{about}{clock(bar.start, began)} for {duration(max(0.0, bar.end - bar.start))}, {one_line(worker)}"
    if bar.why:
        yield one_line(bar.why, WHY_CHARACTERS)
    if bar.asks_model:
        yield spent(bar)
    yield f"step {one_line(bar.activity, 40)}" + (f" of {one_line(bar.job)}" if several else "")


def spent(bar: Bar) -> str:
    """Model, tokens and cost of a recorded response."""
    cost = "no known price" if bar.cost_usd is None else dollars(bar.cost_usd)
    model = f"{one_line(bar.model)}, " if bar.model else ""
    return f"{model}{bar.input_tokens or 0:,} tokens in, {bar.output_tokens or 0:,} out, {cost}"


def mark_word(mark: Mark) -> str:
    """A mark where there is little room."""
    match mark.kind:
        case MarkKind.RESUMED:
            _, _, what = mark.text.rpartition("up: ")
            return f"resumed: {what}"
        case MarkKind.KILLED:
            return "died"
        case _:
            return one_line(mark.text)


def mark_title(mark: Mark, began: float) -> str:
    """A mark with its time."""
    return f"{clock(mark.at, began)}: {one_line(mark.text)}"


def clock(at: float, began: float) -> str:
    """A moment: seconds since the beginning, and what the clock said."""
    return f"{at - began:+.3f} s ({datetime.fromtimestamp(at, UTC):%H:%M:%S.%f}"[:-3] + " UTC)"


def headline(timeline: Timeline) -> str:
    """All of it in one line."""
    steps = len({(bar.job, bar.run, bar.activity) for bar in timeline.bars})
    parts = [
        f"{timeline.status} after {duration(timeline.ended - timeline.began)}",
        counted(len([row for row in timeline.rows if row.identity]), "worker"),
        counted(steps, "step"),
    ]
    if len(timeline.jobs) > 1:
        parts.insert(1, counted(len(timeline.jobs), "job"))
    killed = sum(mark.kind is MarkKind.KILLED for _, mark in timeline.events)
    parts += [counted(killed, "death")] if killed else []
    parts += [f"{number} {word}" for word, number in _attempts(timeline) if number]
    return " · ".join([*parts, cost_words(timeline.total)])


def cost_words(usage: Usage) -> str:
    """What was recorded as spent."""
    return dollars(usage.cost_usd) + (" or more" if usage.unpriced_requests else "")


def counted(number: int, what: str) -> str:
    """A number of things."""
    return f"{number} {what}" + ("" if number == 1 else "s")


def _attempts(timeline: Timeline) -> list[tuple[str, int]]:
    return [
        ("cut", timeline.count(Fate.CUT)),
        ("tried again", timeline.count(Fate.RETRIED)),
        ("failed", timeline.count(Fate.FAILED)),
        ("under way", timeline.count(Fate.RUNNING)),
    ]
