"""Imports of a process that goes on for days: what they make stays, so no garbage is to be found in it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def imports_that_stay() -> Iterator[None]:
    """Collect no garbage while the block imports, nor ever look at what it imported again.

    A seventh of a start is spent in collections that find nothing, and each later one would pass through all of it.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
