from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outlast.chaos.summary import Spread, summarize
from outlast.chaos.verdict import Verdict
from tests.unit.chaos.campaigns import outcome, plain, struck

TIMES = st.lists(st.floats(0, 1e6), min_size=1, max_size=200)


@given(values=TIMES)
def test_every_figure_of_a_spread_was_measured_and_shares_are_kept(values: list[float]) -> None:
    spread = Spread.of("kill worker", values)
    assert {spread.p50, spread.p95, spread.most} <= set(values)
    assert sum(value <= spread.p50 for value in values) >= 0.5 * len(values)
    assert sum(value <= spread.p95 for value in values) >= 0.95 * len(values)
    assert spread.most == max(values)


def test_a_campaign_adds_up() -> None:
    jobs = [outcome(None), outcome(0, struck(1.0), struck(2.0)), outcome(1, struck(5.0), struck(hit=False, kills=0))]
    told = summarize("try", 7, jobs, [plain(None), plain(0)])
    assert (told.jobs, told.clean, told.aimed, told.hit, told.kills) == (2, 2, 4, 3, 3)
    assert told.verdict is Verdict.TRUE
    assert [(one.kind, one.count, one.p50, one.most) for one in told.went_on] == [("kill worker", 3, 2.0, 5.0)]
    assert told.figures["replayed_steps"] == 6
    assert told.resent_by_cause == {"cut: worker died": 2}
    assert told.durable is not None
    assert (told.durable.seconds, told.durable.tokens) == (8.0, 0)
    assert told.comparable is not None
    assert told.comparable.jobs == 1
    assert told.plain is not None
    assert (told.plain.seconds, told.plain.tokens, told.plain.micro_usd, told.plain.restarts) == (11.0, 1500, 7000, 2)
    assert json.loads(json.dumps(told.as_json(), default=str))["verdict"] == "true"


def test_one_job_that_is_not_clean_spoils_it() -> None:
    jobs = [outcome(0, struck()), outcome(1, struck(), verdict=Verdict.FALSE, rulings={"resent": Verdict.FALSE})]
    told = summarize("try", 7, jobs)
    assert told.verdict is Verdict.FALSE
    assert told.invariants == {"resent": Verdict.FALSE}


@pytest.mark.parametrize("jobs", [[], [outcome(None)], [outcome(0)], [outcome(0, struck(hit=False))]])
def test_a_campaign_in_which_no_blow_fell_proves_nothing(jobs: list[object]) -> None:
    assert summarize("try", 7, jobs).verdict is Verdict.UNKNOWN  # type: ignore[arg-type]


@pytest.mark.parametrize(("hits", "bound"), [(0, 1.0), (60, 0.0487), (1000, 0.00299)])
def test_the_bound_is_that_of_no_loss_in_so_many_blows(hits: int, bound: float) -> None:
    told = summarize("try", 7, [outcome(place, struck()) for place in range(hits)])
    assert told.bound == pytest.approx(bound, rel=0.01)
