"""Alerts and dashboard ask for metrics that there are."""

import json
import re

import pytest

from outlast.control.probes import OperatorMetrics
from outlast.settings import Settings
from outlast.telemetry.metrics import WorkerMetrics
from tests.charts.helm import VALUE_SETS, Manifest, manifests, only

_NAME = re.compile(r"\boutlast_[a-z_]+\b")
_SUFFIXES = ("", "_bucket", "_count", "_sum")


@pytest.fixture(scope="module")
def objects() -> list[Manifest]:
    return manifests(next(one for one in VALUE_SETS if one.name == "outlast-prod"))


@pytest.fixture(scope="module")
def exposed() -> set[str]:
    """Names of all metrics of workers and operators, as Prometheus stores them."""
    metrics = [
        metric
        for registry in (WorkerMetrics(Settings()).registry, OperatorMetrics().registry)
        for metric in registry.collect()
    ]
    counters = {f"{metric.name}_total" for metric in metrics if metric.type == "counter"}
    return counters | {metric.name + suffix for metric in metrics if metric.type != "counter" for suffix in _SUFFIXES}


def test_alerts_name_metrics_that_there_are(objects: list[Manifest], exposed: set[str]) -> None:
    rules = [rule for group in only(objects, "PrometheusRule")["spec"]["groups"] for rule in group["rules"]]
    named = {name for rule in rules for name in _NAME.findall(rule["expr"])}
    assert named
    assert named - exposed == set()
    assert [rule["alert"] for rule in rules if not rule["annotations"].get("summary")] == []


def test_the_dashboard_names_metrics_that_there_are(objects: list[Manifest], exposed: set[str]) -> None:
    dashboard = json.loads(only(objects, "ConfigMap", "-dashboard")["data"]["outlast.json"])
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked += [variable["query"] for variable in dashboard["templating"]["list"]]
    named = {name for text in asked for name in _NAME.findall(text)}
    assert named
    assert named - exposed == set()


def test_panels_do_not_cover_each_other(objects: list[Manifest]) -> None:
    dashboard = json.loads(only(objects, "ConfigMap", "-dashboard")["data"]["outlast.json"])
    places = [panel["gridPos"] for panel in dashboard["panels"]]
    cells = [(place["x"] + right, place["y"]) for place in places for right in range(place["w"])]
    assert len(cells) == len(set(cells))
    assert max(column for column, _ in cells) < 24
