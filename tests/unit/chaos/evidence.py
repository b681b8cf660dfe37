"""Histories and ledger rows as files: evidence that tests of the checker start from.

What a checker does not look at is taken out, so that the files stay small: prompts, traces, host names.
"""

from __future__ import annotations

import dataclasses
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict, ParseDict
from pydantic_ai.durable_exec.temporal import PydanticAIPayloadConverter
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client
from temporalio.converter import DataConverter

from outlast.chaos.history import job_record
from outlast.chaos.interruptions import Interruption, Target
from outlast.chaos.records import JobRecord
from outlast.ledger import LedgerRow

UNREAD = frozenset({"input", "stackTrace", "details", "header", "searchAttributes", "sdkMetadata", "requestId"})
"""Fields that no checker looks at."""

SIGNATURE = re.compile(r"\d+@[^@\s\"]+@\d+")
"""How a process signs: the host is nobody's business."""

CONVERTER = DataConverter(payload_converter_class=PydanticAIPayloadConverter)


@dataclass(frozen=True)
class Evidence:
    """One job."""

    job: str
    runs: dict[str, list[HistoryEvent]]
    rows: list[LedgerRow]
    known: list[Interruption]

    async def record(self) -> JobRecord:
        """As a checker reads it."""
        return await job_record(CONVERTER, self.job, self.runs)

    def copy(self) -> Evidence:
        """The same, to be falsified."""
        runs = {run: [_copied(event) for event in events] for run, events in self.runs.items()}
        return Evidence(self.job, runs, list(self.rows), list(self.known))

    def save(self, path: Path) -> None:
        """Write it to a file."""
        document: dict[str, Any] = {
            "job": self.job,
            "runs": {run: [MessageToDict(event) for event in events] for run, events in self.runs.items()},
            "rows": [row.as_json() for row in self.rows],
            "known": [dataclasses.asdict(interruption) for interruption in self.known],
        }
        path.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")

    @classmethod
    def load(cls, path: Path) -> Evidence:
        """Read it from a file."""
        document = json.loads(path.read_text())
        return cls(
            job=document["job"],
            runs={
                run: [ParseDict(event, HistoryEvent()) for event in events] for run, events in document["runs"].items()
            },
            rows=[LedgerRow.from_json(row) for row in document["rows"]],
            known=[Interruption(**{**one, "target": Target(one["target"])}) for one in document["known"]],
        )


def _copied(event: HistoryEvent) -> HistoryEvent:
    copy = HistoryEvent()
    copy.CopyFrom(event)
    return copy


async def collect(client: Client, job: str, rows: list[LedgerRow], known: list[Interruption]) -> Evidence:
    """Collect the evidence on a job; its rows are numbered anew, as if the ledger held no others."""
    description = await client.get_workflow_handle(job).describe()
    events = [event async for event in client.get_workflow_handle(job).fetch_history_events()]
    own = [dataclasses.replace(row, seq=seq) for seq, row in enumerate((r for r in rows if r.job == job), start=1)]
    first, last = events[0].event_time.seconds, events[-1].event_time.seconds + 1
    near = [interruption for interruption in known if first <= interruption.at <= last]
    return Evidence(job, {str(description.run_id): _pruned(events)}, own, near)


def _pruned(events: list[HistoryEvent]) -> list[HistoryEvent]:
    text = json.dumps([_without(MessageToDict(event)) for event in events])
    names: dict[str, str] = {}
    text = SIGNATURE.sub(lambda match: names.setdefault(match[0], f"worker-{len(names) + 1}"), text)
    return [ParseDict(event, HistoryEvent()) for event in json.loads(text)]


def _without(node: Any) -> Any:
    if isinstance(node, list):
        return [_without(item) for item in node]
    if isinstance(node, dict):
        return {key: _without(value) for key, value in node.items() if key not in UNREAD}
    return node
