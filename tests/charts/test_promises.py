"""Promises that hold in every rendering: who may do what, what follows from what, what is never there."""

from collections.abc import Iterator
from operator import attrgetter

import pytest

from outlast.hosting.progress import SEARCH_ATTRIBUTE_TYPES
from outlast.settings import PREFIX, Settings
from tests.charts.helm import (
    EXTERNAL,
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
def test_only_the_operator_has_a_token(value_set: ValueSet) -> None:
    with_token = [name for name, pod in pods(manifests(value_set)) if pod["automountServiceAccountToken"]]
    assert [name for name in with_token if not name.endswith("-operator")] == []


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


@pytest.mark.parametrize("drain", [1, 30, 600])
def test_the_grace_period_outlives_the_drain(drain: int) -> None:
    worker = only(outlast(worker={"drainSeconds": drain, "heartbeatSeconds": 1}), "Deployment", "-worker")
    pod = worker["spec"]["template"]["spec"]
    told = {variable["name"]: variable.get("value") for variable in pod["containers"][0]["env"]}
    assert told["OUTLAST_DRAIN_SECONDS"] == str(drain)
    assert pod["terminationGracePeriodSeconds"] == drain + 15


@pytest.mark.parametrize(("mode", "has_replicas"), [("none", True), ("hpa", False), ("keda", False)])
def test_nothing_sets_replicas_that_something_scales(mode: str, has_replicas: bool) -> None:
    worker = only(outlast(worker={"autoscaling": {"mode": mode}}), "Deployment", "-worker")
    assert ("replicas" in worker["spec"]) is has_replicas


def test_keda_counts_activities_and_what_runs() -> None:
    scaled = only(outlast(worker={"autoscaling": {"mode": "keda"}}), "ScaledObject")["spec"]
    metadata = scaled["triggers"][0]["metadata"]
    assert (metadata["queueTypes"], metadata["includeRunningWorkflowCount"]) == ("workflow,activity", "true")
    assert (scaled["minReplicaCount"], metadata["enableTLS"]) == (1, "false")


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
