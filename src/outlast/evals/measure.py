"""What a run took, read from its recorded history: never from what a model says or how many messages it sent."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, ConfigDict

from outlast.chaos.accounts import recorded_usage
from outlast.chaos.records import JobRecord, StepRecord
from outlast.usage.meter import Usage

TOOL_CALL = "__call_tool"
"""How the kinds of steps end that call a tool; the names are durable contracts of Pydantic AI."""


class Measures(BaseModel):
    """What one run took."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    steps: int
    """Recorded tool calls: searches of a research job, questions of a game."""
    requests: int
    """Recorded model requests."""
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal
    """A lower bound when there are unpriced requests."""
    unpriced_requests: int
    retries: int
    """Attempts beyond the first of every step, whatever cut or failed it."""
    seconds: float
    """From start to end, waiting for a worker included."""

    @property
    def tokens(self) -> int:
        """In and out together."""
        return self.input_tokens + self.output_tokens


def measure(job: JobRecord, ended: datetime | None, roles: Collection[str] | None = None) -> Measures:
    """Measure one ended run.

    Args:
        job: Its history.
        ended: When it ended.
        roles: Agents whose requests count; None is all of them. Others are part of the task.
    """
    usage = sum((used for role, used in recorded_usage(job).items() if roles is None or role in roles), Usage())
    return Measures(
        steps=sum(is_tool_call(step) and step.completed is not None for step in job.steps),
        requests=usage.requests,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cost_usd=usage.cost_usd,
        unpriced_requests=usage.unpriced_requests,
        retries=sum(max(0, (step.attempt or 1) - 1) for step in job.steps),
        seconds=max(0.0, ended.timestamp() - job.began) if ended else 0.0,
    )


def is_tool_call(step: StepRecord) -> bool:
    """Whether it calls a tool."""
    return step.kind.endswith(TOOL_CALL)
