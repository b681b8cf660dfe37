"""Fetches a job's events once, for all that is read from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client

from outlast.evals.measure import TOOL_CALL
from outlast.sources.passage import digest

TITLE_CHARACTERS = 80
"""Of a text that has no title."""

Histories = Mapping[str, Sequence[HistoryEvent]]
"""Events by run id, oldest run first."""


async def fetch(client: Client, job: str) -> Histories:
    """Every event of every run of a job.

    Raises:
        RPCError: Temporal does not answer, or knows no such job.
    """
    runs: dict[str, list[HistoryEvent]] = {}
    run = (await client.get_workflow_handle(job).describe()).run_id
    while run:
        handle = client.get_workflow_handle(job, run_id=run)
        runs[run] = [event async for event in handle.fetch_history_events()]
        run = runs[run][0].workflow_execution_started_event_attributes.continued_execution_run_id
    return dict(reversed(runs.items()))


async def returned_passages(client: Client, histories: Histories) -> dict[str, str]:
    """Titles of every passage that a recorded tool call returned, by the hash of its text."""
    found: dict[str, str] = {}
    for events in histories.values():
        kinds = {
            event.event_id: event.activity_task_scheduled_event_attributes.activity_type.name
            for event in events
            if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
        }
        for event in events:
            told = event.activity_task_completed_event_attributes
            if kinds.get(told.scheduled_event_id, "").endswith(TOOL_CALL):
                for value in await client.data_converter.decode(list(told.result.payloads)):
                    found.update(_passages(value))
    return found


def _passages(value: Any) -> Iterator[tuple[str, str]]:
    """Hash and title of what `research.agents.search` returns: what models see, and beside it what they don't."""
    result = value.get("result") if isinstance(value, dict) else None
    if isinstance(result, str):  # of an MCP server: the job made a passage of the text
        yield digest(result), result[:TITLE_CHARACTERS]
    if not isinstance(result, dict):
        return
    beside = (result.get("metadata") or {}).get("passages") or []
    for seen, rest in zip(result.get("return_value") or [], beside, strict=False):
        yield rest["sha256"], seen["title"]
