"""Takes the keys of this process out of what others said: a provider may quote a key that it refused.

Errors of steps are recorded, shown and traced, so no key may stand in them, whoever put it there.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

NAMES = ("_KEY", "_TOKEN", "_SECRET", "_PASSWORD")
"""How the names of variables end whose values are nobody's business."""

LEAST_CHARACTERS = 8
"""Shorter values are no keys, and might be part of any word."""

INSTEAD = "[key]"


def redacted(value: Any) -> Any:
    """The same text or plain data without any key that this process's environment holds."""
    keys = sorted(
        {
            found
            for name, found in os.environ.items()
            if name.upper().endswith(NAMES) and len(found) >= LEAST_CHARACTERS
        },
        key=len,
        reverse=True,  # a key that holds another one goes as a whole
    )
    return _without(value, keys) if keys else value


def _without(value: Any, keys: list[str]) -> Any:
    if isinstance(value, str):
        for key in keys:
            value = value.replace(key, INSTEAD)
        return value
    if isinstance(value, Mapping):
        return {_without(name, keys): _without(item, keys) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_without(item, keys) for item in value)
    return value
