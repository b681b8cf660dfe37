"""Helm as a function, and the rendered manifests as data."""

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.build import component
from tests.cluster.command import Argument, attempt

ROOT = Path(__file__).parents[2]
CHARTS = ROOT / "charts"
RELEASE = "research"
"""Name of the release in every rendering: unlike any chart's, so that names are made of both."""
NAMESPACE = "lab"

Manifest = dict[str, Any]

_NOISE = re.compile(r"^level=INFO msg=\"found symbolic link.*\n?", re.MULTILINE)
_RANDOM = re.compile(r'^(  password: )"[A-Za-z0-9+/=]{44}"$', re.MULTILINE)


@dataclass(frozen=True)
class ValueSet:
    """A chart with values that people would use: the main ways in."""

    name: str
    chart: str
    overlay: str = ""
    """A values file of the chart."""
    values: Mapping[str, Any] | None = field(default=None, hash=False)

    @property
    def golden(self) -> Path:
        """The expected rendering."""
        return Path(__file__).parent / "golden" / f"{self.name}.yaml"


EXTERNAL = {"temporal": {"external": {"address": "temporal-frontend.temporal.svc:7233"}}}
REAL_MODEL = {"models": {"default": "openai:gpt-5"}, "secrets": {"environment": ["provider-keys"]}}
MUTUAL_TLS = {
    "address": "research.a1b2c.tmprl.cloud:7233",
    "tls": {"clientSecret": "temporal-client", "caSecret": "temporal-ca"},
}
API_KEY = {"address": "research.a1b2c.tmprl.cloud:7233", "apiKeySecret": "temporal-cloud"}

VALUE_SETS = (
    ValueSet("outlast-crds", "outlast-crds"),
    ValueSet("temporal-dev", "temporal"),
    ValueSet("temporal-eval", "temporal", overlay="values-eval.yaml"),
    ValueSet("temporal-prod", "temporal", overlay="values-prod.yaml"),
    ValueSet("temporal-cloud", "temporal", values={"mode": "external", "external": API_KEY}),
    ValueSet("outlast-dev", "outlast", overlay="values-dev.yaml"),
    ValueSet("outlast-prod", "outlast", overlay="values-prod.yaml"),
    ValueSet("outlast-plain", "outlast", values={**EXTERNAL, **REAL_MODEL}),
    ValueSet(
        "outlast-chaos",
        "outlast",
        values={**EXTERNAL, "offline": {"enabled": True}, "chaos": {"enabled": True, "execute": True}},
    ),
    ValueSet(
        "outlast-cloud-keda",
        "outlast",
        values={
            **REAL_MODEL,
            "temporal": {"namespace": "research.a1b2c", "external": MUTUAL_TLS},
            "jobs": {"namespaces": ["red", "blue"]},
            "worker": {"autoscaling": {"mode": "keda"}, "buildId": "7"},
        },
    ),
    ValueSet(
        "outlast-hpa",
        "outlast",
        values={
            **REAL_MODEL,
            "temporal": {"external": API_KEY},
            "worker": {"autoscaling": {"mode": "hpa"}},
            "operator": {"enabled": False},
            "networkPolicy": {"enabled": False},
            "rbac": {"create": False},
            "policies": {"enabled": False},
        },
    ),
)
"""The main value sets, each with a golden file."""


def helm() -> Path:
    """The program."""
    return component("helm") / "bin" / "helm"


@dataclass(frozen=True)
class Answer:
    """What Helm said to one call."""

    status: int
    output: str
    errors: str


def ask(*words: str | Path, values: Mapping[str, Any] | None = None) -> Answer:
    """Call Helm; values are handed over as a file on standard input."""
    stdin = yaml.safe_dump(dict(values)) if values else None
    found = attempt([helm(), *words, *(["--values", "-"] if stdin else [])], stdin=stdin)
    return Answer(found.returncode, found.stdout, _NOISE.sub("", found.stderr))


def template(chart: str, *words: str, values: Mapping[str, Any] | None = None) -> Answer:
    """Render a chart."""
    return ask("template", RELEASE, CHARTS / chart, "--namespace", NAMESPACE, *words, values=values)


@functools.cache
def rendered(value_set: ValueSet) -> str:
    """The rendering of a value set, the one random value in it replaced."""
    overlay = ["--values", str(CHARTS / value_set.chart / value_set.overlay)] if value_set.overlay else []
    answer = template(value_set.chart, *overlay, values=value_set.values)
    assert answer.status == 0, answer.errors
    return _RANDOM.sub(r'\1"UkFORE9N"', answer.output)


def manifests(value_set: ValueSet) -> list[Manifest]:
    """The rendering as data."""
    return parsed(rendered(value_set))


def parsed(text: str) -> list[Manifest]:
    """The objects in a rendering."""
    return [found for found in yaml.safe_load_all(text) if found]


CLUSTER_SCOPED = {
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
}


def placed(objects: list[Manifest]) -> list[Manifest]:
    """The objects with the namespace that Helm would put them into."""

    def with_namespace(one: Manifest) -> Manifest:
        if one["kind"] in CLUSTER_SCOPED:
            return one
        return {**one, "metadata": {"namespace": NAMESPACE, **one["metadata"]}}

    return [with_namespace(one) for one in objects]


def pods(objects: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Every pod specification with a name for people."""
    for found in objects:
        name = f"{found['kind']}/{found['metadata']['name']}"
        if found["kind"] == "Pod":
            yield name, found["spec"]
        elif found["kind"] == "CronJob":
            yield name, found["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        elif "template" in found.get("spec", {}):
            yield name, found["spec"]["template"]["spec"]


def containers(objects: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Every container with a name for people."""
    for name, pod in pods(objects):
        for container in (*pod.get("initContainers", []), *pod["containers"]):
            yield f"{name}/{container['name']}", container


def only(objects: list[Manifest], kind: str, suffix: str = "") -> Manifest:
    """The one object of a kind whose name ends so."""
    found = [one for one in objects if one["kind"] == kind and one["metadata"]["name"].endswith(suffix)]
    assert len(found) == 1, [(one["kind"], one["metadata"]["name"]) for one in objects]
    return found[0]


def kube_score(text: str, *options: str) -> str:
    """What kube-score has to say of a rendering, a line a finding."""
    program = component("kube-score") / "bin" / "kube-score"
    words: list[Argument] = [program, "score", "--output-format", "ci", "--kubernetes-version", "v1.30", *options, "-"]
    lines = attempt(words, stdin=text).stdout.splitlines()
    assert lines, "kube-score found nothing to look at"
    return "\n".join(line for line in lines if not line.startswith("[OK]") and "SKIPPED" not in line)
