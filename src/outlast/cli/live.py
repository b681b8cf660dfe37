"""Progress drawn on a terminal: the plan with each search, tokens, dollars, what was replayed, what fails."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from rich.console import Console
from rich.live import Live

from outlast.cli.console import stderr
from outlast.cli.picture import Frame, Picture, plan_picture
from outlast.cli.story import Begun, Ended, Resumed, Snapshot, Where
from outlast.render.plaintext import one_line
from outlast.research.models import Plan
from outlast.research.state import Progress

ProgressT = TypeVar("ProgressT", bound=Where)

FRAMES_PER_SECOND = 8


class Drawing(Generic[ProgressT]):
    """Draws a job of any kind.

    Args:
        picture: What is drawn.
        console: Where to; a terminal.
    """

    def __init__(self, picture: Frame[ProgressT], console: Console | None = None) -> None:
        self._console = console or stderr()
        self._picture = picture
        self._live: Live | None = None
        self._closed = False

    def began(self, begun: Begun) -> None:
        """Start to draw."""
        self._picture.begun = begun
        self._start()

    def resumed(self, resumed: Resumed) -> None:
        """What was replayed."""
        self._picture.resumed = resumed

    def moved(self, snapshot: Snapshot[ProgressT]) -> None:
        """Where it is now."""
        self._picture.moved(snapshot)

    def note(self, text: str) -> None:
        """A line above the picture."""
        (self._live.console if self._live else self._console).print(one_line(text), style="yellow")

    def busy(self, text: str) -> None:
        """A line in the picture."""
        self._picture.doing = text

    def ended(self, ended: Ended) -> None:
        """The last frame, which stays."""
        self._picture.ended = ended
        self._stop(keep=True)

    def failed(self, why: str) -> None:
        """Told by `entry`, as every error is."""

    def show_plan(self, plan: Plan) -> None:
        """The whole plan."""
        self._console.print(plan_picture(plan))

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Take the picture away for a while."""
        drawn = self._live is not None
        self._stop(keep=False)
        try:
            yield
        finally:
            if drawn and not self._closed:
                self._start()

    def close(self) -> None:
        """Leave the last frame, and draw no more."""
        self._closed = True
        self._stop(keep=True)

    def _start(self) -> None:
        self._live = Live(
            console=self._console,
            refresh_per_second=FRAMES_PER_SECOND,
            get_renderable=lambda: self._picture,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start(refresh=True)

    def _stop(self, *, keep: bool) -> None:
        if self._live is not None:
            self._live.transient = not keep
            self._live.stop()
            self._live = None


class LiveView(Drawing[Progress]):
    """Draws a research job.

    Args:
        console: Where to; a terminal.
    """

    def __init__(self, console: Console | None = None) -> None:
        super().__init__(Picture(began=time.monotonic()), console)
