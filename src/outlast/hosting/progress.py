"""Progress as visibility lists it: two search attributes, for all jobs at once, which a codec can't hide."""

from __future__ import annotations

from outlast.usage.meter import Usage

STAGE_ATTRIBUTE = "OutlastStage"
PROGRESS_ATTRIBUTE = "OutlastProgress"

SEARCH_ATTRIBUTE_TYPES = {STAGE_ATTRIBUTE: "Keyword", PROGRESS_ATTRIBUTE: "Keyword"}
"""What Temporal has to index for us; two keywords, since a database-backed visibility store has few slots."""


def progress_word(stage: str, done: int, planned: int, used: Usage) -> str:
    """Progress as one short word: `Searching 3/9 12 3456 789 0.0123`.

    Stage, searches or questions done and planned, requests, input tokens, output tokens, dollars.
    """
    counted = f"{used.requests} {used.input_tokens} {used.output_tokens} {used.cost_usd:f}"
    return f"{stage} {done}/{planned} {counted}"
