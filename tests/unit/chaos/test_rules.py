from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest

from outlast.chaos.check import check
from outlast.chaos.interruptions import Interruption, Target
from outlast.chaos.join import LedgerCopy
from outlast.chaos.proof import Proof
from outlast.chaos.records import Answer, End, Ending, Failed, Pickup, RunRecord, Silence, Status
from outlast.chaos.verdict import Verdict
from outlast.usage.meter import Usage

from .building import JOB, PLANNER, RUN, SEARCH, SHA256, job, ledger, row, step


def verdicts(proof: Proof) -> dict[str, str]:
    """What does not hold, by name."""
    return {ruling.name: ruling.verdict.value for ruling in proof.rulings if ruling.verdict is not Verdict.TRUE}


def test_one_step_and_its_request_are_clean() -> None:
    assert check([job(step())], [ledger(row())]).verdict is Verdict.TRUE


def test_nothing_proves_nothing() -> None:
    assert check([], []).verdict is Verdict.UNKNOWN
    assert check([job()], [ledger(row(job="ns/chile"))]).verdict is Verdict.UNKNOWN
    assert check([job(step(completed=None), status=Status.RUNNING)], [ledger(row())]).verdict is Verdict.UNKNOWN


def test_a_job_without_a_ledger_is_unknown() -> None:
    proof = check([job(step())], [])
    assert proof.verdict is Verdict.UNKNOWN
    assert "no ledger was read" in proof.as_text()


def test_a_ledger_that_can_not_be_read_is_unknown() -> None:
    proof = check([job(step())], [ledger(row())], unread=["The ledger x is corrupt."])
    assert verdicts(proof) == {"ledger": "unknown"}


@pytest.mark.parametrize(
    ("status", "leftovers", "found"),
    [
        (Status.COMPLETED, None, None),
        (Status.COMPLETED, [], "true"),
        (Status.COMPLETED, ["peru: still there after its deletion"], "false"),
        (Status.RUNNING, [], "false"),
    ],
)
def test_what_is_left_behind_is_a_violation_where_somebody_looked(
    status: Status, leftovers: list[str] | None, found: str | None
) -> None:
    proof = check([job(step(), status=status)], [ledger(row())], leftovers=leftovers)
    said = {ruling.name: ruling.verdict.value for ruling in proof.rulings}
    assert said.get("left-behind") == found


def test_rows_of_other_jobs_are_passed_over() -> None:
    other = row(seq=2, job="ns/chile", activity="99", started=500.0)
    foreign = row(seq=3, job=None, run=None, activity=None, step_kind=None, attempt=None)
    assert check([job(step())], [ledger(row(), other, foreign)]).verdict is Verdict.TRUE


def test_rows_of_an_earlier_job_of_the_same_id_are_passed_over_and_told() -> None:
    began = dataclasses.replace(job(step()).runs[0], began=99.9)
    proof = check([job(runs=(began,))], [ledger(row(run="run-0", started=50.0), row(seq=2))])
    assert (proof.verdict, proof.figures.requests) == (Verdict.TRUE, 1)
    assert "1 of earlier jobs of the same id" in proof.as_text()


def test_two_ledgers_that_hold_the_same_rows_count_once() -> None:
    proof = check([job(step())], [ledger(row()), ledger(row())])
    assert (proof.verdict, proof.figures.requests) == (Verdict.TRUE, 1)


def test_models_and_sources_may_keep_ledgers_of_their_own() -> None:
    search = step(activity="2", kind=SEARCH, event=9, scheduled=104.0, started=104.0, completed=106.0)
    searched = row(kind="source", name="factbook", activity="2", step_kind=SEARCH, started=104.5, ended=105.0)
    proof = check([job(step(), search)], [ledger(row()), ledger(dataclasses.replace(searched, request_id="req_2"))])
    assert proof.verdict is Verdict.TRUE, proof.as_text()


def test_a_search_without_a_row_is_no_fault_where_no_ledger_watches_sources() -> None:
    search = step(activity="2", kind=SEARCH, event=9, scheduled=104.0, completed=106.0)
    assert check([job(step(), search)], [ledger(row())]).verdict is Verdict.TRUE


def test_a_model_that_keeps_no_ledger_is_unknown() -> None:
    answer = Answer("gpt-5", "resp_1", 10, 5, Decimal(1))
    elsewhere = step(activity="2", event=9, scheduled=104.0, started=104.0, completed=106.0, answer=answer)
    proof = check([job(step(), elsewhere)], [ledger(row())])
    assert verdicts(proof) == {"answered": "unknown"}
    assert "gpt-5" in proof.as_text()


def test_a_step_with_two_ends_is_a_violation() -> None:
    ends = (End(7, Ending.COMPLETED, 103.0), End(9, Ending.COMPLETED, 104.0))
    assert verdicts(check([job(step(ends=ends))], [ledger(row())])) == {"completed-once": "false"}


def test_a_step_that_its_job_left_behind_is_unknown() -> None:
    left = step(activity="2", event=9, scheduled=101.0, attempt=None, started=None, completed=None)
    assert verdicts(check([job(step(), left)], [ledger(row())])) == {"completed-once": "unknown"}


def test_a_request_after_the_record_is_a_violation_that_names_rows_and_times() -> None:
    again = row(seq=2, attempt=2, started=103.5, ended=104.0)
    recorded = step(attempt=2, started=102.5, failures={1: Failed("WorkerDied")})
    proof = check([job(recorded)], [ledger(row(), again)])
    assert verdicts(proof)["nothing-after"] == "false"
    assert "row 2 (attempt 2) began at 103.500, 0.500 s after the end of the step" in proof.as_text()


def test_skew_is_granted() -> None:
    late = row(started=103.2, ended=103.4)
    assert check([job(step())], [ledger(late)], skew=0.3).verdict is Verdict.TRUE
    assert check([job(step())], [ledger(late)]).verdict is Verdict.FALSE


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"activity": "9"}, "which the history does not have"),
        ({"run": "run-9"}, "which the history does not have"),
        ({"attempt": None}, "which the history does not have"),
        ({"attempt": 3}, "names attempt 3, of 1 that were made"),
        ({"attempt": 0}, "names attempt 0"),
        ({"step_kind": SEARCH}, f"calls the step {SEARCH!r}"),
        ({"started": 99.0}, "before the step was scheduled at 100.000"),
        ({"started": 100.2}, "before attempt 1 began at 100.500"),
        ({"ended": 100.9}, "ended at 100.900, before it began"),
    ],
)
def test_a_request_that_belongs_to_no_attempt_is_a_violation(change: dict[str, object], sentence: str) -> None:
    proof = check([job(step())], [ledger(dataclasses.replace(row(), **change))])  # type: ignore[arg-type]
    assert verdicts(proof)["mapped"] == "false"
    assert sentence in proof.as_text()


def test_an_attempt_that_asks_twice_is_a_violation() -> None:
    proof = check([job(step())], [ledger(row(outcome="fault:429"), row(seq=2, started=101.5))])
    assert verdicts(proof) == {"mapped": "false"}
    assert "a client retries on its own" in proof.as_text()


def test_an_attempt_that_asks_two_sources_once_each_is_not() -> None:
    search = step(activity="2", kind=SEARCH, event=9, scheduled=104.0, started=104.0, completed=106.0)
    web, book = (
        row(seq=n, kind="source", name=name, activity="2", step_kind=SEARCH, sha256=name, started=104.5, ended=105.0)
        for n, name in ((2, "web"), (3, "factbook"))
    )
    assert check([job(step(), search)], [ledger(row(), web, book)]).verdict is Verdict.TRUE


def test_sending_something_else_the_second_time_is_a_violation() -> None:
    recorded = step(attempt=2, started=102.5)
    proof = check(
        [job(recorded)], [ledger(row(outcome="fault:429", sha256="b" * 64), row(seq=2, attempt=2, started=102.6))]
    )
    assert verdicts(proof) == {"mapped": "false"}
    assert "are not the same request" in proof.as_text()


def test_what_a_running_job_asks_after_its_history_was_read_is_no_fault() -> None:
    pending = step(completed=None, attempt=1)
    newer = row(seq=2, activity="2", started=200.5)
    retried = row(seq=3, attempt=2, started=200.6)
    running = job(pending, step(activity="3", event=9, completed=103.5), status=Status.RUNNING, read_at=200.0)
    answered = row(seq=4, activity="3")
    proof = check([running], [ledger(row(outcome="fault:429"), newer, retried, answered)])
    assert "mapped" not in verdicts(proof), proof.as_text()


@pytest.mark.parametrize("outcome", [None, "cut", "fault:500"])
def test_a_result_whose_request_was_not_answered_is_a_violation(outcome: str | None) -> None:
    assert verdicts(check([job(step())], [ledger(row(outcome=outcome))]))["answered"] == "false"


def test_a_result_that_is_the_answer_to_another_request_is_a_violation() -> None:
    proof = check([job(step())], [ledger(row(sha256="b" * 64))])
    assert verdicts(proof) == {"answered": "false"}


def test_an_answer_that_history_has_and_no_row_is_a_violation() -> None:
    recorded = step(attempt=2, started=100.5, failures={1: Failed("ModelHTTPError", "HTTP 429")})
    assert verdicts(check([job(recorded)], [ledger(row(attempt=2))])) == {"answered": "false"}


def test_a_refusal_because_nothing_can_be_recorded_needs_no_row() -> None:
    failure = Failed("ModelHTTPError", "HTTP 503: Refused, since it can't be recorded. The ledger is locked.")
    recorded = step(attempt=2, started=100.5, failures={1: failure})
    assert check([job(recorded)], [ledger(row(attempt=2))]).verdict is Verdict.TRUE


def test_an_attempt_that_sent_nothing_is_counted() -> None:
    recorded = step(attempt=2, started=100.5, failures={1: Failed("WorkerDied")})
    figures = check([job(recorded)], [ledger(row(attempt=2))]).figures
    assert (figures.retried_attempts, figures.silent_attempts, figures.resent_requests) == (1, 1, 0)


def test_a_death_that_the_workflow_noticed_explains_a_step_that_it_cut() -> None:
    recorded = step(attempt=3, started=110.0, completed=112.0)
    rows = row(outcome="cut"), row(seq=2, attempt=2, started=105.0, outcome="cut"), row(seq=3, attempt=3, started=111.0)
    record = job(recorded)
    silences = (Silence(101.0, 103.0, "worker-1"), Silence(105.5, 109.0, "worker-2"))
    seen = dataclasses.replace(record, runs=(dataclasses.replace(record.runs[0], silences=silences),))
    assert verdicts(check([record], [ledger(*rows)])) == {"resent": "unknown"}
    proof = check([seen], [ledger(*rows)])
    assert proof.verdict is Verdict.TRUE
    assert proof.figures.resent_by_cause == {"cut: worker died": 2}


def test_lost_and_broken_answers_are_counted_with_their_cost() -> None:
    recorded = step(attempt=3, started=104.0, completed=106.0)
    rows = (
        row(),
        row(seq=2, attempt=2, started=103.0, outcome="fault:reset"),
        row(seq=3, attempt=3, started=104.5, ended=105.0),
    )
    known = [Interruption(Target.WORKER, 102.5, 102.5)]
    figures = check([job(recorded)], [ledger(*rows)], known).figures
    assert (figures.recorded_requests, figures.lost_requests, figures.broken_requests) == (1, 1, 1)
    assert (figures.lost_cost_usd, figures.broken_cost_usd) == (Decimal("0.000075"), Decimal("0.000075"))


def test_usage_in_the_result_has_to_be_the_sum() -> None:
    used = Usage(requests=1, input_tokens=10, output_tokens=5, unpriced_requests=1)
    assert check([job(step(), usage={"planner": used})], [ledger(row())]).verdict is Verdict.TRUE
    more = Usage(requests=2, input_tokens=20, output_tokens=10, unpriced_requests=2)
    assert verdicts(check([job(step(), usage={"planner": more})], [ledger(row())])) == {"usage": "false"}
    nobody = {"planner": used, "analyst": used}
    assert verdicts(check([job(step(), usage=nobody)], [ledger(row())])) == {"usage": "false"}


@pytest.mark.parametrize(
    ("cost", "billed", "verdict"),
    [("0.000075", 75, "true"), ("0.0000741", 75, "true"), ("0.000073", 75, "false"), ("0.000076", 75, "false")],
)
def test_a_cost_may_be_rounded_up_and_no_more(cost: str, billed: int, verdict: str) -> None:
    answer = Answer("large", f"chatcmpl-{SHA256[:24]}", 10, 5, Decimal(cost))
    proof = check([job(step(answer=answer))], [ledger(row(cost_micro_usd=billed))])
    assert verdicts(proof).get("usage", "true") == verdict


def test_what_can_not_be_read_leaves_the_sum_unknown() -> None:
    used = Usage(requests=1, input_tokens=10, output_tokens=5, unpriced_requests=1)
    secret = job(step(answer=None), usage={"planner": used}, unread=("the response in event 7 can't be read",))
    assert check([secret], [ledger(row())]).verdict is Verdict.UNKNOWN


def test_the_report_has_to_be_the_undisturbed_one() -> None:
    record = job(step(), report_sha256="c" * 64)
    assert check([record], [ledger(row())], report_sha256="c" * 64).verdict is Verdict.TRUE
    assert verdicts(check([record], [ledger(row())], report_sha256="d" * 64)) == {"report": "false"}
    assert verdicts(check([job(step())], [ledger(row())], report_sha256="d" * 64)) == {"report": "unknown"}


def test_flaws_of_a_history_are_violations() -> None:
    run = RunRecord(run=RUN, status=Status.COMPLETED, events=9, steps=(step(),), flaws=("events 3 to 4 are missing",))
    assert verdicts(check([job(step(), runs=(run,))], [ledger(row())])) == {"history": "false"}


def test_a_gap_in_the_ledger_is_a_violation() -> None:
    gap = LedgerCopy("ledger", (row(), row(seq=4, job="other")))
    proof = check([job(step())], [gap])
    assert verdicts(proof) == {"ledger": "false"}
    assert "ledger lacks rows 2 to 3" in proof.as_text()


def test_steps_of_all_runs_count() -> None:
    first = RunRecord(run="run-0", status=Status.CONTINUED, events=5, steps=(step(run="run-0"),))
    record = job(runs=(first, *job(step()).runs))
    proof = check([record], [ledger(row(run="run-0"), row(seq=2))])
    assert (proof.verdict, proof.figures.steps) == (Verdict.TRUE, 2)


def test_figures_of_recovery() -> None:
    run = RunRecord(
        run=RUN,
        status=Status.COMPLETED,
        events=9,
        steps=(step(),),
        pickups=(Pickup(100.0, "a", 0, 0.1), Pickup(101.0, "b", 3, 0.02), Pickup(102.0, "c", 4, None)),
    )
    figures = check([job(runs=(run,))], [ledger(row())]).figures
    assert (figures.resumptions, figures.replayed_steps, figures.replay_seconds) == (2, 7, 0.02)


def test_json_and_text_say_the_same() -> None:
    proof = check([job(step())], [ledger(row(outcome="cut"))], report_sha256="c" * 64)
    document = proof.as_json()
    assert document["verdict"] == "false"
    assert {one["name"]: one["verdict"] for one in document["invariants"]}["answered"] == "false"
    (finding,) = next(one for one in document["invariants"] if one["name"] == "answered")["findings"]
    assert (finding["job"], finding["step"], finding["rows"]) == (JOB, f"{PLANNER}#1", [1])
    assert document["figures"]["recorded_cost_usd"] == "0"
    assert "VIOLATED" in proof.as_text()
