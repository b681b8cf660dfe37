"""One digest for one report, whoever computes it: sha256 over JSON with sorted keys and no space."""

from __future__ import annotations

import hashlib
import json

from outlast.research.models import Report


def report_sha256(report: Report) -> str:
    """Hex digest of a report in canonical form."""
    canonical = json.dumps(report.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
