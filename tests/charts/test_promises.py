"""Promises that hold in every rendering: who may do what, what follows from what, what is never there."""

from collections.abc import Iterator
from operator import attrgetter
from typing import Any

import pytest

from outlast.hosting.progress import SEARCH_ATTRIBUTE_TYPES
from outlast.settings import PREFIX, Settings
from outlast.telemetry.metrics import WorkerMetrics
from tests.charts.helm import (
    API_KEY,
    EXTERNAL,
    MUTUAL_TLS,
    REAL_MODEL,
    VALUE_SETS,
    Manifest,
    ValueSet,
    containers,
    manifests,
    only,
    parsed,
    pods,
    template,
)

every_value_set = pytest.mark.parametrize("value_set", VALUE_SETS, ids=attrgetter("name"))
SLOTS = {doc.name for doc in WorkerMetrics(Settings()).describe() if "slots" in doc.name}
OUTLAST = [value_set for value_set in VALUE_SETS if value_set.chart == "outlast"]


def outlast(**values: object) -> list[Manifest]:
    answer = template("outlast", values={**EXTERNAL, **REAL_MODEL, **values})
    assert answer.status == 0, answer.errors
    return parsed(answer.output)


@every_value_set
def test_no_name_stands_twice(value_set: ValueSet) -> None:
    named = [(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) for one in manifests(value_set)]
    assert len(named) == len(set(named))
    assert named


@every_value_set
def test_only_the_operator_and_who_strikes_have_a_token(value_set: ValueSet) -> None:
    with_token = [name for name, pod in pods(manifests(value_set)) if pod["automountServiceAccountToken"]]
    assert [name for name in with_token if not name.endswith(("-operator", "-chaos", "-test-resumption"))] == []


@every_value_set
def test_every_service_account_is_made_here(value_set: ValueSet) -> None:
    objects = manifests(value_set)
    made = {one["metadata"]["name"] for one in objects if one["kind"] == "ServiceAccount"}
    assert {pod["serviceAccountName"] for _, pod in pods(objects)} <= made


@every_value_set
def test_secrets_are_named_and_never_written(value_set: ValueSet) -> None:
    written = [one["metadata"]["name"] for one in manifests(value_set) if one["kind"] == "Secret"]
    # The bundled database is for evaluation, and its password is nobody's.
    assert written == (["research-temporal-postgresql"] if value_set.name == "temporal-eval" else [])


def variables(objects: list[Manifest]) -> Iterator[str]:
    for one in objects:
        if one["kind"] == "ConfigMap" and one["metadata"]["name"].endswith("-settings"):
            yield from one["data"]
    for _, container in containers(objects):
        yield from (variable["name"] for variable in container.get("env", []))


@pytest.mark.parametrize("value_set", OUTLAST, ids=attrgetter("name"))
def test_every_variable_is_one_that_outlast_knows(value_set: ValueSet) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    ours = {name for name in variables(manifests(value_set)) if name.startswith(PREFIX)}
    assert ours - known == set()
    assert ours


@pytest.mark.parametrize("value_set", OUTLAST, ids=attrgetter("name"))
def test_rendered_settings_are_settings(value_set: ValueSet, monkeypatch: pytest.MonkeyPatch) -> None:
    objects = manifests(value_set)
    shared = only(objects, "ConfigMap", "-settings")["data"]
    for name, container in containers(objects):
        if not name.endswith(("/worker", "/operator")):
            continue
        with monkeypatch.context() as environment:
            for variable, value in shared.items():
                environment.setenv(variable, value)
            for variable in container["env"]:
                if variable["name"].startswith(PREFIX) and "value" in variable:
                    environment.setenv(variable["name"], variable["value"])
            assert Settings().temporal_address == shared["OUTLAST_TEMPORAL_ADDRESS"]


def test_the_search_attributes_are_those_that_outlast_sets() -> None:
    args = only(manifests(VALUE_SETS[1]), "StatefulSet")["spec"]["template"]["spec"]["containers"][0]["args"]
    given = dict(arg.split("=", 1)[1].split("=") for arg in args if arg.startswith("--search-attribute="))
    assert given == SEARCH_ATTRIBUTE_TYPES


def test_every_mode_of_temporal_has_the_same_dynamic_configuration() -> None:
    dev, cluster = (next(one for one in VALUE_SETS if one.name == name) for name in ("temporal-dev", "temporal-eval"))
    args = only(manifests(dev), "StatefulSet")["spec"]["template"]["spec"]["containers"][0]["args"]
    assert "--dynamic-config-value=history.transferProcessorMaxPollRPS=1000" in args
    config = only(manifests(cluster), "ConfigMap", "-dynamicconfig")["data"]["dynamicconfig.yaml"]
    assert parsed(config) == [{"history.transferProcessorMaxPollRPS": [{"value": 1000}]}]


@pytest.mark.parametrize(
    ("drain", "request_timeout", "seconds"), [(1, 600, 1), (30, 600, 30), (0, 600, 600), (0, 2.5, 3), (700, 600, 700)]
)
def test_the_grace_period_outlives_the_drain_and_the_drain_a_request(
    drain: int, request_timeout: float, seconds: int
) -> None:
    models = {"default": "openai:gpt-5", "requestTimeoutSeconds": request_timeout}
    objects = outlast(worker={"drainSeconds": drain, "heartbeatSeconds": 1}, models=models)
    pod = only(objects, "Deployment", "-worker")["spec"]["template"]["spec"]
    told = {variable["name"]: variable.get("value") for variable in pod["containers"][0]["env"]}
    assert told["OUTLAST_DRAIN_SECONDS"] == str(seconds)
    assert pod["terminationGracePeriodSeconds"] == seconds + 15


@pytest.mark.parametrize(("mode", "has_replicas"), [("none", True), ("hpa", False), ("keda", False)])
def test_nothing_sets_replicas_that_something_scales(mode: str, has_replicas: bool) -> None:
    worker = only(outlast(worker={"autoscaling": {"mode": mode}}), "Deployment", "-worker")
    assert ("replicas" in worker["spec"]) is has_replicas


def test_keda_counts_what_waits_what_runs_and_what_is_under_way() -> None:
    objects = outlast(worker={"autoscaling": {"mode": "keda"}, "maxConcurrentSteps": 20})
    scaled = only(objects, "ScaledObject")["spec"]
    queue, slots = (trigger["metadata"] for trigger in scaled["triggers"])
    assert (queue["queueTypes"], queue["includeRunningWorkflowCount"]) == ("workflow,activity", "true")
    assert (scaled["minReplicaCount"], queue["enableTLS"]) == (1, "false")
    assert (queue["targetQueueSize"], slots["targetValue"]) == ("14", "14")
    assert slots["valueLocation"] in SLOTS
    service = only(objects, "Service", "-worker")
    host, port = slots["url"].removeprefix("http://").removesuffix("/metrics").split(":")
    assert host == f"{service['metadata']['name']}.lab.svc"
    worker = only(objects, "Deployment", "-worker")["spec"]["template"]
    assert service["spec"]["selector"].items() <= worker["metadata"]["labels"].items()
    assert {"name": "http", "containerPort": int(port)} in worker["spec"]["containers"][0]["ports"]


def test_hpa_scales_by_a_metric_that_workers_export() -> None:
    objects = outlast(worker={"autoscaling": {"mode": "hpa"}})
    (metric,) = only(objects, "HorizontalPodAutoscaler")["spec"]["metrics"]
    assert metric["pods"]["metric"]["name"] in SLOTS
    assert metric["pods"]["target"] == {"type": "AverageValue", "averageValue": "35"}
    by_cpu = outlast(worker={"autoscaling": {"mode": "hpa", "hpa": {"metric": "cpu"}}})
    (metric,) = only(by_cpu, "HorizontalPodAutoscaler")["spec"]["metrics"]
    assert metric["resource"]["name"] == "cpu"


@pytest.mark.parametrize("scaling", [{"mode": "keda"}, {"mode": "keda", "minReplicas": 0, "maxReplicas": 3}])
def test_keda_goes_up_at_once_and_down_slowly(scaling: dict[str, Any]) -> None:
    scaled = only(outlast(worker={"autoscaling": scaling}), "ScaledObject")["spec"]
    behavior = scaled["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    up, down = behavior["scaleUp"], behavior["scaleDown"]
    assert (up["stabilizationWindowSeconds"], up["policies"][0]["value"]) == (0, scaled["maxReplicaCount"])
    assert down["stabilizationWindowSeconds"] == 300
    assert max(policy["value"] for policy in down["policies"] if policy["type"] == "Pods") == 1
    # A KEDA that sees nothing takes nothing away.
    assert scaled["fallback"]["replicas"] >= 1


def test_keda_signs_in_as_the_workers_do() -> None:
    def rendered(external: dict[str, Any]) -> tuple[list[Manifest], Manifest]:
        objects = outlast(temporal={"external": external}, worker={"autoscaling": {"mode": "keda"}})
        return objects, only(objects, "ScaledObject")["spec"]["triggers"][0]

    for external, parameters in (
        (MUTUAL_TLS, [("cert", "temporal-client"), ("key", "temporal-client"), ("ca", "temporal-ca")]),
        (API_KEY, [("apiKey", "temporal-cloud")]),
    ):
        objects, trigger = rendered(external)
        granted = only(objects, "TriggerAuthentication")
        assert trigger["authenticationRef"]["name"] == granted["metadata"]["name"]
        assert trigger["metadata"]["enableTLS"] == "true"
        told = [(one["parameter"], one["name"]) for one in granted["spec"]["secretTargetRef"]]
        assert told == parameters


def test_keda_looks_at_the_queue_of_a_version() -> None:
    objects = outlast(worker={"autoscaling": {"mode": "keda"}, "buildId": "7"})
    queue = only(objects, "ScaledObject")["spec"]["triggers"][0]["metadata"]
    container = only(objects, "Deployment", "-worker")["spec"]["template"]["spec"]["containers"][0]
    told = {variable["name"]: variable.get("value") for variable in container["env"]}
    assert queue["workerDeploymentName"] == told["OUTLAST_DEPLOYMENT"]
    assert queue["workerDeploymentBuildId"] == told["OUTLAST_BUILD_ID"]


def rules(objects: list[Manifest], kind: str) -> list[Manifest]:
    roles = [one for one in objects if one["kind"] == kind and "-operator" in one["metadata"]["name"]]
    return [rule for role in roles for rule in role["rules"]]


@pytest.mark.parametrize(
    ("namespaces", "roles_in", "cluster_wide"),
    [([], ["lab", None], False), (["red", "blue"], ["red", "blue", None], False), (["*"], [None], True)],
)
def test_rights_reach_as_far_as_the_namespaces(
    namespaces: list[str], roles_in: list[str | None], cluster_wide: bool
) -> None:
    objects = outlast(jobs={"namespaces": namespaces})
    roles = [one["metadata"].get("namespace") for one in objects if one["kind"] == "Role"]
    assert sorted(roles, key=str) == sorted(roles_in, key=str)
    assert bool(rules(objects, "ClusterRole")) is cluster_wide


@pytest.mark.parametrize("namespaces", [[], ["*"]])
def test_the_operator_reads_no_secrets_and_nothing_has_a_star(namespaces: list[str]) -> None:
    objects = outlast(jobs={"namespaces": namespaces})
    found = rules(objects, "Role") + rules(objects, "ClusterRole")
    assert found
    for rule in found:
        assert "secrets" not in rule["resources"]
        assert "*" not in rule["resources"] + rule["verbs"] + rule["apiGroups"]


def test_an_editor_may_not_approve() -> None:
    roles = {one["metadata"]["name"]: one for one in outlast() if one["kind"] == "ClusterRole"}
    verbs = {name: {verb for rule in role["rules"] for verb in rule["verbs"]} for name, role in roles.items()}
    assert [name for name, found in verbs.items() if "approve" in found] == ["lab-research-outlast-approve"]
    labels = roles["lab-research-outlast-approve"]["metadata"]["labels"]
    assert [name for name in labels if name.startswith("rbac.")] == ["rbac.authorization.k8s.io/aggregate-to-admin"]


def test_provider_keys_reach_the_workers_alone() -> None:
    objects = outlast(offline={"enabled": True})
    having = [
        name
        for name, container in containers(objects)
        if any("secretRef" in source for source in container.get("envFrom", []))
    ]
    assert having == ["Deployment/research-outlast-worker/worker"]


def test_traces_of_workers_and_operator_go_to_one_place() -> None:
    traces = {"otlpEndpoint": "http://collector.monitoring:4318", "secret": "logfire"}
    objects = outlast(traces=traces)
    settings = only(objects, "ConfigMap", "-settings")["data"]
    assert settings["OTEL_EXPORTER_OTLP_ENDPOINT"] == traces["otlpEndpoint"]
    for name, container in containers(objects):
        reads = [one.get("secretRef", {}).get("name") for one in container.get("envFrom", [])]
        assert ("logfire" in reads) is (container["name"] in ("worker", "operator")), name
    for suffix in ("-worker", "-operator"):
        ports = [rule["ports"] for rule in only(objects, "NetworkPolicy", suffix)["spec"]["egress"]]
        assert [{"protocol": "TCP", "port": 4318}] in ports


@pytest.mark.parametrize(
    ("endpoint", "port"), [("https://otel.example.org", 443), ("http://otel2/v1", 80), ("https://otel:4317", 4317)]
)
def test_the_port_of_a_collector_follows_from_its_address(endpoint: str, port: int) -> None:
    (found,) = [
        rule["ports"][0]["port"]
        for rule in only(outlast(traces={"otlpEndpoint": endpoint}), "NetworkPolicy", "-operator")["spec"]["egress"]
        if {"namespaceSelector": {}} in rule.get("to", [])
    ]
    assert found == port


def test_a_changed_setting_starts_new_pods() -> None:
    def checksum(**values: object) -> str:
        pod = only(outlast(**values), "Deployment", "-worker")["spec"]["template"]
        return str(pod["metadata"]["annotations"]["checksum/settings"])

    assert checksum() == checksum()
    assert checksum() != checksum(jobs={"taskQueue": "other"})


def test_a_job_of_temporal_has_another_name_when_it_changes() -> None:
    def name(**database: object) -> str:
        values = {"mode": "cluster", "cluster": {"database": {"bundled": True, **database}}}
        answer = template("temporal", values=values)
        assert answer.status == 0, answer.errors
        jobs = [one["metadata"]["name"] for one in parsed(answer.output) if one["kind"] == "Job"]
        return str(next(job for job in jobs if "-schema-" in job))

    assert name() == name()
    assert name() != name(visibilityName="other")


def test_the_release_finds_its_own_temporal() -> None:
    for words in ({}, {"nameOverride": "t"}, {"fullnameOverride": "mine"}):
        objects = outlast(temporal={"enabled": True, "mode": "dev", **words})
        address = only(objects, "ConfigMap", "-settings")["data"]["OUTLAST_TEMPORAL_ADDRESS"]
        service = only(objects, "Service", "-frontend")["metadata"]["name"]
        assert address == f"{service}.lab.svc:7233"
