"""What the `outlast` command exits with. `outlast.errors` gives each error its code; these are the rest."""

from __future__ import annotations

from typing import ClassVar

from outlast.errors import OutlastError

DONE = 0
"""What was asked for is done; for `run` and `report`: here is the report."""

FAILED = 1
"""The job ended without a report, or something that is needed does not work."""

USAGE = 2
"""The words of the command are off; nothing was started."""

NOT_OVER = 3
"""The job is not over: it was left running, or waits for a person."""

INTERRUPTED = 130
"""Ctrl-C: the job was cancelled, or stands still until it is run again."""

TERMINATED = 143
"""SIGTERM: the job stands still until it is run again."""

TABLE = (
    "Exit codes: 0 done, 1 failed, 2 wrong usage and nothing was started, 3 the job is not over (left running, or "
    "waits for a person), 130 interrupted (cancelled by Ctrl-C, or stopped to be resumed), 143 stopped by SIGTERM."
)


class NotOverError(OutlastError):
    """The job is not over, so what was asked for is not there yet."""

    exit_code: ClassVar[int] = NOT_OVER
