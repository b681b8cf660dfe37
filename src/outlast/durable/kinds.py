"""From a job whose kind is not known beforehand to the jobs of its kind."""

from __future__ import annotations

from typing import Any

from temporalio.client import Client

from outlast.durable.games import Games
from outlast.durable.handles import JobHandles
from outlast.durable.jobs import Jobs
from outlast.durable.summaries import JobSummary

KINDS: dict[str, type[JobHandles[Any, Any, Any]]] = {kind.workflow_type: kind for kind in (Jobs, Games)}
"""By workflow type."""


def of_kind(summary: JobSummary, client: Client) -> JobHandles[Any, Any, Any]:
    """The jobs of the kind that a job is of."""
    return KINDS.get(summary.kind, Jobs)(client, summary.task_queue)
