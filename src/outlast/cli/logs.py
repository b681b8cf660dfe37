"""Logs: to a file under a command that draws on the terminal, to standard error as text or JSON for a worker."""

from __future__ import annotations

import contextlib
import json
import logging
import sys
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from temporalio.runtime import Runtime

_OWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
"""What every record holds; anything else was added by the caller and belongs into the line."""


@cache
def quiet_runtime() -> Runtime:
    """A runtime of Temporal's SDK that writes nothing to the terminal, where we draw."""
    from temporalio.runtime import Runtime, TelemetryConfig

    return Runtime(telemetry=TelemetryConfig(logging=None))


def log_to_file(path: Path) -> None:
    """Send everything that this process logs to a file; where that can't be written, nowhere."""
    root = logging.getLogger()
    root.setLevel(logging.WARNING)
    handler: logging.Handler = logging.NullHandler()
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handler = logging.FileHandler(path, delay=True)
        handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s %(message)s"))
    root.handlers = [handler]
    logging.raiseExceptions = False  # a full disk is said once, by what needs the disk


def log_to_stderr(style: Literal["text", "json"]) -> None:
    """Send everything that this process logs to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if style == "json" else TextFormatter())
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.handlers = [handler]


class TextFormatter(logging.Formatter):
    """One line for people: time, level, message, and what the caller added."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Format a record."""
        from outlast.render.plaintext import plain

        added = " ".join(f"{name}={value}" for name, value in _added(record).items())
        return plain(super().format(record) + (f"  {added}" if added else ""))


class JsonFormatter(logging.Formatter):
    """One JSON object a line for machines."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_added(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def _added(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in record.__dict__.items() if name not in _OWN and not name.startswith("_")}
