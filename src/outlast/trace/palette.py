"""The colours of drawings, light and dark, as one style sheet that every drawing carries.

Colours are set by class and nowhere else, so that a page can allow exactly this style sheet by its hash.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

ROLES = 8
"""Agents that have a colour of their own; more of them begin anew."""

NO_ROLE = "ol-r-none"
"""Class of steps that serve no agent."""


@dataclass(frozen=True, slots=True)
class _Colours:
    page: str
    ink: str
    soft: str
    line: str
    band: str
    on: str
    """Of words on a bar."""
    bad: str
    good: str
    none: str
    """Of steps that serve no agent."""
    roles: tuple[str, ...]


class Theme(StrEnum):
    """Which colours a drawing has."""

    AUTO = "auto"
    """Those that its reader's system asks for."""
    LIGHT = "light"
    DARK = "dark"


_LIGHT = _Colours(
    page="#ffffff",
    ink="#1b1f24",
    soft="#57606a",
    line="#d8dee4",
    band="#f6f8fa",
    on="#ffffff",
    bad="#c62a1c",
    good="#1a7f37",
    none="#6e7781",
    roles=("#2f6fd0", "#b8600b", "#0f7f72", "#7c4dcc", "#b83b78", "#6b7012", "#1f7a9e", "#85582f"),
)
_DARK = _Colours(
    page="#0f141a",
    ink="#e6edf3",
    soft="#9da7b1",
    line="#2f363f",
    band="#171d25",
    on="#0f141a",
    bad="#ff7b70",
    good="#57c26e",
    none="#8b949e",
    roles=("#6cb6ff", "#f0a04b", "#4fd0c0", "#b79cf7", "#f28bbd", "#c3c954", "#7fd3ee", "#d2a679"),
)

_SHAPES = """\
.ol-trace text { font-size: 11px; font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial,
  "DejaVu Sans", "Liberation Sans", sans-serif; }
.ol-trace .ol-title { font-size: 17px; font-weight: 600; }
.ol-trace .ol-name { font-size: 12px; font-weight: 600; }
.ol-trace .ol-small { font-size: 10px; }
.ol-tool { fill-opacity: .22; }
.ol-bar { stroke-width: 1; }
.ol-surmised { stroke-dasharray: 3 2; fill-opacity: .45; }
.ol-waiting { fill: none; stroke-dasharray: 1 3; }
.ol-cancelled { fill-opacity: .3; }
.ol-bad-edge { fill: none; stroke-width: 1.6; }
.ol-wire { stroke-width: 1; }
.ol-dash { stroke-dasharray: 2 3; }
.ol-veil { fill-opacity: .1; }
"""


def role_class(role: str, roles: list[str]) -> str:
    """Class of an agent's colour, by its place among all of them."""
    return f"ol-r{roles.index(role) % ROLES}" if role in roles else NO_ROLE


@cache
def stylesheet(theme: Theme = Theme.AUTO) -> str:
    """The style sheet of drawings in a theme."""
    if theme is Theme.LIGHT:
        return _SHAPES + _rules(_LIGHT)
    if theme is Theme.DARK:
        return _SHAPES + _rules(_DARK)
    return f"{_SHAPES}{_rules(_LIGHT)}@media (prefers-color-scheme: dark) {{\n{_rules(_DARK)}}}\n"


def _rules(colours: _Colours) -> str:
    lines = [
        f".ol-page {{ fill: {colours.page}; }}",
        f".ol-ink, .ol-tool-text {{ fill: {colours.ink}; }}",
        f".ol-soft {{ fill: {colours.soft}; }}",
        f".ol-band {{ fill: {colours.band}; }}",
        f".ol-on {{ fill: {colours.on}; }}",
        f".ol-wire {{ stroke: {colours.line}; }}",
        f".ol-bad {{ fill: {colours.bad}; }}",
        f".ol-bad-edge {{ stroke: {colours.bad}; }}",
        f".ol-cross {{ stroke: {colours.on}; stroke-width: 1.6; }}",
        f".ol-good {{ fill: {colours.good}; }}",
        f".{NO_ROLE} {{ fill: {colours.none}; stroke: {colours.none}; }}",
    ]
    lines += [f".ol-r{i} {{ fill: {c}; stroke: {c}; }}" for i, c in enumerate(colours.roles)]
    return "\n".join(lines) + "\n"
