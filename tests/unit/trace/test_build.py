"""A timeline says what history says: who made which attempt, what cut it, and who went on."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from pathlib import Path

from outlast.chaos.interruptions import Interruption, Target
from outlast.chaos.records import End, Ending, Failed, Pickup, Silence, Status
from outlast.durable.takeover import OUTLIVED_DRAIN, WORKER_DIED
from outlast.trace.build import build_timeline
from outlast.trace.timeline import Bar, Fate, Mark, MarkKind, Timeline
from outlast.trace.workers import NOBODY
from tests.unit.chaos.building import row
from tests.unit.chaos.evidence import Evidence

from .building import JOB, ONE, POD, RUN, SEARCH, TWO, answer, job, run, step

STORM = Evidence.load(Path(__file__).parents[1] / "chaos" / "data" / "stormy.json")


def bars(timeline: Timeline, worker: str) -> list[Bar]:
    return [bar for found in timeline.rows if found.name == worker for bar in found.bars]


def marks(timeline: Timeline) -> list[tuple[str, MarkKind, float]]:
    return [(name, mark.kind, mark.at) for name, mark in timeline.events]


def died(worker: str) -> Failed:
    return Failed(WORKER_DIED, f"the worker {worker} died")


def test_a_step_is_a_bar_in_the_row_of_its_worker() -> None:
    cost = Decimal("0.25")
    timeline = build_timeline([job(step(answer=answer(cost)), step("2", kind=SEARCH, worker=TWO))])
    assert [found.name for found in timeline.rows] == ["process 100", "process 200"]
    (bar,) = bars(timeline, "process 100")
    assert (bar.role, bar.attempt, bar.start, bar.end, bar.fate) == ("planner", 1, 101.0, 103.0, Fate.DONE)
    assert (bar.input_tokens, bar.output_tokens, bar.cost_usd, bar.asks_model) == (100, 20, cost, True)
    (search,) = bars(timeline, "process 200")
    assert (search.role, search.asks_model, search.cost_usd) == ("searcher", False, None)
    assert (timeline.title, timeline.status, timeline.began, timeline.ended) == (JOB, "Completed", 100.0, 103.0)


def test_its_total_is_the_sum_of_recorded_responses() -> None:
    steps = (
        step(answer=answer(Decimal("0.10"))),
        step("2", answer=answer(Decimal("0.02"))),
        step("3", answer=answer()),
    )
    timeline = build_timeline([job(*steps)])
    assert timeline.total.cost_usd == Decimal("0.12")
    assert timeline.total.requests == 3
    assert timeline.total.unpriced_requests == 1
    assert sum(bar.cost_usd or 0 for bar in timeline.bars) == timeline.total.cost_usd


def test_an_attempt_whose_worker_died_is_cut_in_the_row_of_the_dead() -> None:
    taken = step(attempt=2, started=105.0, recorded=106.0, worker=TWO, failures={1: died(ONE)})
    timeline = build_timeline([job(taken)], [Interruption(Target.WORKER, 102.0, 102.0, ONE, "a test")])
    (cut,) = bars(timeline, "process 100")
    assert (cut.fate, cut.attempt, cut.end, cut.surmised) == (Fate.CUT, 1, 102.0, True)
    (done,) = bars(timeline, "process 200")
    assert (done.fate, done.attempt) == (Fate.DONE, 2)
    assert ("process 100", MarkKind.KILLED, 102.0) in marks(timeline)


def test_signs_of_one_death_are_one_mark_at_the_surest_moment() -> None:
    taken = step(attempt=2, started=105.0, recorded=106.0, worker=TWO, failures={1: died(ONE)})
    lost = run(taken, silences=(Silence(100.5, 104.0, ONE),))
    timeline = build_timeline([job(runs=(lost,))])
    killed = [mark for _, mark in timeline.events if mark.kind is MarkKind.KILLED]
    assert [(mark.at, mark.until) for mark in killed] == [(100.5, 104.0)]


def test_a_ledger_tells_the_times_that_history_forgets() -> None:
    failed = step(attempt=3, started=108.0, recorded=109.0, failures={2: Failed("ModelHTTPError", "429")})
    rows = [
        row(job=JOB, run=RUN, activity="1", attempt=1, started=101.0, ended=101.5, outcome="fault:rate_limit"),
        row(job=JOB, run=RUN, activity="1", attempt=2, started=104.0, ended=104.5, outcome="fault:rate_limit"),
    ]
    first, second, last = build_timeline([job(failed)], requests=rows).bars
    assert [(bar.start, bar.end, bar.surmised) for bar in (first, second)] == [
        (101.0, 101.5, False),
        (104.0, 104.5, False),
    ]
    assert (second.fate, second.why) == (Fate.RETRIED, "ModelHTTPError: 429")
    assert (last.start, last.fate) == (108.0, Fate.DONE)


def test_attempts_without_a_record_stand_between_what_is_known_and_say_so() -> None:
    failed = step(attempt=3, started=104.0, recorded=105.0, failures={2: Failed("HEARTBEAT", timed_out=True)})
    first, second, _ = build_timeline([job(failed)]).bars
    assert [(bar.start, bar.end) for bar in (first, second)] == [(100.0, 102.0), (102.0, 104.0)]
    assert first.surmised
    assert second.surmised
    assert (first.fate, first.why) == (Fate.RETRIED, "the history keeps no cause")
    assert (second.fate, second.why) == (Fate.CUT, "its worker fell silent")


def test_an_attempt_that_outlived_the_drain_of_its_worker_is_cut() -> None:
    failures = {1: Failed(OUTLIVED_DRAIN, "attempt 1 outlived the drain of its worker")}
    first, _ = build_timeline([job(step(attempt=2, started=104.0, recorded=105.0, failures=failures))]).bars
    assert (first.fate, first.why) == (Fate.CUT, "it outlived the drain of its worker")


def test_a_worker_that_took_over_is_marked_with_what_it_replayed() -> None:
    pickups = (Pickup(100.0, ONE, 0), Pickup(105.0, TWO, 7, 0.012))
    timeline = build_timeline([job(step(), pickups=pickups)])
    assert marks(timeline) == [
        ("process 100", MarkKind.BEGAN, 100.0),
        ("process 200", MarkKind.RESUMED, 105.0),
    ]
    assert timeline.events[1][1].text == "process 200 took peru up: 7 recorded steps replayed in 12 ms"


def test_going_on_as_a_new_run_is_marked() -> None:
    again = run(step("9", run="run-2"), run="run-2", pickups=(Pickup(110.0, ONE, 0),), began=110.0)
    timeline = build_timeline([job(runs=(run(step(), status=Status.CONTINUED), again))])
    assert ("process 100", MarkKind.CONTINUED, 110.0) in marks(timeline)
    assert timeline.status == "Completed"


def test_what_is_under_way_lasts_until_it_was_read_and_what_waits_has_no_worker() -> None:
    waits = step("2", attempt=0, started=None, worker=None, recorded=None)
    timeline = build_timeline([job(step(recorded=None), waits, status=Status.RUNNING, read_at=120.0)])
    (running,) = bars(timeline, "process 100")
    assert (running.fate, running.end) == (Fate.RUNNING, 120.0)
    (waiting,) = bars(timeline, NOBODY)
    assert (waiting.fate, waiting.start, waiting.end) == (Fate.WAITING, 100.0, 120.0)
    assert timeline.rows[-1].name == NOBODY


def test_an_attempt_after_which_the_next_one_is_waited_for_failed() -> None:
    waits = step(recorded=None, failures={1: Failed("ModelHTTPError", "429")})
    (bar,) = build_timeline([job(waits, status=Status.RUNNING, read_at=120.0)]).bars
    assert (bar.fate, bar.start, bar.end, bar.why) == (Fate.RETRIED, 101.0, 101.0, "ModelHTTPError: 429")


def test_an_attempt_under_way_whose_worker_is_known_dead_is_cut() -> None:
    running = job(step(recorded=None), status=Status.RUNNING, read_at=120.0)
    (bar,) = build_timeline([running], [Interruption(Target.WORKER, 102.0, 102.0, ONE)]).bars
    assert (bar.fate, bar.sure_until, bar.end) == (Fate.CUT, 102.0, 120.0)


def test_steps_that_ended_without_a_result_say_how() -> None:
    for ending, fate in ((Ending.FAILED, Fate.FAILED), (Ending.CANCELLED, Fate.CANCELLED)):
        (bar,) = build_timeline([job(step(recorded=None, ends=(End(9, ending, 104.0),)))]).bars
        assert (bar.fate, bar.end, bar.why) == (fate, 104.0, ending.value)


def test_what_jobs_need_and_was_away_belongs_to_no_worker() -> None:
    away = Interruption(Target.TEMPORAL, 101.0, 102.0, "", "a test")
    before = dataclasses.replace(away, at=1.0, until=2.0)
    timeline = build_timeline([job(step())], [away, before])
    assert timeline.marks == (Mark(kind=MarkKind.AWAY, at=101.0, until=102.0, text="Temporal died or was away"),)


def test_jobs_that_ran_side_by_side_share_rows_and_one_death() -> None:
    other = step(attempt=2, started=105.0, recorded=106.0, worker=TWO, failures={1: died(ONE)})
    jobs = [job(other), job(other, name="chile"), job(step(recorded=None), name="bolivia", status=Status.RUNNING)]
    timeline = build_timeline(jobs, [Interruption(Target.WORKER, 102.0, 102.0, ONE)], title="three jobs")
    assert timeline.title == "three jobs"
    assert timeline.status == "1 Running, 2 Completed"
    assert [found.name for found in timeline.rows] == ["process 100", "process 200"]
    assert [kind for _, kind, _ in marks(timeline)].count(MarkKind.KILLED) == 1


def test_a_container_that_restarts_keeps_the_row_of_its_pod() -> None:
    steps = (step(worker=f"{POD}/1700000000.5"), step("2", worker=f"{POD}/1700000009.5"))
    (found,) = build_timeline([job(*steps, pickups=())]).rows
    assert found.name == "worker-6d5f7-abcde"


async def test_a_real_run_through_four_deaths_is_drawn_as_it_was() -> None:
    timeline = build_timeline([await STORM.record()], STORM.known, STORM.rows)
    fates = [(bar.kind.removeprefix("agent__"), bar.attempt, str(bar.fate)) for bar in timeline.bars]
    assert fates == [
        ("outlast__setup", 1, "done"),
        ("planner__model_request", 1, "cut"),
        ("planner__model_request", 2, "cut"),
        ("planner__model_request", 3, "done"),
        ("planner__toolset__sources__call_tool", 1, "cut"),
        ("planner__toolset__sources__call_tool", 2, "done"),
        ("planner__model_request", 1, "done"),
        ("searcher__model_request", 1, "retried"),
        ("searcher__model_request", 2, "retried"),
        ("searcher__model_request", 3, "done"),
        ("searcher__toolset__sources__call_tool", 1, "done"),
        ("searcher__model_request", 1, "done"),
        ("analyst__model_request", 1, "retried"),
        ("analyst__model_request", 2, "cut"),
        ("analyst__model_request", 3, "done"),
    ]
    assert not any(bar.surmised for bar in timeline.bars)
    killed = {name for name, mark in timeline.events if mark.kind is MarkKind.KILLED}
    assert killed == {"worker-1", "worker-2", "worker-3", "worker-5"}
    for found in timeline.rows:
        death = next((mark for mark in found.marks if mark.kind is MarkKind.KILLED), None)
        assert all(death is None or bar.sure_until <= death.until for bar in found.bars)


async def test_the_same_run_without_ledger_and_witnesses_keeps_its_order() -> None:
    bare = build_timeline([await STORM.record()]).bars
    told = build_timeline([await STORM.record()], STORM.known, STORM.rows).bars
    assert [(bar.activity, bar.attempt, bar.fate) for bar in bare] == [
        (bar.activity, bar.attempt, bar.fate) for bar in told
    ]
