"""Saying what a long build does: one line a piece of work, with the seconds it has taken.

On a terminal the line is rewritten each second; elsewhere a new one is printed every 30 seconds, so that a CI log shows
life without filling up.
"""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_TERMINAL_INTERVAL_SECONDS = 1.0
_LOG_INTERVAL_SECONDS = 30.0


def say(text: str) -> None:
    """Print one line for the person at the other end; standard output stays free for results."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def progress(label: str) -> Iterator[None]:
    """Show that `label` is being worked on until the block ends, then how long it took."""
    start = time.monotonic()
    over = threading.Event()
    ticker = threading.Thread(target=_tick, args=(label, start, over), daemon=True)
    ticker.start()
    outcome = "failed"
    try:
        yield
        outcome = "done"
    finally:
        over.set()
        ticker.join()
        clear = "\r\033[K" if sys.stderr.isatty() else ""
        say(f"{clear}{label}: {outcome} after {time.monotonic() - start:.1f} s")


def _tick(label: str, start: float, over: threading.Event) -> None:
    terminal = sys.stderr.isatty()
    interval = _TERMINAL_INTERVAL_SECONDS if terminal else _LOG_INTERVAL_SECONDS
    while not over.wait(interval):
        text = f"{label}: {time.monotonic() - start:.0f} s"
        print(f"\r\033[K{text}" if terminal else text, end="" if terminal else "\n", file=sys.stderr, flush=True)
