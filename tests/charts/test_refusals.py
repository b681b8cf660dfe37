"""What a chart refuses, and whether the person who reads the sentence knows what to write."""

import re
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import pytest

from tests.charts.helm import CHARTS, EXTERNAL, REAL_MODEL, template

CLUSTER = {"mode": "cluster"}
BUNDLED = {"bundled": True}
GOOD: dict[str, Any] = {**EXTERNAL, **REAL_MODEL}


@dataclass(frozen=True)
class Refusal:
    """Values that exclude each other."""

    name: str
    chart: str
    values: dict[str, Any] = field(default_factory=dict)
    sentence: str = ""


def scaled(**autoscaling: object) -> dict[str, Any]:
    return {**GOOD, "worker": {"autoscaling": autoscaling}}


def external(**values: object) -> dict[str, Any]:
    return {**REAL_MODEL, "temporal": {"external": {"address": "t.example.org:7233", **values}}}


REFUSALS = (
    Refusal(
        "chaos in a namespace without jobs",
        "outlast",
        {**GOOD, "chaos": {"enabled": True}, "jobs": {"namespaces": ["red"]}},
        'chaos.enabled=true strikes jobs of the release\'s namespace "lab", which jobs.namespaces leaves out: add '
        "it there",
    ),
    Refusal(
        "chaos without an operator",
        "outlast",
        {**GOOD, "chaos": {"enabled": True}, "operator": {"enabled": False}},
        "chaos.enabled=true needs the operator, which carries out the jobs that are struck: write "
        "operator.enabled=true",
    ),
    Refusal(
        "cluster without a database",
        "temporal",
        CLUSTER,
        "cluster.database.host is empty: write the host of your PostgreSQL, or cluster.database.bundled=true for one "
        "in this release",
    ),
    Refusal(
        "two databases",
        "temporal",
        {**CLUSTER, "cluster": {"database": {"bundled": True, "host": "db"}}},
        'cluster.database.host="db" and cluster.database.bundled=true exclude each other: remove one of them',
    ),
    Refusal(
        "a database without a password",
        "temporal",
        {**CLUSTER, "cluster": {"database": {"host": "db"}}},
        "cluster.database.existingSecret is empty: write the name of a Secret in this namespace that holds the "
        "password of your PostgreSQL under cluster.database.secretKey",
    ),
    Refusal(
        "TLS to the bundled database",
        "temporal",
        {**CLUSTER, "cluster": {"database": {**BUNDLED, "tls": {"enabled": True}}}},
        "cluster.database.tls.enabled=true needs a PostgreSQL of your own: the bundled one has no certificate, so "
        "remove cluster.database.tls or cluster.database.bundled",
    ),
    Refusal(
        "one database for two purposes",
        "temporal",
        {**CLUSTER, "cluster": {"database": {**BUNDLED, "name": "t", "visibilityName": "t"}}},
        'cluster.database.name and cluster.database.visibilityName are both "t": give them different names',
    ),
    Refusal(
        "external without an address",
        "temporal",
        {"mode": "external"},
        "external.address is empty: write the frontend of your Temporal as host:port",
    ),
    Refusal(
        "external without a port",
        "temporal",
        {"mode": "external", "external": {"address": "t.example.org"}},
        'external.address="t.example.org" has no port: write host:port, as in t.example.org:7233',
    ),
    Refusal(
        "two credentials",
        "temporal",
        {"mode": "external", "external": {"address": "t:1", "apiKeySecret": "a", "tls": {"clientSecret": "b"}}},
        "external.apiKeySecret and external.tls.clientSecret are both set: Temporal takes an API key or a client "
        "certificate, so remove one of them",
    ),
    Refusal(
        "an address that has no effect",
        "temporal",
        {"mode": "dev", "external": {"address": "t:1"}},
        'external.address="t:1" has no effect with mode=dev: write mode=external, or remove it',
    ),
    Refusal(
        "no Temporal",
        "outlast",
        REAL_MODEL,
        "temporal.external.address is empty: write the frontend of your Temporal as host:port, or "
        "temporal.enabled=true and temporal.mode=dev for one in this release",
    ),
    Refusal(
        "Temporal without a port",
        "outlast",
        {**REAL_MODEL, "temporal": {"external": {"address": "t.example.org"}}},
        'temporal.external.address="t.example.org" has no port: write host:port, as in t.example.org:7233',
    ),
    Refusal(
        "two credentials for Temporal",
        "outlast",
        external(apiKeySecret="a", tls={"clientSecret": "b"}),
        "temporal.external.apiKeySecret and temporal.external.tls.clientSecret are both set: Temporal takes an API "
        "key or a client certificate, so remove one of them",
    ),
    Refusal(
        "TLS without an authority",
        "outlast",
        external(tls={"enabled": True}),
        "temporal.external.tls.enabled=true needs an authority: write temporal.external.tls.caSecret, or use an API "
        "key or a client certificate",
    ),
    Refusal(
        "an authority without TLS",
        "outlast",
        external(tls={"caSecret": "a"}),
        "temporal.external.tls.caSecret is set without TLS: write temporal.external.tls.enabled=true",
    ),
    Refusal(
        "offline models without their server",
        "outlast",
        {**EXTERNAL, "models": {"analyst": "offline:small", "default": "openai:gpt-5"}},
        'the model "offline:small" is one of the offline server\'s, which is not enabled: write offline.enabled=true '
        "to try things out, or models.default with a model of a provider",
    ),
    Refusal(
        "more at least than at most",
        "outlast",
        scaled(mode="keda", minReplicas=5, maxReplicas=4),
        "worker.autoscaling.minReplicas=5 is more than maxReplicas=4: raise worker.autoscaling.maxReplicas",
    ),
    Refusal(
        "no workers, scaled by what they do",
        "outlast",
        scaled(mode="hpa", minReplicas=0),
        "worker.autoscaling.minReplicas=0 needs worker.autoscaling.mode=keda: no slot is used by no workers, so "
        "nothing would bring them back",
    ),
    Refusal(
        "scaling by CPU that is not requested",
        "outlast",
        {
            **GOOD,
            "worker": {
                "autoscaling": {"mode": "hpa", "hpa": {"metric": "cpu"}},
                "resources": {"requests": {"cpu": None}},
            },
        },
        "worker.autoscaling.hpa.metric=cpu scales by the CPU that is requested, and none is: write "
        "worker.resources.requests.cpu",
    ),
    Refusal(
        "no workers of a new version",
        "outlast",
        {**GOOD, "worker": {"autoscaling": {"mode": "keda", "minReplicas": 0}, "buildId": "7"}},
        'worker.autoscaling.minReplicas=0 and worker.buildId="7" exclude each other: Temporal knows no queue of a '
        "version that no worker has served yet, so nothing would bring the first one: write minReplicas=1",
    ),
    Refusal(
        "KEDA with TLS that it can't speak",
        "outlast",
        {
            **external(tls={"enabled": True, "caSecret": "a"}),
            "worker": {"autoscaling": {"mode": "keda"}},
        },
        "worker.autoscaling.mode=keda with temporal.external.tls.enabled=true needs temporal.external.tls.clientSecret "
        "or apiKeySecret: KEDA speaks TLS to Temporal only with one of them, so write one, or "
        "worker.autoscaling.mode=hpa",
    ),
    Refusal(
        "a heartbeat slower than the drain",
        "outlast",
        {**GOOD, "worker": {"heartbeatSeconds": 60, "drainSeconds": 30}},
        "worker.heartbeatSeconds=60 is more than worker.drainSeconds=30: a step that outlives the drain would be taken "
        "for alive, so raise drainSeconds or lower heartbeatSeconds",
    ),
    Refusal(
        "all namespaces and one",
        "outlast",
        {**GOOD, "jobs": {"namespaces": ["*", "red"]}},
        'jobs.namespaces has "*" beside names: write ["*"] for all namespaces, or names alone',
    ),
    Refusal(
        "files that other workers can't read",
        "outlast",
        {**GOOD, "payloads": {"store": "file:///payloads"}},
        'payloads.store="file:///payloads" needs a volume that all workers share: write worker.extraVolumes and '
        "worker.extraVolumeMounts, or an s3:// store",
    ),
    Refusal(
        "an overflow into a store that is none",
        "outlast",
        {**GOOD, "results": {"stores": {"archive": "s3://reports"}, "overflowStore": "attic"}},
        'results.overflowStore="attic" names no store: write it under results.stores, or leave it empty',
    ),
)


@pytest.mark.parametrize("refusal", REFUSALS, ids=attrgetter("name"))
def test_the_sentence_says_what_to_write(refusal: Refusal) -> None:
    answer = template(refusal.chart, values=refusal.values)
    assert answer.status != 0
    assert refusal.sentence in answer.errors


def test_every_sentence_has_its_case() -> None:
    calls = [
        call
        for path in CHARTS.glob("*/templates/**/*.tpl")
        for call in re.findall(r'fail \(?(?:printf )?"((?:[^"\\]|\\.)*)"', path.read_text())
    ]
    assert calls
    told = [refusal.sentence for refusal in REFUSALS]
    shapes = [re.compile(re.sub(r"%[qvs]", ".*", re.escape(call.replace('\\"', '"')))) for call in calls]
    assert [shape.pattern for shape in shapes if not any(shape.search(sentence) for sentence in told)] == []
    assert len(calls) == len(REFUSALS)


@pytest.mark.parametrize(
    ("chart", "values", "where"),
    [
        ("outlast", {"workers": {"replicas": 2}}, "additional properties 'workers'"),
        ("outlast", {"worker": {"replica": 2}}, "additional properties 'replica'"),
        ("outlast", {"worker": {"drainSeconds": "30s"}}, "'/worker/drainSeconds'"),
        ("outlast", {"worker": {"autoscaling": {"mode": "vpa"}}}, "'/worker/autoscaling/mode'"),
        ("outlast", {"jobs": {"namespaces": ["No"]}}, "'/jobs/namespaces/0'"),
        ("outlast", {"models": {"prices": {"m": {"input": -1, "output": 0}}}}, "'/models/prices/m/input'"),
        ("outlast", {"secrets": {"openaiKey": "sk-1"}}, "additional properties 'openaiKey'"),
        ("outlast", {"image": {"digest": "sha256:abc"}}, "'/image/digest'"),
        ("outlast", {"temporal": {"enabled": True, "mode": "dev", "dve": {}}}, "additional properties 'dve'"),
        ("temporal", {"mode": "prod"}, "'/mode'"),
        ("temporal", {"cluster": {"historyShards": 0}}, "'/cluster/historyShards'"),
        ("temporal", {"searchAttributes": {"A": "Number"}}, "'/searchAttributes/A'"),
        ("temporal", {"cluster": {"database": {"password": "p"}}}, "additional properties 'password'"),
        ("outlast-crds", {"kept": True}, "additional properties 'kept'"),
    ],
)
def test_the_schema_refuses_what_no_chart_knows(chart: str, values: dict[str, Any], where: str) -> None:
    base = GOOD if chart == "outlast" and "temporal" not in values else {}
    answer = template(chart, values={**base, **values})
    assert answer.status != 0
    assert where in answer.errors
