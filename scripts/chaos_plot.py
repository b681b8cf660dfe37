"""Draws what the same kills cost durable jobs and plain scripts: `python -m scripts.chaos_plot [REPORT]`.

Reads the report of `outlast chaos run k8s/chaos/plans/compare.yaml --execute --plain --json`, keeps its figures in
docs/images/chaos.json, and draws docs/images/chaos.svg from those. Without a report it draws them anew.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

IMAGES = Path(__file__).parents[1] / "docs" / "images"
KEPT, PICTURE = IMAGES / "chaos.json", IMAGES / "chaos.svg"

WIDTH, HEIGHT = 860, 330
PANEL, GAP, LEFT, BASE, TOP = 240, 40, 30, 262, 104

_STYLE = """\
text { font: 13px/1 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "DejaVu Sans", sans-serif;
  fill: #1b1f24; font-variant-numeric: tabular-nums; }
.title { font-size: 17px; font-weight: 600; } .soft { fill: #57606a; font-size: 12px; } .bold { font-weight: 600; }
.page { fill: #ffffff; } .calm { fill: #9aa4ae; } .durable { fill: #1a7f37; } .plain { fill: #b42318; }
.line { stroke: #d0d7de; }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3; } .soft { fill: #9da7b1; } .page { fill: #0f141a; }
  .calm { fill: #59636e; } .durable { fill: #57c26e; } .plain { fill: #ff8a80; } .line { stroke: #373e47; } }
"""


@dataclass(frozen=True)
class Panel:
    """One measure."""

    title: str
    base: str
    """Field of the undisturbed runs."""
    more: str
    """Field of what was added."""
    unit: str

    def said(self, value: float) -> str:
        """A figure for people."""
        return self.unit.format(value)


PANELS = (
    Panel("Time", "undisturbed_seconds", "seconds", "{:,.0f} s"),
    Panel("Tokens", "undisturbed_tokens", "tokens", "{:,.0f}"),
    Panel("Dollars", "undisturbed_micro_usd", "micro_usd", "${:,.2f}"),
)


def main() -> None:
    """Entry point."""
    if len(sys.argv) > 1:
        report = json.loads(Path(sys.argv[1]).read_text())
        kept = {key: report[key] for key in ("verdict", "jobs", "kills", "comparable", "plain")}
        KEPT.write_text(json.dumps(kept, indent=1) + "\n")
    PICTURE.write_text(draw(json.loads(KEPT.read_text())))


def draw(figures: dict[str, Any]) -> str:
    """The picture."""
    title = f"What {figures['kills']} kills cost {figures['jobs']} research jobs"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}">',
        f"<title>{title}</title>",
        f"<style>{_STYLE}</style>",
        f'<rect class="page" width="{WIDTH}" height="{HEIGHT}"/>',
        f'<text class="title" x="{LEFT}" y="34">{title}</text>',
        f'<text class="soft" x="{LEFT}" y="56">The same jobs and the same kills, in the middle of the same requests: '
        "outlast, and a plain script started anew each time.</text>",
        *_legend(),
    ]
    for number, panel in enumerate(PANELS):
        parts += _panel(panel, figures, LEFT + number * (PANEL + GAP))
    return "\n".join([*parts, "</svg>", ""])


def _legend() -> Iterator[str]:
    for x, css, word in (
        (LEFT, "calm", "undisturbed"),
        (140, "durable", "added, outlast"),
        (266, "plain", "added, plain"),
    ):
        yield f'<rect class="{css}" x="{x}" y="{HEIGHT - 26}" width="11" height="11" rx="2"/>'
        yield f'<text class="soft" x="{x + 17}" y="{HEIGHT - 16}">{word}</text>'


def _panel(panel: Panel, figures: dict[str, Any], x: int) -> Iterator[str]:
    sides = (("outlast", "durable", figures["comparable"]), ("plain script", "plain", figures["plain"]))
    scale = 1e6 if panel.more == "micro_usd" else 1.0
    most = max(side[panel.base] + max(0.0, side[panel.more]) for _, _, side in sides)
    yield f'<text class="bold" x="{x}" y="{TOP - 14}">{panel.title}</text>'
    yield f'<path class="line" d="M{x} {BASE + 0.5}h{PANEL}"/>'
    for number, (who, css, side) in enumerate(sides):
        left, width = x + 16 + number * 112, 84
        base, more = side[panel.base], max(0.0, side[panel.more])
        tall, added = ((BASE - TOP - 22) * value / most for value in (base, more))
        share = 100 * side[panel.more] / base
        yield f'<rect class="calm" x="{left}" y="{BASE - tall:.1f}" width="{width}" height="{tall:.1f}"/>'
        yield f'<rect class="{css}" x="{left}" y="{BASE - tall - added:.1f}" width="{width}" height="{added:.1f}"/>'
        middle = left + width / 2
        yield (
            f'<text class="bold" x="{middle}" y="{BASE - tall - added - 7:.1f}" text-anchor="middle">'
            f"{panel.said((base + more) / scale)}</text>"
        )
        yield f'<text class="soft" x="{middle}" y="{BASE + 17}" text-anchor="middle">{who} {share:+.0f}%</text>'


if __name__ == "__main__":
    main()
