"""Generates the CustomResourceDefinition from the models, so that a manifest is judged alike by everybody.

Pydantic writes JSON schema; the API server takes structural schemas. The difference is bridged here: references are
inlined, "or null" is dropped (absent is the only null), constants become enums, exclusive bounds are spelt the OpenAPI
3.0 way, titles go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import yaml
from pydantic import BaseModel

from outlast.job.policy import ResearchPolicySpec
from outlast.job.rules import RULES, Rule
from outlast.job.spec import GROUP, KIND, VERSION, ResearchJobSpec
from outlast.job.status import JobStatus

PLURAL = "researchjobs"

HEADER = "# Generated from src/outlast/job by `outlast crd`; change the models instead.\n"

_SET_LISTS = {("spec", "sources")}
_MAP_LISTS = {("status", "conditions"): ["type"]}

_UNBOUNDED_TEXT = 1_000
"""Bound of a text in the status for which its model names none: enums and times."""


def job_crd() -> dict[str, Any]:
    """The definition of ResearchJob."""
    return _definition(KIND, PLURAL, "rj", _job_schema(), {"subresources": {"status": {}}}, _columns())


def policy_crd() -> dict[str, Any]:
    """The definition of ResearchPolicy."""
    schema = {
        "description": "ResearchPolicy says what the jobs of its namespace may use; the one named `default` counts.",
        "type": "object",
        "required": ["spec"],
        "properties": {**_head("ResearchPolicy"), "spec": structural(ResearchPolicySpec)},
    }
    for name in ("taskQueues", "models", "sources", "stores"):
        _node(schema, ("spec", name))["x-kubernetes-list-type"] = "set"
    return _definition("ResearchPolicy", "researchpolicies", "rp", schema, {}, _policy_columns())


DEFINITIONS: dict[str, Callable[[], dict[str, Any]]] = {
    "researchjobs.yaml": job_crd,
    "researchpolicies.yaml": policy_crd,
}
"""File by file what `outlast crd` writes."""


def crd_yaml(name: str) -> str:
    """One definition as a file."""
    return HEADER + yaml.dump(DEFINITIONS[name](), sort_keys=False, allow_unicode=True, width=120)


def chart_template(name: str) -> str:
    """One definition as a template of a chart: it stays when the chart goes, or all jobs would go with it."""
    definition = DEFINITIONS[name]()
    definition["metadata"]["annotations"] = {"helm.sh/resource-policy": "keep"}
    text = yaml.dump(definition, sort_keys=False, allow_unicode=True, width=120)
    return HEADER + text.replace("{{", "{{ `{{` }}")


def _definition(
    kind: str, plural: str, short: str, schema: dict[str, Any], more: dict[str, Any], columns: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "names": {
                "kind": kind,
                "listKind": f"{kind}List",
                "plural": plural,
                "singular": kind.lower(),
                "shortNames": [short],
                "categories": ["outlast"],
            },
            "scope": "Namespaced",
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": schema},
                    **more,
                    "additionalPrinterColumns": columns,
                }
            ],
        },
    }


def structural(model: type[BaseModel]) -> dict[str, Any]:
    """The structural schema of a model."""
    schema = model.model_json_schema(by_alias=True, mode="validation")
    return _convert(schema, schema.get("$defs", {}))


def with_rules(schema: dict[str, Any], rules: list[tuple[tuple[str, ...], Rule]]) -> None:
    """Put each rule at its node."""
    for path, rule in rules:
        node = schema
        for part in path:
            node = node["properties"][part]
        node.setdefault("x-kubernetes-validations", []).append(_rule(rule))


def _job_schema() -> dict[str, Any]:
    schema: dict[str, Any] = {
        "description": "ResearchJob is a question that research agents answer, with a report whose claims are cited.",
        "type": "object",
        "required": ["spec"],
        "properties": {
            **_head(KIND),
            "spec": structural(ResearchJobSpec),
            "status": structural(JobStatus),
        },
    }
    for path in _SET_LISTS:
        _node(schema, path)["x-kubernetes-list-type"] = "set"
    for path, keys in _MAP_LISTS.items():
        _node(schema, path).update({"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": keys})
    _without_defaults(schema["properties"]["status"])
    with_rules(schema, [(rule.at.path, rule) for rule in RULES])
    return schema


def _head(kind: str) -> dict[str, Any]:
    return {
        "apiVersion": {"type": "string", "description": f"Version of this schema: {GROUP}/{VERSION}."},
        "kind": {"type": "string", "description": f"{kind}."},
        "metadata": {"type": "object"},
    }


def _node(schema: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    for part in path:
        schema = schema["properties"][part]
    return schema


def _rule(rule: Rule) -> dict[str, Any]:
    written: dict[str, Any] = {"rule": rule.rule, "message": rule.message}
    if rule.field:
        written["fieldPath"] = rule.field
    if rule.also_on_create:
        written["optionalOldSelf"] = True
    return written


def _column(name: str, kind: str, path: str, description: str, priority: int = 0) -> dict[str, Any]:
    written = {"name": name, "type": kind, "jsonPath": path, "description": description}
    return {**written, "priority": priority} if priority else written


def _policy_columns() -> list[dict[str, Any]]:
    return [
        _column("Queues", "string", ".spec.taskQueues", "Task queues that jobs may name."),
        _column("Models", "string", ".spec.models", "Models that jobs may name."),
        _column("Approval", "boolean", ".spec.requireApproval", "Whether every plan has to be reviewed."),
        _column("Age", "date", ".metadata.creationTimestamp", "Time since it was created."),
    ]


def _columns() -> list[dict[str, Any]]:
    complete = '.status.conditions[?(@.type=="Complete")].status'
    return [
        _column("Stage", "string", ".status.progress.stage", "Where the job is."),
        _column("Searches", "string", ".status.progress.searches", "Searches done and planned."),
        _column("Cost", "number", ".status.usage.costUSD", "Dollars used so far."),
        _column("Resumptions", "integer", ".status.recovery.resumptions", "How often another worker took it up."),
        _column("Complete", "string", complete, "Whether the report is written."),
        _column("Age", "date", ".metadata.creationTimestamp", "Time since it was created."),
        _column("Requests", "integer", ".status.usage.requests", "Model requests so far.", 1),
        _column("Workflow", "string", ".status.workflow.id", "Workflow in Temporal.", 1),
        _column("Query", "string", ".spec.query", "The question.", 1),
    ]


def _convert(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    node = _resolved(schema, definitions)
    out: dict[str, Any] = {}
    if "description" in node:
        out["description"] = " ".join(str(node["description"]).split())
    for key in ("type", "format", "enum", "pattern", "minLength", "maxLength", "minItems", "maxItems"):
        if key in node:
            out[key] = node[key]
    if "const" in node:
        out.update({"type": "string", "enum": [node["const"]]})
    if node.get("default") is not None:
        out["default"] = node["default"]
    out.update(_bounds(node))
    _bound_texts(out)
    if "properties" in node:
        out["properties"] = {name: _convert(child, definitions) for name, child in node["properties"].items()}
    if "required" in node:
        out["required"] = node["required"]
    if "items" in node:
        out["items"] = _convert(node["items"], definitions)
    return out


def _resolved(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """The node with its reference followed and its "or null" taken away; what stands beside a reference wins."""
    node = dict(schema)
    if "anyOf" in node:
        (inner,) = (part for part in node.pop("anyOf") if part.get("type") != "null")
        return _resolved({**inner, **node}, definitions)
    if "$ref" in node:
        name = node.pop("$ref").rpartition("/")[2]
        return _resolved({**definitions[name], **node}, definitions)
    return node


def _bounds(node: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {key: node[key] for key in ("minimum", "maximum") if key in node}
    for key, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if key in node:
            step = 1 if bound == "minimum" else -1
            whole = node.get("type") == "integer"
            out.update({bound: node[key] + step} if whole else {bound: node[key], key: True})
    if node.get("type") == "integer":
        out["format"] = "int64"
    return out


def _bound_texts(node: dict[str, Any]) -> None:
    # An unbounded text counts as a megabyte when the API server estimates what a rule costs.
    bounded = "maxLength" in node or "enum" in node or node.get("format") == "date-time"
    if node.get("type") == "string" and not bounded:
        node["maxLength"] = _UNBOUNDED_TEXT


def _without_defaults(node: dict[str, Any]) -> None:
    """Status is written whole by its one writer; a default would put words into its mouth."""
    node.pop("default", None)
    for child in (*node.get("properties", {}).values(), *([node["items"]] if "items" in node else [])):
        _without_defaults(child)
