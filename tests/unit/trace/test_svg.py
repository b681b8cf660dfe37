"""A drawing is one harmless picture: every attempt is in it, whatever its texts hold."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from outlast.chaos.interruptions import Interruption, Target
from outlast.chaos.records import Failed, JobRecord, Pickup
from outlast.trace.build import build_timeline
from outlast.trace.palette import Theme, stylesheet
from outlast.trace.svg import timeline_svg
from outlast.trace.timeline import Timeline
from tests.unit.chaos.evidence import Evidence
from tests.unit.render.samples import HOSTILE

from .building import ONE, TWO, answer, job, step

NAMESPACE = "{http://www.w3.org/2000/svg}"
ALLOWED = {"svg", "title", "desc", "style", "rect", "path", "circle", "text", "g"}


def drawn(timeline: Timeline, **options: object) -> ElementTree.Element:
    return ElementTree.fromstring(timeline_svg(timeline, **options))  # type: ignore[arg-type]


def texts(root: ElementTree.Element, tag: str = "text") -> list[str]:
    return [element.text or "" for element in root.iter(NAMESPACE + tag)]


def hostile() -> JobRecord:
    text = HOSTILE + "\ufffe\udc80"
    failed = step(attempt=2, kind=f"agent__{text}__model_request", failures={1: Failed(text, text)})
    return job(failed, name=HOSTILE, pickups=(Pickup(100.0, HOSTILE, 0), Pickup(102.0, HOSTILE + "2", 3)))


async def storm() -> Timeline:
    evidence = Evidence.load(Path(__file__).parents[1] / "chaos" / "data" / "stormy.json")
    return build_timeline([await evidence.record()], evidence.known, evidence.rows)


async def test_every_attempt_death_and_resumption_is_in_it() -> None:
    timeline = await storm()
    root = drawn(timeline)
    tooltips = texts(root, "title")
    for bar in timeline.bars:
        assert any(f"step {bar.activity}" in tooltip for tooltip in tooltips)
    assert sum("cut\n" in tooltip for tooltip in tooltips) == 4
    assert sum(tooltip.endswith("s") and " died, within" in tooltip for tooltip in tooltips) == 4
    assert any("took kill-8194cda0 up: 3 recorded steps replayed" in tooltip for tooltip in tooltips)
    assert [text for text in texts(root) if text.startswith("worker-")] == [row.name for row in timeline.rows]


def test_a_tooltip_tells_model_tokens_and_cost() -> None:
    (tooltip,) = [t for t in texts(drawn(build_timeline([job(step(answer=answer()))])), "title") if "tokens" in t]
    assert "large, 100 tokens in, 20 out, no known price" in tooltip
    assert "+1.000 s (00:01:41.000 UTC) for 2.0 s, process 100" in tooltip


@pytest.mark.parametrize("theme", list(Theme))
def test_only_harmless_elements_are_in_it(theme: Theme) -> None:
    root = drawn(build_timeline([hostile()], [Interruption(Target.TEMPORAL, 101, 102, HOSTILE, HOSTILE)]), theme=theme)
    assert {element.tag.removeprefix(NAMESPACE) for element in root.iter()} <= ALLOWED
    names = {name for element in root.iter() for name in element.attrib}
    assert not [name for name in names if name.startswith("on") or name in ("href", "style", "src")]
    assert texts(root, "style") == [stylesheet(theme)]
    assert "\x1b" not in "".join(root.itertext())


def test_it_goes_without_a_style_sheet_where_the_page_has_one() -> None:
    assert not texts(drawn(build_timeline([job(step())]), styled=False), "style")


def test_bars_of_parallel_steps_do_not_cover_each_other() -> None:
    timeline = build_timeline([job(*(step(str(number), worker=ONE) for number in range(1, 6)))])
    places = [
        (e.get("x"), e.get("y")) for e in drawn(timeline).iter(NAMESPACE + "rect") if "ol-bar" in e.get("class", "")
    ]
    bars = [place for place in places if place[1] != "59.0"]  # the legend is one line
    assert len(bars) == len(set(bars)) >= 5


@pytest.mark.parametrize(
    "record",
    [job(pickups=()), job(step(recorded=None), read_at=100.0), job(step(worker=TWO))],
    ids=["nothing", "an instant", "two workers"],
)
def test_little_is_drawn_too(record: JobRecord) -> None:
    assert drawn(build_timeline([record])).get("height")


def test_no_job_is_drawn_as_nothing() -> None:
    assert "no job" in texts(drawn(build_timeline([])))
