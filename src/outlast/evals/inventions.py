"""How inventions are told."""

from __future__ import annotations

from collections.abc import Sequence

SHOWN = 2
"""Inventions that a verdict lists."""


def told(found: Sequence[str]) -> str:
    """The first inventions, and how many more there are."""
    more = f" And {len(found) - SHOWN} more." if len(found) > SHOWN else ""
    return " ".join(found[:SHOWN]) + more
