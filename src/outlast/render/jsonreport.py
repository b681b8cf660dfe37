"""A report as JSON, safe to print: the same model that the workflow returned, with its job."""

from __future__ import annotations

import json
import re
from typing import Any

from outlast import __version__
from outlast.render.document import STAND_IN_NOTICE, ReportDocument

_CONTROLS = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def report_data(document: ReportDocument) -> dict[str, Any]:
    """The report as plain data."""
    data: dict[str, Any] = {"job": document.job_id, "outlast": __version__}
    if document.by_stand_in:
        data["notice"] = STAND_IN_NOTICE
    return {**data, **document.result.model_dump(mode="json")}


def report_json(document: ReportDocument) -> str:
    """The report as JSON text."""
    return dump(report_data(document), indent=1) + "\n"


def dump(data: Any, indent: int | None = None) -> str:
    """JSON with every control character escaped: JSON itself lets some through that terminals obey."""
    text = json.dumps(data, ensure_ascii=False, indent=indent)
    return _CONTROLS.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
