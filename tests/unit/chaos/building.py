"""Small records and rows, with defaults that fit together: a test says what is different."""

from __future__ import annotations

import dataclasses
from typing import Any

from outlast.chaos.join import JoinedStep, LedgerCopy
from outlast.chaos.records import Answer, End, Ending, JobRecord, RunRecord, Status, StepRecord
from outlast.ledger import LedgerRow

JOB, RUN = "ns/peru", "run-1"
PLANNER = "agent__planner__model_request"
SEARCH = "agent__searcher__toolset__sources__call_tool"
SHA256 = "a" * 64


def row(**changes: Any) -> LedgerRow:
    """A request that began at 101 and was answered at 102."""
    plain = LedgerRow(
        seq=1,
        request_id="req_1",
        kind="model",
        name="offline",
        job=JOB,
        run=RUN,
        activity="1",
        step_kind=PLANNER,
        attempt=1,
        subject="large",
        sha256=SHA256,
        fault=None,
        started=101.0,
        ended=102.0,
        outcome="ok",
        status=200,
        input_tokens=10,
        output_tokens=5,
        cost_micro_usd=75,
    )
    if "outcome" in changes and changes["outcome"] is None:
        changes.setdefault("ended", None)
    if "started" in changes:
        changes.setdefault("ended", changes["started"] + 0.5)
    if "seq" in changes:
        changes.setdefault("request_id", f"req_{changes['seq']}")
    return dataclasses.replace(plain, **changes)


def step(**changes: Any) -> StepRecord:
    """A model step that was scheduled at 100 and recorded at 103, in one attempt."""
    changes = {"completed": 103.0} | changes
    completed = changes.pop("completed")
    fields: dict[str, Any] = {
        "run": RUN,
        "activity": "1",
        "kind": PLANNER,
        "event": 5,
        "scheduled": 100.0,
        "attempt": 1,
        "started": 100.5,
        "worker": "worker-1",
        "ends": () if completed is None else (End(7, Ending.COMPLETED, completed),),
    }
    if completed is not None and changes.get("kind", PLANNER) == PLANNER:
        fields["answer"] = Answer("large", f"chatcmpl-{SHA256[:24]}", 10, 5, None)
    return StepRecord(**(fields | changes))


def job(*steps: StepRecord, status: Status = Status.COMPLETED, **changes: Any) -> JobRecord:
    """A job of one run with these steps."""
    run = RunRecord(run=RUN, status=status, events=10, steps=steps)
    return JobRecord(**{"job": JOB, "runs": (run,), **changes})


def joined(recorded: StepRecord, *rows: LedgerRow) -> JoinedStep:
    """A step with its requests."""
    return JoinedStep(JOB, recorded, rows)


def ledger(*rows: LedgerRow) -> LedgerCopy:
    """A ledger of these rows, numbered as they stand."""
    return LedgerCopy("ledger", tuple(dataclasses.replace(one, seq=seq) for seq, one in enumerate(rows, start=1)))
