from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from outlast.offline.faults import AimedFault, Fault, FaultConfig, FaultKind, decide
from outlast.offline.injector import FaultInjector
from outlast.steps import Step

SEARCHER = Step(job="ns/a", run="r", activity="1", kind="agent__searcher__model_request", attempt=1)
ANALYST = Step(job="ns/b", run="r", activity="2", kind="agent__analyst__model_request", attempt=1)


def kinds(config: FaultConfig, seed: int = 0, count: int = 4000) -> Counter[FaultKind | None]:
    faults = (decide(config, seed, f"{number}", 1) for number in range(count))
    return Counter(fault.kind if fault else None for fault in faults)


def test_nothing_strikes_by_default() -> None:
    assert kinds(FaultConfig()) == {None: 4000}


def test_rates_are_kept_by_kind() -> None:
    found = kinds(FaultConfig(rates={FaultKind.RATE_LIMIT: 0.2, FaultKind.STALL: 0.1}))
    assert set(found) == {FaultKind.RATE_LIMIT, FaultKind.STALL, None}
    assert found[FaultKind.RATE_LIMIT] / 4000 == pytest.approx(0.2, abs=0.03)
    assert found[FaultKind.STALL] / 4000 == pytest.approx(0.1, abs=0.03)


def test_a_total_rate_is_shared_by_weight() -> None:
    found = kinds(FaultConfig(rate=0.6, mix={FaultKind.RESET: 2, FaultKind.MALFORMED: 1}))
    assert found[FaultKind.RESET] / 4000 == pytest.approx(0.4, abs=0.03)
    assert found[FaultKind.MALFORMED] / 4000 == pytest.approx(0.2, abs=0.03)


def test_a_total_rate_without_weights_has_every_kind() -> None:
    assert set(kinds(FaultConfig(rate=1.0))) == set(FaultKind)


@given(st.integers(), st.text(), st.integers(min_value=1))
def test_the_same_request_meets_the_same_fault(seed: int, request_hash: str, nth: int) -> None:
    config = FaultConfig(rate=0.5)
    assert decide(config, seed, request_hash, nth) == decide(config, seed, request_hash, nth)


def test_another_seed_is_another_run_and_the_configured_seed_goes_first() -> None:
    config = FaultConfig(rate=0.5)
    runs = [[decide(config, seed, f"{n}", 1) for n in range(50)] for seed in (1, 2)]
    assert runs[0] != runs[1]
    fixed = config.model_copy(update={"seed": 1})
    assert [decide(fixed, 2, f"{n}", 1) for n in range(50)] == runs[0]


def test_a_request_that_is_sent_again_gets_through() -> None:
    config = FaultConfig(rate=0.9)
    for number in range(100):
        assert any(decide(config, 0, f"{number}", nth) is None for nth in range(1, 200))


def test_a_bound_lets_every_request_through_in_the_end() -> None:
    config = FaultConfig(rate=1.0, max_per_request=2)
    assert [decide(config, 0, "a", nth) is not None for nth in (1, 2, 3, 4)] == [True, True, False, False]


def test_a_fault_carries_its_lengths() -> None:
    config = FaultConfig(rates={FaultKind.STALL: 1.0}, retry_after_seconds=0.25, stall_seconds=3)
    assert decide(config, 0, "a", 1) == Fault(FaultKind.STALL, 0.25, 3)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"rates": {"429": 0.7, "500": 0.7}}, "add up to 1.4"),
        ({"rates": {"429": 0.1}, "rate": 0.1}, "give either"),
        ({"mix": {"429": 1}}, "give a `rate`"),
        ({"rates": {"teapot": 0.1}}, "429"),
        ({"rate": 2}, "less than or equal to 1"),
        ({"stall_seconds": 0}, "greater than 0"),
        ({"aimed": [{"kind": "reset", "count": 0}]}, "greater than 0"),
        ({"rats": {}}, "Extra inputs"),
    ],
)
def test_a_configuration_that_makes_no_sense_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        FaultConfig.model_validate(fields)


def test_the_injector_counts_sends_by_job() -> None:
    injector = FaultInjector(FaultConfig(rate=1.0, max_per_request=1), seed=0)
    struck = [injector.next("a", step) is not None for step in (SEARCHER, ANALYST, None, SEARCHER, ANALYST, None)]
    assert struck == [True, True, True, False, False, False]


def test_an_aimed_fault_strikes_so_many_requests_of_its_steps() -> None:
    aimed = AimedFault(kind=FaultKind.RESET, steps="agent__searcher__*", count=2)
    injector = FaultInjector(FaultConfig(aimed=(aimed,)), seed=0)
    steps = [ANALYST, SEARCHER, None, SEARCHER, SEARCHER]
    assert [bool(injector.next(f"{n}", step)) for n, step in enumerate(steps)] == [False, True, False, True, False]
    assert injector.remaining().aimed == ()


def test_aimed_faults_know_jobs_and_meet_foreign_clients_only_without_an_aim() -> None:
    at_b = AimedFault(kind=FaultKind.STALL, job="ns/b")
    anyone = AimedFault(kind=FaultKind.RESET)
    injector = FaultInjector(FaultConfig(aimed=(at_b, anyone)), seed=0)
    found = [injector.next("a", step) for step in (None, ANALYST, None)]
    assert [fault.kind if fault else None for fault in found] == [FaultKind.RESET, FaultKind.STALL, None]


def test_replacing_the_faults_starts_aimed_ones_over_and_ends_the_others() -> None:
    injector = FaultInjector(FaultConfig(rate=1.0), seed=0)
    assert injector.next("a", None)
    injector.replace(FaultConfig(aimed=(AimedFault(kind=FaultKind.RESET),)))
    assert injector.remaining().aimed[0].count == 1
    assert injector.next("a", None)
    assert injector.next("a", None) is None


def test_the_longest_unseen_requests_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outlast.offline.injector.REMEMBERED", 2)
    injector = FaultInjector(FaultConfig(rate=1.0, max_per_request=1), seed=0)
    for request_hash in ("a", "b", "c"):
        injector.next(request_hash, None)
    assert injector.next("a", None) is not None
    assert injector.next("c", None) is None
