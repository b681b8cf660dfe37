"""Times keep their order and their proportions, long pauses are cut short, and ticks are round."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlast.trace.build import build_timeline
from outlast.trace.scale import Scale, duration, pack
from outlast.trace.timeline import Timeline

from .building import job, step

TIMES = st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e5)), min_size=1, max_size=12)


def timeline(*spans: tuple[float, float]) -> Timeline:
    """Steps that began and ended at these seconds after 100."""
    steps = [
        step(str(number), scheduled=100 + start, started=100 + start, recorded=100 + end)
        for number, (start, end) in enumerate(spans, start=1)
    ]
    return build_timeline([job(*steps)])


def test_a_pause_of_two_days_takes_no_room() -> None:
    waited = timeline((0, 10), (172_800, 172_810))
    scale = Scale(waited, 0, 1000)
    assert [piece.idle for piece in scale.pieces] == [False, True, False]
    assert scale.place(110.0) > 400
    assert scale.place(172_900.0) < 600
    assert duration(scale.pieces[1].end - scale.pieces[1].start) == "2 d"


def test_a_short_pause_stays_as_long_as_it_was() -> None:
    scale = Scale(timeline((0, 10), (12, 20)), 0, 100)
    assert [piece.idle for piece in scale.pieces] == [False]
    assert scale.place(110.0) == pytest.approx(50)


@given(TIMES)
def test_places_are_in_the_order_of_times_and_within_the_edges(spans: list[tuple[float, float]]) -> None:
    drawn = timeline(*((start, start + length) for start, length in spans))
    scale = Scale(drawn, 10, 500)
    edges = [piece.left for piece in scale.pieces] + [scale.pieces[-1].right]
    assert edges[0] == 10
    assert edges[-1] == pytest.approx(500)
    moments = sorted(moment for bar in drawn.bars for moment in (bar.start, bar.end))
    places = [scale.place(moment) for moment in moments]
    assert all(10 - 1e-6 <= place <= 500 + 1e-6 for place in places)
    assert all(one <= other + 1e-6 for one, other in pairwise(places))


@given(TIMES)
def test_ticks_are_few_apart_and_in_order(spans: list[tuple[float, float]]) -> None:
    ticks = Scale(timeline(*((start, start + length) for start, length in spans)), 0, 900).ticks(90)
    assert len(ticks) <= 15
    assert all(after[0] - before[0] >= 80 for before, after in pairwise(ticks))


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0.1, 20)), max_size=40))
def test_no_bar_covers_another_in_its_lane(drawn: list[tuple[float, float]]) -> None:
    spans = sorted((left, left + width) for left, width in drawn)
    lanes = pack(spans)
    for lane in set(lanes):
        own = [span for span, chosen in zip(spans, lanes, strict=True) if chosen == lane]
        assert all(before[1] <= after[0] for before, after in pairwise(own))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        *((0.0, "0 ms"), (0.012, "12 ms"), (4.5, "4.5 s"), (59.0, "59 s"), (61.0, "1 min 1 s")),
        *((7260.0, "2 h 1 min"), (90_000.0, "1 d 1 h"), (172_790.0, "2 d"), (172_800.0, "2 d")),
    ],
)
def test_durations_read_well(seconds: float, words: str) -> None:
    assert duration(seconds) == words
