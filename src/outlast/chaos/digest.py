"""One digest for one report, whoever computes it: sha256 over JSON with sorted keys and no space."""

from __future__ import annotations

import hashlib
import json

from pydantic import BaseModel

from outlast.games.models import GameResult
from outlast.research.models import Report
from outlast.research.state import ResearchResult


def report_sha256(report: Report) -> str:
    """Hex digest of a report in canonical form."""
    return _sha256(report)


def outcome_sha256(result: ResearchResult | GameResult) -> str:
    """Hex digest of what a job came to: its report, or the transcript and the end of a game, without what it cost."""
    if isinstance(result, ResearchResult):
        return report_sha256(result.report)
    return _sha256(result, without={"usage", "models"})


def _sha256(document: BaseModel, without: set[str] | None = None) -> str:
    data = document.model_dump(mode="json", exclude=without)
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
