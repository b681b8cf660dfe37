"""What can go wrong while building or running the cluster, each error with the next step in its text.

ClusterError
├── CommandError     a program ended with an error
├── DeadlineError    a condition did not come true in time
└── PlatformError    this machine lacks something that cannot be installed for it
"""

from pathlib import Path

TAIL_LINES = 15


class ClusterError(Exception):
    """A failure told in one sentence a part: what failed, what was seen, what to do next."""

    def __init__(self, what: str, *, seen: str = "", next_step: str = "") -> None:
        parts = [what]
        if seen:
            parts.append(f"seen: {seen}")
        if next_step:
            parts.append(f"next: {next_step}")
        super().__init__("\n  ".join(parts))


class CommandError(ClusterError):
    """A program ended with an error; the end of what it said is part of the message."""


class DeadlineError(ClusterError):
    """A condition did not come true before its deadline."""


class PlatformError(ClusterError):
    """This machine lacks something that this package cannot install for it."""


def tail(log: Path, lines: int = TAIL_LINES) -> str:
    """The end of a log file, indented for an error message."""
    try:
        text = log.read_text(errors="replace")
    except OSError as error:
        return f"(no log: {error})"
    return last_lines(text, lines) or "(the log is empty)"


def last_lines(text: str, lines: int = TAIL_LINES) -> str:
    """The last lines of a text, indented so that they stand apart from the message around them."""
    return "".join(f"\n    | {line}" for line in text.rstrip().splitlines()[-lines:])
