"""Ways to falsify evidence, each of which a checker has to notice.

A mutation gets the evidence and a source of choices, and returns what it did in words, or None where the evidence has
nothing that it could falsify. What can't be told from honest evidence is not here: a request that a known death cut or
whose answer it lost, taken out of a ledger that is then numbered anew (the worker could as well have died before it
sent anything); an injected reset that is called a lost connection; a completion moved to later, as long as it stays
before everything that depends on it.
"""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Callable
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from outlast.ledger import LedgerRow

from .evidence import Evidence

Mutation = Callable[[Evidence, random.Random], str | None]

SCHEDULED = EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
STARTED = EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED
COMPLETED = EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED


def mutation(function: Mutation) -> Mutation:
    """Add a mutation to the table."""
    MUTATIONS[function.__name__] = function
    return function


MUTATIONS: dict[str, Mutation] = {}


# Rows.


@mutation
def drop_row(evidence: Evidence, chance: random.Random) -> str | None:
    row = chance.choice(evidence.rows)
    evidence.rows.remove(row)
    return f"row {row.seq} taken out"


@mutation
def drop_answered_row_and_close_the_gap(evidence: Evidence, chance: random.Random) -> str | None:
    row = chance.choice([row for row in _answers(evidence) if _is_last(evidence, row)])
    evidence.rows.remove(row)
    evidence.rows[:] = [dataclasses.replace(other, seq=seq) for seq, other in enumerate(evidence.rows, start=1)]
    return f"row {row.seq} taken out, the others numbered anew"


@mutation
def repeat_row(evidence: Evidence, chance: random.Random) -> str | None:
    row = chance.choice(evidence.rows)
    evidence.rows.append(row)
    return f"row {row.seq} twice"


@mutation
def send_again_within_an_attempt(evidence: Evidence, chance: random.Random) -> str | None:
    row = chance.choice(evidence.rows)
    _add(evidence, row, started=row.started + 0.001)
    return f"row {row.seq} sent again in its attempt"


@mutation
def begin_after_the_record(evidence: Evidence, chance: random.Random) -> str | None:
    row = chance.choice(evidence.rows)
    later = _end_of(evidence, row) + chance.uniform(0.001, 60)
    _replace(evidence, row, started=later, ended=None if row.ended is None else later + 0.1)
    return f"row {row.seq} moved to {later}"


@mutation
def send_again_after_the_record(evidence: Evidence, chance: random.Random) -> str | None:
    row = chance.choice(_answers(evidence))
    later = _end_of(evidence, row) + chance.uniform(0.001, 60)
    _add(evidence, row, started=later, ended=later + 0.1)
    return f"row {row.seq} sent once more at {later}"


@mutation
def begin_before_the_schedule(evidence: Evidence, chance: random.Random) -> str | None:
    row = chance.choice(evidence.rows)
    (event,) = [event for event in _events(evidence, SCHEDULED) if _activity(event) == row.activity]
    sooner = _time(event) - chance.uniform(0.001, 60)
    _replace(evidence, row, started=sooner)
    return f"row {row.seq} moved to {sooner}"


@mutation
def forge_a_step(evidence: Evidence, chance: random.Random) -> str | None:
    row = chance.choice(evidence.rows)
    _add(evidence, row, activity=str(chance.randint(100, 999)))
    return "a row of a step that never was"


@mutation
def forge_a_run(evidence: Evidence, chance: random.Random) -> str | None:
    row = chance.choice(evidence.rows)
    _replace(evidence, row, run="another-run")
    return f"row {row.seq} of another run"


@mutation
def forge_an_attempt(evidence: Evidence, chance: random.Random) -> str | None:
    row = chance.choice(_answers(evidence))
    _add(evidence, row, attempt=(row.attempt or 0) + chance.randint(1, 5))
    return f"an attempt after that of row {row.seq}"


@mutation
def forge_a_kind(evidence: Evidence, chance: random.Random) -> str | None:
    row = chance.choice(evidence.rows)
    _replace(evidence, row, step_kind="agent__other__model_request")
    return f"row {row.seq} of another kind"


@mutation
def forget_the_step(evidence: Evidence, chance: random.Random) -> str | None:
    row = chance.choice(evidence.rows)
    _replace(evidence, row, activity=None, attempt=None)
    return f"row {row.seq} names the job and no step"


@mutation
def spoil_an_answer(evidence: Evidence, chance: random.Random) -> str | None:
    row = chance.choice([row for row in _answers(evidence) if _is_last(evidence, row)])
    outcome = chance.choice([None, "cut", "fault:500", "error:stopped"])
    _replace(evidence, row, outcome=outcome, ended=None if outcome is None else row.ended)
    return f"row {row.seq} ended {outcome}"


@mutation
def excuse_a_fault(evidence: Evidence, chance: random.Random) -> str | None:
    faulty = [row for row in evidence.rows if row.outcome in ("fault:429", "fault:503")]
    if not faulty:
        return None
    row = chance.choice(faulty)
    _replace(evidence, row, outcome=chance.choice(["ok", "cut"]), fault=None)
    return f"row {row.seq} lost its fault"


@mutation
def cook_the_bill(evidence: Evidence, chance: random.Random) -> str | None:
    row = chance.choice([row for row in _answers(evidence) if row.kind == "model" and _is_last(evidence, row)])
    field = chance.choice(["input_tokens", "output_tokens", "cost_micro_usd"])
    _replace(evidence, row, **{field: getattr(row, field) + chance.choice([-1, 1]) * chance.randint(2, 500)})
    return f"row {row.seq} has other {field}"


@mutation
def swap_the_request(evidence: Evidence, chance: random.Random) -> str | None:
    row = chance.choice([row for row in _answers(evidence) if row.kind == "model" and _is_last(evidence, row)])
    _replace(evidence, row, sha256="0" * 64)
    return f"row {row.seq} is another request"


# Events.


@mutation
def drop_event(evidence: Evidence, chance: random.Random) -> str | None:
    events = _run(evidence)
    event = events.pop(chance.randrange(len(events) - 1))
    return f"event {event.event_id} taken out"


@mutation
def repeat_event(evidence: Evidence, chance: random.Random) -> str | None:
    events = _run(evidence)
    event = chance.choice(events)
    events.insert(chance.randint(0, len(events)), event)
    return f"event {event.event_id} twice"


@mutation
def swap_events(evidence: Evidence, chance: random.Random) -> str | None:
    events = _run(evidence)
    first, second = sorted(chance.sample(range(len(events)), 2))
    events[first], events[second] = events[second], events[first]
    return f"events {first + 1} and {second + 1} swapped"


@mutation
def record_twice(evidence: Evidence, chance: random.Random) -> str | None:
    events = _run(evidence)
    event = _copy(chance.choice(_events(evidence, COMPLETED)))
    end = events.pop()
    event.event_id = end.event_id
    end.event_id += 1
    events += [event, end]
    return "a result recorded twice, numbered as if it belonged there"


@mutation
def record_before_the_request(evidence: Evidence, chance: random.Random) -> str | None:
    row = chance.choice([row for row in _answers(evidence) if _is_last(evidence, row)])
    event = _completion(evidence, row)
    event.event_time.FromNanoseconds(int((row.started - chance.uniform(0.001, 0.01)) * 1e9))
    return f"the result to row {row.seq} recorded before it began"


@mutation
def claim_another_attempt(evidence: Evidence, chance: random.Random) -> str | None:
    asked = {row.activity for row in evidence.rows}
    started = [event for event in _events(evidence, STARTED) if _activity_of_start(evidence, event) in asked]
    told = chance.choice(started).activity_task_started_event_attributes
    told.attempt = chance.choice([n for n in range(1, 6) if n != told.attempt])
    return f"an attempt numbered {told.attempt}"


@mutation
def rename_an_activity(evidence: Evidence, chance: random.Random) -> str | None:
    asked = {row.activity for row in evidence.rows}
    event = chance.choice([event for event in _events(evidence, SCHEDULED) if _activity(event) in asked])
    told = event.activity_task_scheduled_event_attributes
    if chance.random() < 0.5:
        told.activity_id = "999"
    else:
        told.activity_type.name = "agent__other__toolset__sources__call_tool"
    return f"activity {told.activity_id} {told.activity_type.name}"


@mutation
def cook_a_response(evidence: Evidence, chance: random.Random) -> str | None:
    responses = [event for event in _events(evidence, COMPLETED) if b'"usage"' in _payload(event).data]
    payload = _payload(chance.choice(responses))
    response: dict[str, Any] = json.loads(payload.data)
    field = chance.choice(["input_tokens", "output_tokens", "cost"])
    response["usage"][field] = "0.123" if field == "cost" else response["usage"][field] + chance.randint(1, 500)
    payload.data = json.dumps(response).encode()
    return f"a recorded response with other {field}"


@mutation
def answer_with_another_response(evidence: Evidence, chance: random.Random) -> str | None:
    responses = [event for event in _events(evidence, COMPLETED) if b'"usage"' in _payload(event).data]
    first, second = chance.sample(responses, 2)
    kept = _payload(first).data
    _payload(first).data = _payload(second).data
    _payload(second).data = kept
    return f"the results in events {first.event_id} and {second.event_id} swapped"


@mutation
def cook_the_result(evidence: Evidence, chance: random.Random) -> str | None:
    payload = _run(evidence)[-1].workflow_execution_completed_event_attributes.result.payloads[0]
    result: dict[str, Any] = json.loads(payload.data)
    used = chance.choice(list(result["usage"].values()))
    used[chance.choice(["requests", "input_tokens", "output_tokens"])] += chance.choice([-1, 1])
    payload.data = json.dumps(result).encode()
    return "a result with other usage"


@mutation
def change_the_report(evidence: Evidence, chance: random.Random) -> str | None:
    payload = _run(evidence)[-1].workflow_execution_completed_event_attributes.result.payloads[0]
    result: dict[str, Any] = json.loads(payload.data)
    result["report"][chance.choice(["answer", "summary"])] += "."
    payload.data = json.dumps(result).encode()
    return "a report that says something else"


@mutation
def erase_a_step(evidence: Evidence, chance: random.Random) -> str | None:
    """Takes a step out of the history without a trace: every event of it, the rest numbered anew."""
    events = _run(evidence)
    asked = {row.activity for row in evidence.rows}
    gone = chance.choice([event for event in _events(evidence, SCHEDULED) if _activity(event) in asked]).event_id
    left = [event for event in events if event.event_id != gone and _scheduled_by(event) != gone]
    numbers = {event.event_id: number for number, event in enumerate(left, start=1)}
    for event in left:
        _renumber(event, numbers)
    events[:] = left
    return f"the activity of event {gone} erased"


def _run(evidence: Evidence) -> list[HistoryEvent]:
    (events,) = evidence.runs.values()
    return events


def _events(evidence: Evidence, kind: int) -> list[HistoryEvent]:
    return [event for event in _run(evidence) if event.event_type == kind]


def _answers(evidence: Evidence) -> list[LedgerRow]:
    return [row for row in evidence.rows if row.outcome == "ok"]


def _is_last(evidence: Evidence, row: LedgerRow) -> bool:
    return all((other.attempt or 0) <= (row.attempt or 0) for other in evidence.rows if other.activity == row.activity)


def _activity(event: HistoryEvent) -> str:
    return event.activity_task_scheduled_event_attributes.activity_id


def _scheduled_by(event: HistoryEvent) -> int:
    if event.event_type == STARTED:
        return event.activity_task_started_event_attributes.scheduled_event_id
    if event.event_type == COMPLETED:
        return event.activity_task_completed_event_attributes.scheduled_event_id
    return 0


def _activity_of_start(evidence: Evidence, event: HistoryEvent) -> str:
    return next(_activity(other) for other in _run(evidence) if other.event_id == _scheduled_by(event))


def _completion(evidence: Evidence, row: LedgerRow) -> HistoryEvent:
    scheduled = next(e.event_id for e in _events(evidence, SCHEDULED) if _activity(e) == row.activity)
    return next(event for event in _events(evidence, COMPLETED) if _scheduled_by(event) == scheduled)


def _end_of(evidence: Evidence, row: LedgerRow) -> float:
    return _time(_completion(evidence, row))


def _time(event: HistoryEvent) -> float:
    return event.event_time.ToNanoseconds() / 1e9


def _payload(event: HistoryEvent) -> Any:
    return event.activity_task_completed_event_attributes.result.payloads[0]


def _copy(event: HistoryEvent) -> HistoryEvent:
    copy = HistoryEvent()
    copy.CopyFrom(event)
    return copy


def _renumber(event: HistoryEvent, numbers: dict[int, int]) -> None:
    event.event_id = numbers[event.event_id]
    for attributes in (event.activity_task_started_event_attributes, event.activity_task_completed_event_attributes):
        if attributes.scheduled_event_id:
            attributes.scheduled_event_id = numbers[attributes.scheduled_event_id]


def _replace(evidence: Evidence, row: LedgerRow, **changes: Any) -> None:
    evidence.rows[evidence.rows.index(row)] = dataclasses.replace(row, **changes)


def _add(evidence: Evidence, row: LedgerRow, **changes: Any) -> None:
    last = max(other.seq for other in evidence.rows)
    evidence.rows.append(dataclasses.replace(row, seq=last + 1, request_id="req_forged", **changes))
