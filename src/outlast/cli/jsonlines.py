"""The story as JSON lines on standard output, the report as the last of them: for machines."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from outlast.cli.story import Begun, Ended, Resumed, Snapshot
from outlast.render.document import ReportDocument
from outlast.render.game import GameDocument, game_data
from outlast.render.jsonreport import dump, report_data
from outlast.research.models import Plan


class JsonView:
    """Writes an event a line."""

    def __init__(self) -> None:
        self._last: dict[str, Any] = {}

    def began(self, begun: Begun) -> None:
        """`began`."""
        self._write("began", asdict(begun))

    def resumed(self, resumed: Resumed) -> None:
        """`resumed`."""
        self._write("resumed", asdict(resumed))

    def moved(self, snapshot: Snapshot[Any]) -> None:
        """`progress`, when there is any."""
        troubles = [
            {"step": trouble.kind, "attempt": trouble.attempt, "reason": trouble.reason}
            for trouble in snapshot.troubles
        ]
        now = {**snapshot.progress.model_dump(mode="json"), "failing": troubles}
        if now != self._last:
            self._last = now
            self._write("progress", now)

    def note(self, text: str) -> None:
        """`note`."""
        self._write("note", {"text": text})

    def busy(self, text: str) -> None:
        """Nothing: machines can wait."""

    def ended(self, ended: Ended) -> None:
        """`ended`."""
        self._write("ended", {"seconds": round(ended.seconds, 3), "usage": ended.usage.model_dump(mode="json")})

    def failed(self, why: str) -> None:
        """`failed`, the last line."""
        self._write("failed", {"why": why})

    def show_plan(self, plan: Plan) -> None:
        """`plan`."""
        self._write("plan", plan.model_dump(mode="json"))

    def report(self, document: ReportDocument) -> None:
        """`report`, the last line."""
        self._write("report", report_data(document))

    def result(self, document: GameDocument) -> None:
        """`result` of a game, the last line."""
        self._write("result", game_data(document))

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Lines are in nobody's way."""
        yield

    def close(self) -> None:
        """Nothing to put back."""

    def _write(self, event: str, data: dict[str, Any]) -> None:
        sys.stdout.write(dump({"event": event, **data}) + "\n")
        sys.stdout.flush()
