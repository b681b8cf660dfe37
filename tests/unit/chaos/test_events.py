from __future__ import annotations

from typing import Any

from google.protobuf.json_format import ParseDict
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent

from outlast.chaos.events import failures_before, run_record
from outlast.chaos.records import Failed, Pickup, RunRecord, Silence, Status

STARTED = {"workflowExecutionStartedEventAttributes": {"workflowType": {"name": "DeepResearch"}}}


def events(*told: tuple[str, dict[str, Any]]) -> list[HistoryEvent]:
    """Events one second apart, numbered from 1."""
    return [
        ParseDict(
            {"eventId": number, "eventTime": f"1970-01-01T00:{number // 60:02}:{number % 60:02}Z",
             "eventType": f"EVENT_TYPE_{kind}", **attributes},
            HistoryEvent(),
        )
        for number, (kind, attributes) in enumerate(told, start=1)
    ]  # fmt: skip


def task_started(worker: str) -> tuple[str, dict[str, Any]]:
    return "WORKFLOW_TASK_STARTED", {"workflowTaskStartedEventAttributes": {"identity": worker}}


def task_completed(worker: str) -> tuple[str, dict[str, Any]]:
    return "WORKFLOW_TASK_COMPLETED", {"workflowTaskCompletedEventAttributes": {"identity": worker}}


def scheduled(activity: str = "1") -> tuple[str, dict[str, Any]]:
    told = {"activityId": activity, "activityType": {"name": "agent__planner__model_request"}}
    return "ACTIVITY_TASK_SCHEDULED", {"activityTaskScheduledEventAttributes": told}


def started(of: int, attempt: int = 1, failure: dict[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
    told = {"scheduledEventId": of, "identity": "a", "attempt": attempt}
    if failure is not None:
        told["lastFailure"] = failure
    return "ACTIVITY_TASK_STARTED", {"activityTaskStartedEventAttributes": told}


def completed(of: int) -> tuple[str, dict[str, Any]]:
    told = {"scheduledEventId": of, "identity": "a"}
    return "ACTIVITY_TASK_COMPLETED", {"activityTaskCompletedEventAttributes": told}


ENDED: tuple[str, dict[str, Any]] = ("WORKFLOW_EXECUTION_COMPLETED", {"workflowExecutionCompletedEventAttributes": {}})


def record(*told: tuple[str, dict[str, Any]]) -> RunRecord:
    return run_record("run-1", events(("WORKFLOW_EXECUTION_STARTED", STARTED), *told), {})


def died(worker: str, before: dict[str, Any] | None = None) -> dict[str, Any]:
    failure: dict[str, Any] = {"message": f"{worker} died", "applicationFailureInfo": {"type": "WorkerDied"}}
    return failure | ({"cause": before} if before else {})


def test_a_step_from_schedule_to_end() -> None:
    run = record(scheduled(), started(2, 2, {"applicationFailureInfo": {"type": "X"}}), completed(2), ENDED)
    (step,) = run.steps
    assert (run.status, run.events, run.flaws) == (Status.COMPLETED, 5, ())
    assert (step.scheduled, step.started, step.completed, step.attempt) == (2.0, 3.0, 4.0, 2)
    assert step.failures == {1: Failed("X")}
    assert (step.role, step.asks_model, step.asks_source) == ("planner", True, False)


def test_a_step_that_began_but_did_not_end_tells_no_attempt() -> None:
    (step,) = record(scheduled()).steps
    assert (step.attempt, step.closed) == (None, None)


def test_a_step_cancelled_before_it_began_has_no_attempt() -> None:
    told = {"activityTaskCanceledEventAttributes": {"scheduledEventId": 2}}
    (step,) = record(scheduled(), ("ACTIVITY_TASK_CANCELED", told)).steps
    assert (step.attempt, step.completed, step.closed) == (0, None, 3.0)


def test_deaths_hand_on_what_was_before_them() -> None:
    limited = {"message": "slow down", "applicationFailureInfo": {"type": "ModelHTTPError"}, "cause": {"message": "x"}}
    failure = ParseDict(died("b", died("a", limited)), Failure())
    assert failures_before(5, failure) == {
        4: Failed("WorkerDied", "b died"),
        3: Failed("WorkerDied", "a died"),
        2: Failed("ModelHTTPError", "slow down"),
    }
    assert failures_before(2, failure) == {1: Failed("WorkerDied", "b died")}


def test_drains_hand_on_too() -> None:
    drained = {"message": "outlived", "applicationFailureInfo": {"type": "OutlivedDrain"}, "cause": died("a", {})}
    found = failures_before(3, ParseDict(drained, Failure()))
    assert found == {2: Failed("OutlivedDrain", "outlived"), 1: Failed("WorkerDied", "a died")}


def test_timeouts_say_which_one() -> None:
    failure = ParseDict({"timeoutFailureInfo": {"timeoutType": "TIMEOUT_TYPE_HEARTBEAT"}}, Failure())
    assert failures_before(2, failure) == {1: Failed("HEARTBEAT", timed_out=True)}


def test_messages_are_cut_and_folded() -> None:
    failure = ParseDict({"message": "a\n b" + "x" * 500, "applicationFailureInfo": {"type": "T"}}, Failure())
    (failed,) = failures_before(2, failure).values()
    assert failed.message.startswith("a bxxx")
    assert len(failed.message) == 200


def test_another_worker_is_a_pickup_with_what_it_replays() -> None:
    run = record(
        task_started("a"),
        task_completed("a"),
        scheduled(),
        started(4),
        completed(4),
        task_started("b"),
        task_completed("b"),
    )
    assert run.pickups == (Pickup(2.0, "a", 0, 1.0), Pickup(7.0, "b", 1, 1.0))


def test_a_task_that_timed_out_is_a_silence_and_makes_the_next_one_a_pickup() -> None:
    lost: tuple[str, dict[str, Any]] = ("WORKFLOW_TASK_TIMED_OUT", {"workflowTaskTimedOutEventAttributes": {}})
    run = record(task_started("a"), task_completed("a"), lost, task_started("a"))
    assert run.silences == (Silence(3.0, 4.0, "a"),)
    assert [pickup.at for pickup in run.pickups] == [2.0, 5.0]


def test_a_task_failed_for_a_dead_worker_is_one_too_and_any_other_failure_is_none() -> None:
    failed = {"failure": {"applicationFailureInfo": {"type": "WorkerDied"}}}
    dead = ("WORKFLOW_TASK_FAILED", {"workflowTaskFailedEventAttributes": failed})
    bug = ("WORKFLOW_TASK_FAILED", {"workflowTaskFailedEventAttributes": {"failure": {"message": "bug"}}})
    assert len(record(task_started("a"), dead).silences) == 1
    assert record(task_started("a"), bug).silences == ()


def test_missing_repeated_and_stray_events_are_flaws() -> None:
    whole = events(("WORKFLOW_EXECUTION_STARTED", STARTED), scheduled(), started(2), completed(2), ENDED)
    assert run_record("r", whole, {}).flaws == ()
    assert run_record("r", [*whole[:2], *whole[3:]], {}).flaws[0] == "events 3 to 3 are missing"
    assert "stands where event 4 belongs" in run_record("r", [*whole[:3], whole[2], *whole[3:]], {}).flaws[0]
    assert any("no event scheduled" in flaw for flaw in run_record("r", [whole[0], *whole[2:]], {}).flaws)
    assert any("follows the end" in flaw for flaw in run_record("r", [*whole, whole[0]], {}).flaws)
    assert any("nothing says that it started" in flaw for flaw in run_record("r", [*whole[:2], *whole[3:]], {}).flaws)


def test_an_activity_scheduled_or_started_twice_is_a_flaw() -> None:
    assert any("scheduled twice" in flaw for flaw in record(scheduled("1"), scheduled("1")).flaws)
    assert any("started twice" in flaw for flaw in record(scheduled(), started(2), started(2)).flaws)
