from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from outlast.chaos.schedule import COMBINATIONS, DEADLY, Manner, Moment, Stop, Strike, Victim, by_job, schedule

SEEDS = st.integers(0, 2**32 - 1)


@given(seed=SEEDS, count=st.integers(0, 200))
def test_a_seed_gives_the_same_schedule_again(seed: int, count: int) -> None:
    strikes = schedule(seed, count)
    assert strikes == schedule(seed, count)
    assert len(strikes) == count


@given(seed=SEEDS)
def test_every_combination_comes_once_before_any_comes_twice(seed: int) -> None:
    strikes = schedule(seed, 2 * len(COMBINATIONS))
    for half in (strikes[: len(COMBINATIONS)], strikes[len(COMBINATIONS) :]):
        assert {(one.victim, one.manner, one.moment, one.stop) for one in half} == set(COMBINATIONS)


@given(seed=SEEDS, count=st.integers(0, 100))
def test_jobs_meet_every_strike_once_and_in_the_order_of_their_steps(seed: int, count: int) -> None:
    strikes = schedule(seed, count)
    jobs = by_job(strikes)
    assert Counter(one for job in jobs for one in job) == Counter(strikes)
    order = list(Stop)
    for job in jobs:
        stops = [order.index(one.stop) for one in job]
        assert stops == sorted(set(stops))


@given(seed=SEEDS)
def test_only_deaths_of_workers_go_untold(seed: int) -> None:
    strikes = schedule(seed, 80, untold=1.0, again=1.0)
    assert {one.victim for one in strikes if not one.told} == DEADLY
    assert all(one.again is (one.victim in DEADLY and one.moment is not Moment.RECORDED) for one in strikes)


def test_a_strike_reads_as_a_sentence() -> None:
    strike = Strike(Victim.WORKER, Moment.IN_FLIGHT, Stop.SEARCH, told=False, again=True)
    assert str(strike) == "worker when search is in flight, untold, twice"


@given(seed=SEEDS, count=st.integers(1, 100))
def test_rare_kinds_of_blows_come_as_often_as_those_of_many_moments(seed: int, count: int) -> None:
    rare = (Victim.MODEL, Manner.STORM, Moment.BEFORE, Stop.ANALYST)
    kinds = Counter((one.victim, one.manner) for one in schedule(seed, count, (*COMBINATIONS, rare)))
    assert max(kinds.values()) - min([*kinds.values(), *([0] if len(kinds) < 5 else [])]) <= 1


@given(seed=SEEDS, count=st.integers(1, 100), most=st.integers(1, 7))
def test_no_job_meets_more_than_it_may(seed: int, count: int, most: int) -> None:
    strikes = schedule(seed, count)
    jobs = by_job(strikes, most)
    assert Counter(one for job in jobs for one in job) == Counter(strikes)
    assert max(map(len, jobs)) <= most


def test_moments_of_the_whole_job_come_first_and_last() -> None:
    strikes = [
        Strike(Victim.OPERATOR, Moment.FINALIZING, Stop.PLANNER),
        Strike(Victim.WORKER, Moment.IN_FLIGHT, Stop.SEARCH),
        Strike(Victim.OPERATOR, Moment.STARTING, Stop.PLANNER),
    ]
    assert [one.moment for one in by_job(strikes)[0]] == [Moment.STARTING, Moment.IN_FLIGHT, Moment.FINALIZING]
    assert str(strikes[0]) == "operator when the job is finalizing"
