"""Every way to show a timeline tells the same, and none lets texts of others do anything."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Console

from outlast.chaos.interruptions import Interruption, Target
from outlast.chaos.records import Failed, Pickup
from outlast.cli.chart import Chart, letters
from outlast.cli.trace import Drawing, chosen_drawing
from outlast.errors import StateError
from outlast.trace.build import build_timeline
from outlast.trace.html import POLICY, timeline_html
from outlast.trace.jsontrace import timeline_data, timeline_json
from outlast.trace.palette import Theme
from outlast.trace.png import timeline_png
from outlast.trace.svg import timeline_svg
from outlast.trace.timeline import Timeline
from tests.unit.chaos.evidence import Evidence
from tests.unit.cli.conftest import Outlast, outlast
from tests.unit.render.samples import HOSTILE
from tests.unit.render.test_html import ALLOWED, Page

from .building import ONE, SEARCH, TWO, answer, job, step


def chart(timeline: Timeline, width: int = 100) -> str:
    console = Console(width=width, highlight=False, color_system=None, force_terminal=False)
    with console.capture() as captured:
        console.print(Chart(timeline))
    return captured.get()


__all__ = ["outlast"]

RENDERERS: list[Callable[[Timeline], str]] = [chart, timeline_html, timeline_json, timeline_svg]


def story() -> Timeline:
    """Two workers, a death, a request that was tried again, and a search."""
    steps = (
        step(kind="outlast__setup", started=100.1, recorded=100.2),
        step("2", answer=answer(Decimal("0.0123"))),
        step("3", attempt=2, scheduled=103.0, started=108.0, recorded=109.0, worker=TWO, failures={1: died(ONE)}),
        step("4", kind=SEARCH, scheduled=109.0, started=109.0, recorded=109.5, worker=TWO),
        step(
            "5", attempt=2, scheduled=110.0, started=112.0, recorded=113.0, worker=TWO, failures={1: Failed("E", "no")}
        ),
    )
    pickups = (Pickup(100.0, ONE, 0), Pickup(107.5, TWO, 2, 0.01))
    return build_timeline([job(*steps, pickups=pickups)], [Interruption(Target.WORKER, 105.0, 105.0, ONE)])


def died(worker: str) -> Failed:
    return Failed("WorkerDied", f"the worker {worker} died")


def hostile() -> Timeline:
    failed = step(
        attempt=2, kind=f"agent__{HOSTILE}__model_request", worker=HOSTILE, failures={1: Failed(HOSTILE, HOSTILE)}
    )
    record = job(failed, name=HOSTILE, pickups=(Pickup(100.0, HOSTILE, 0),), unread=(HOSTILE,))
    return build_timeline([record], [Interruption(Target.WORKER, 101.0, 101.0, HOSTILE, HOSTILE)])


@pytest.mark.parametrize("render", RENDERERS)
def test_each_tells_of_workers_deaths_retries_and_money(render: Callable[[Timeline], str]) -> None:
    text = html.unescape(render(story()))
    for told in ("process 100", "process 200", "took peru up: 2 recorded steps replayed in 10 ms", "E: no", "0.0123"):
        assert told in text
    assert "process 100 died" in text


@pytest.mark.parametrize("render", RENDERERS)
def test_hostile_texts_stay_texts(render: Callable[[Timeline], str]) -> None:
    text = render(hostile())
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)


def test_the_chart_is_read_without_colours() -> None:
    lines = chart(story()).splitlines()
    assert lines[0] == "peru"
    assert lines[1].startswith("Completed after 13 s · 2 workers · 5 steps · 1 death · 1 cut · 1 tried again · $0.0123")
    first, second = (i for i, line in enumerate(lines) if line.startswith("process"))
    assert "╳ died" in lines[first]
    assert re.search("- +P█+P▒+╳$", lines[first + 1])
    assert "▶ resumed" in lines[second]
    assert re.search("P█+s█* +P▒+!P█+", lines[second + 1])


@pytest.mark.parametrize("width", [20, 60, 200])
def test_no_line_of_the_chart_is_wider_than_the_terminal_needs(width: int) -> None:
    narrowest = 40 + 22 + 3
    chart_lines = chart(story(), width).splitlines()[:8]
    assert all(len(line) <= max(width, narrowest) for line in chart_lines)


def test_agents_have_letters_of_their_own() -> None:
    assert letters(["planner", "painter", "p", "ppp"]) == {"planner": "P", "painter": "A", "p": "B", "ppp": "C"}
    assert len(set(letters([f"role {i}" for i in range(26)]).values())) == 26
    assert letters([f"r{i}" for i in range(40)])["r39"] == "?"


@pytest.mark.parametrize("timeline", [story(), hostile()], ids=["good", "hostile"])
def test_the_page_runs_nothing_and_allows_its_own_style_alone(timeline: Timeline) -> None:
    text = timeline_html(timeline)
    page = Page(text)
    assert page.open == []
    assert {tag for tag, _ in page.tags} <= ALLOWED | {"svg", "desc", "g", "rect", "path", "circle", "text"}
    names = {name for _, attributes in page.tags for name in attributes}
    assert not [name for name in names if name.startswith("on") or name in ("src", "style", "href")]
    (style,) = re.findall("<style>(.*?)</style>", text, re.DOTALL)
    assert f"sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}" in POLICY
    assert html.escape(POLICY) in text


def test_json_rounds_nothing() -> None:
    data = json.loads(timeline_json(story()))
    attempts = [attempt for worker in data["workers"] for attempt in worker["attempts"]]
    assert {attempt["cost_usd"] for attempt in attempts} == {None, "0.0123"}
    assert data["usage"]["total"]["cost_usd"] == "0.0123"
    assert (data["began"], data["ended"]) == (100.0, 113.0)
    assert [event["kind"] for worker in data["workers"] for event in worker["events"]] == ["began", "killed", "resumed"]
    assert timeline_data(build_timeline([]))["workers"] == []


@pytest.mark.parametrize("theme", list(Theme))
async def test_a_png_is_a_picture_of_the_drawing(theme: Theme) -> None:
    evidence = Evidence.load(Path(__file__).parents[1] / "chaos" / "data" / "stormy.json")
    timeline = build_timeline([await evidence.record()], evidence.known, evidence.rows)
    png = timeline_png(timeline, theme=theme)
    assert png.startswith(b"\x89PNG")
    height = re.search(r'height="(\d+)"', timeline_svg(timeline))
    assert height
    assert int.from_bytes(png[16:20]) == 2400
    assert int.from_bytes(png[20:24]) == 2 * int(height[1])


def test_without_the_renderer_of_pictures_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(StateError, match=r"pip install 'outlast\[png\]'"):
        timeline_png(story())


def test_without_a_font_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import resvg_py

    monkeypatch.setattr(resvg_py, "svg_to_bytes", lambda **_: b"the same without letters")
    with pytest.raises(StateError, match="fonts-dejavu-core"):
        timeline_png(story())


@pytest.mark.parametrize(
    ("wanted", "output", "form"),
    [
        (None, None, Drawing.TEXT),
        (None, "run.SVG", Drawing.SVG),
        (None, "run.htm", Drawing.HTML),
        (None, "run.log", Drawing.TEXT),
        (Drawing.JSON, "run.svg", Drawing.JSON),
    ],
)
def test_the_format_follows_the_word_then_the_name(wanted: Drawing | None, output: str | None, form: Drawing) -> None:
    assert chosen_drawing(wanted, Path(output) if output else None) is form


def test_a_drawing_that_can_not_be_delivered_is_refused_before_anything_is_read(
    outlast: Outlast, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = outlast("trace", "x", "--output", "none/x.svg")
    assert (refused.code, "there is no folder" in refused.err) == (2, True)
    refused = outlast("trace", "x", "--json", "--format", "svg")
    assert (refused.code, "exclude each other" in refused.err) == (2, True)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    refused = outlast("trace", "x", "--format", "png")
    assert (refused.code, "give --output FILE" in refused.err) == (2, True)


def test_drawing_needs_no_connection_and_no_agents() -> None:
    code = (
        "import sys, outlast.trace.svg; print('temporalio.worker' in sys.modules, 'pydantic_ai.agent' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert told.stdout.split() == ["False", "False"]
