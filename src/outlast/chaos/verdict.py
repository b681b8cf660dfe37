"""Three answers, since a check that could not be made is not a check that was passed."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Verdict(StrEnum):
    """What a checker says."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """False if any is, else unknown if any is, else true; unknown for none at all."""
    found = set(verdicts)
    for verdict in (Verdict.FALSE, Verdict.UNKNOWN):
        if verdict in found:
            return verdict
    return Verdict.TRUE if found else Verdict.UNKNOWN
