"""What a worker counts, for Prometheus. Every name starts with `outlast_`; the SDK's own start with `temporal_`.

Labels come from code and configuration: kinds of steps, names of models, causes. Nothing that a job brings along is a
label, so neither its words nor its number of jobs can reach a metric.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.metrics import MetricWrapperBase

from outlast import __version__
from outlast.settings import Settings

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
"""Bounds of the histogram: a search takes milliseconds, an analysis may take an hour."""

MetricT = TypeVar("MetricT", bound=MetricWrapperBase)

disable_created_metrics()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class MetricDoc:
    """One metric, as a reference page shows it."""

    name: str
    kind: str
    """`counter`, `gauge` or `histogram`."""
    labels: tuple[str, ...]
    meaning: str


class WorkerMetrics:
    """The metrics of one worker; it is the `StepObserver` that fills them.

    Args:
        settings: Of the worker.
    """

    def __init__(self, settings: Settings) -> None:
        self.registry = CollectorRegistry()
        self._metrics: list[MetricWrapperBase] = []
        self._slots = settings.max_concurrent_steps
        self._declare()
        self._build.labels(__version__, settings.build_id or "").set(1)
        self._free.set(self._slots)

    def _declare(self) -> None:
        self._steps = self._counter(
            "outlast_steps",
            "Attempts at steps that ended, by kind of step and outcome: ok, cancelled, or the cause of their failure "
            "(http_429, connection, timeout, malformed, ...).",
            "kind",
            "outcome",
        )
        self._seconds = self._added(
            Histogram(
                "outlast_step_seconds",
                "How long attempts at steps took on this worker, from their start to their end.",
                ("kind",),
                registry=self.registry,
                buckets=SECONDS,
            )
        )
        self._retries = self._counter(
            "outlast_retries",
            "Steps that are attempted again, by kind and by what ended the attempt before: the cause of its failure, "
            "cut when its worker died or fell silent, or drained when it outlived the drain of its worker.",
            "kind",
            "cause",
        )
        self._tokens = self._counter(
            "outlast_tokens", "Tokens of model requests, by model and direction: input or output.", "model", "direction"
        )
        self._cost = self._counter("outlast_cost_usd", "Dollars of model requests whose model has a price.", "model")
        self._unpriced = self._counter(
            "outlast_unpriced_requests",
            "Model requests whose model has no known price: outlast_cost_usd_total is a lower bound with any of them.",
            "model",
        )
        self._used = self._gauge("outlast_slots_used", "Steps under way on this worker.")
        self._free = self._gauge("outlast_slots_free", "Steps that this worker could take on as well.")
        self._replays = self._counter("outlast_replays", "Jobs that this worker rebuilt from their history.")
        self._replayed = self._counter(
            "outlast_replayed_steps", "Recorded steps that replays took from history instead of making them again."
        )
        self._build = self._gauge("outlast_build_info", "1, with the version of this worker.", "version", "build_id")

    # StepObserver

    def started(self, kind: str) -> None:
        """An attempt takes a slot."""
        self._used.inc()
        self._free.dec()

    def ended(self, kind: str, outcome: str, seconds: float) -> None:
        """It leaves it."""
        self._used.dec()
        self._free.inc()
        self._steps.labels(kind, outcome).inc()
        self._seconds.labels(kind).observe(seconds)

    def retried(self, kind: str, cause: str) -> None:
        """A step is attempted again."""
        self._retries.labels(kind, cause).inc()

    def used(self, model: str, *, input_tokens: int, output_tokens: int, cost_usd: Decimal | None) -> None:
        """A model answered."""
        self._tokens.labels(model, "input").inc(input_tokens)
        self._tokens.labels(model, "output").inc(output_tokens)
        if cost_usd is None:
            self._unpriced.labels(model).inc()
        else:
            self._cost.labels(model).inc(float(cost_usd))

    def replay_began(self) -> None:
        """A job is rebuilt."""
        self._replays.inc()

    def replayed(self, kind: str) -> None:
        """One of its steps is there already."""
        self._replayed.inc()

    # For readers

    def exposition(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self.registry)

    def describe(self) -> Iterator[MetricDoc]:
        """Each metric, in the order in which it stands here."""
        for metric in self._metrics:
            (described,) = metric.describe()
            name = f"{described.name}_total" if described.type == "counter" else described.name
            yield MetricDoc(name, described.type, metric._labelnames, described.documentation)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return self._added(Counter(name, meaning, labels, registry=self.registry))

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        return self._added(Gauge(name, meaning, labels, registry=self.registry))

    def _added(self, metric: MetricT) -> MetricT:
        self._metrics.append(metric)
        return metric
