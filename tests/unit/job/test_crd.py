"""The generated definitions: in step with the models, bounded everywhere, committed as generated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from outlast.job.crd import DEFINITIONS, chart_template, crd_yaml
from outlast.job.rules import RULES

ROOT = Path(__file__).parents[3]


def nodes(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, schema
    for name, child in schema.get("properties", {}).items():
        yield from nodes(child, f"{path}.{name}")
    if "items" in schema:
        yield from nodes(schema["items"], f"{path}[]")


def schema_of(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = DEFINITIONS[name]()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


NODES = [
    pytest.param(path, node, id=f"{name}{path}")
    for name in DEFINITIONS
    for path, node in nodes(schema_of(name))
    if path and not path.startswith((".apiVersion", ".kind", ".metadata"))
]


@pytest.mark.parametrize("name", DEFINITIONS)
def test_what_is_committed_is_what_is_generated(name: str) -> None:
    committed = (ROOT / "k8s" / "crds" / name).read_text(encoding="utf-8")
    assert committed == crd_yaml(name), "run `outlast crd -d k8s/crds`, then read the difference"


@pytest.mark.parametrize("name", DEFINITIONS)
def test_what_the_chart_has_is_what_is_generated(name: str) -> None:
    template = ROOT / "charts" / "outlast-crds" / "templates" / name
    if template.exists():
        text = template.read_text(encoding="utf-8")
        assert text == chart_template(name), "run `outlast crd --chart -d charts/outlast-crds/templates`"


@pytest.mark.parametrize(("path", "node"), NODES)
def test_every_field_is_described(path: str, node: dict[str, Any]) -> None:
    if not path.endswith("[]"):
        assert len(node.get("description", "")) > 5


@pytest.mark.parametrize(("path", "node"), NODES)
def test_every_field_is_bounded(path: str, node: dict[str, Any]) -> None:
    match node["type"]:
        case "string":
            assert "maxLength" in node or "enum" in node or node.get("format") == "date-time"
        case "array":
            assert "maxItems" in node
        case "integer" | "number" if path.startswith(".spec"):
            assert "maximum" in node


@pytest.mark.parametrize(("path", "node"), NODES)
def test_no_field_has_two_meanings(path: str, node: dict[str, Any]) -> None:
    assert not {"anyOf", "oneOf", "allOf", "$ref", "title", "nullable", "const"} & node.keys()


def test_no_field_names_another_namespace() -> None:
    for name in DEFINITIONS:
        assert not [path for path, _ in nodes(schema_of(name)) if "namespace" in path.lower()]


def test_every_rule_has_its_own_message() -> None:
    messages = [(rule.at, rule.message) for rule in RULES]
    assert len(set(messages)) == len(messages)


def test_a_chart_keeps_the_definitions_when_it_goes() -> None:
    definition = yaml.safe_load(chart_template("researchjobs.yaml"))
    assert definition["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
