"""Metrics have the names, labels and meanings that a reference page shows, and count what they say."""

from __future__ import annotations

from decimal import Decimal

from prometheus_client.parser import text_string_to_metric_families

from outlast.durable.observer import Observers, StepObserver
from outlast.settings import Settings
from outlast.telemetry.metrics import WorkerMetrics


def test_every_metric_is_named_and_explained() -> None:
    documented = {doc.name: doc for doc in WorkerMetrics(Settings()).describe()}
    assert set(documented) == {
        "outlast_steps_total",
        "outlast_step_seconds",
        "outlast_retries_total",
        "outlast_tokens_total",
        "outlast_cost_usd_total",
        "outlast_unpriced_requests_total",
        "outlast_slots_used",
        "outlast_slots_free",
        "outlast_replays_total",
        "outlast_replayed_steps_total",
        "outlast_build_info",
    }
    assert documented["outlast_steps_total"].labels == ("kind", "outcome")
    assert documented["outlast_step_seconds"].kind == "histogram"
    assert all(doc.meaning.endswith(".") or doc.name == "outlast_build_info" for doc in documented.values())


def test_an_attempt_takes_a_slot_while_it_lasts() -> None:
    metrics = WorkerMetrics(Settings(max_concurrent_steps=3))
    metrics.started("search")
    assert samples(metrics)["outlast_slots_used"] == 1
    assert samples(metrics)["outlast_slots_free"] == 2
    metrics.ended("search", "ok", 0.3)
    found = samples(metrics)
    assert found["outlast_slots_used"] == 0
    assert found["outlast_slots_free"] == 3
    assert found["outlast_step_seconds_sum"] == 0.3


def test_what_has_no_price_is_counted_apart() -> None:
    metrics = WorkerMetrics(Settings())
    metrics.used("m", input_tokens=5, output_tokens=7, cost_usd=Decimal("0.25"))
    metrics.used("m", input_tokens=5, output_tokens=7, cost_usd=None)
    found = samples(metrics)
    assert found["outlast_cost_usd_total"] == 0.25
    assert found["outlast_unpriced_requests_total"] == 1


def test_several_observers_hear_the_same() -> None:
    one, two = WorkerMetrics(Settings()), WorkerMetrics(Settings())
    both: StepObserver = Observers(one, two)
    both.started("search")
    both.ended("search", "ok", 0.1)
    both.retried("search", "cut")
    both.used("m", input_tokens=1, output_tokens=1, cost_usd=None)
    both.replay_began()
    both.replayed("search")
    assert samples(one) == samples(two)
    assert samples(one)["outlast_replays_total"] == 1


def samples(metrics: WorkerMetrics) -> dict[str, float]:
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {sample.name: sample.value for family in families for sample in family.samples}
