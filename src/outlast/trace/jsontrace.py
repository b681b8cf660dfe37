"""A timeline as JSON: everything that a drawing shows, for who draws it otherwise."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from outlast import __version__
from outlast.render.jsonreport import dump
from outlast.trace.timeline import Bar, Timeline


def timeline_data(timeline: Timeline) -> dict[str, Any]:
    """The timeline as plain data; times are epoch seconds, dollars are text, so that none of them is rounded."""
    return {
        "outlast": __version__,
        "title": timeline.title,
        "jobs": list(timeline.jobs),
        "status": timeline.status,
        "began": timeline.began,
        "ended": timeline.ended,
        "usage": {
            "total": timeline.total.model_dump(mode="json"),
            **{role: used.model_dump(mode="json") for role, used in timeline.usage.items()},
        },
        "workers": [
            {
                "name": row.name,
                "identity": row.identity,
                "attempts": [_bar(bar) for bar in row.bars],
                "events": [asdict(mark) for mark in row.marks],
            }
            for row in timeline.rows
        ],
        "events": [asdict(mark) for mark in timeline.marks],
        "notes": list(timeline.notes),
    }


def timeline_json(timeline: Timeline) -> str:
    """The timeline as JSON text."""
    return dump(timeline_data(timeline), indent=1) + "\n"


def _bar(bar: Bar) -> dict[str, Any]:
    return {**asdict(bar), "cost_usd": None if bar.cost_usd is None else f"{bar.cost_usd:f}"}
