"""What is answered where no role is asked for: a word on what this is, or the least that a schema allows."""

from __future__ import annotations

from typing import Any

from outlast.offline.turn import Turn

NOTICE = (
    "This is outlast's offline model: a rule-based stand-in, no language model. It knows the roles of outlast only."
)


def introduction(turn: Turn) -> str:
    """A plain answer that says what it is not."""
    asked = next((message.text for message in reversed(turn.messages) if message.role == "user"), "").strip()
    return f"{NOTICE} It can't answer: {asked[:200]}" if asked else NOTICE


def instance_of(schema: dict[str, Any], root: dict[str, Any] | None = None, depth: int = 0) -> Any:
    """The least value that a JSON schema allows, as far as the usual keywords go."""
    root = schema if root is None else root
    if depth > 20:
        return None
    if "$ref" in schema:
        return instance_of(_resolve(str(schema["$ref"]), root), root, depth + 1)
    for keyword in ("const", "default"):
        if keyword in schema:
            return schema[keyword]
    if schema.get("enum"):
        return schema["enum"][0]
    for keyword in ("anyOf", "oneOf"):
        if schema.get(keyword):
            return instance_of(schema[keyword][0], root, depth + 1)
    if schema.get("allOf"):
        merged = [instance_of(part, root, depth + 1) for part in schema["allOf"]]
        objects = [part for part in merged if isinstance(part, dict)]
        return {key: value for part in objects for key, value in part.items()} if objects else merged[0]
    return _of_type(schema, root, depth)


def _of_type(schema: dict[str, Any], root: dict[str, Any], depth: int) -> Any:
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = kind[0]
    match kind:
        case "object":
            properties = schema.get("properties", {})
            return {name: instance_of(properties.get(name, {}), root, depth + 1) for name in schema.get("required", [])}
        case "array":
            first = [instance_of(item, root, depth + 1) for item in schema.get("prefixItems", ())]
            more = range(schema.get("minItems", 0) - len(first))
            return first + [instance_of(schema.get("items", {}), root, depth + 1) for _ in more]
        case "integer" | "number":
            return _number(schema, integer=kind == "integer")
        case "boolean":
            return False
        case "null":
            return None
        case _:
            return "stand-in".ljust(schema.get("minLength", 0), ".")[: schema.get("maxLength")]


def _number(schema: dict[str, Any], *, integer: bool) -> int | float:
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    if isinstance(low, int | float):
        step = 0 if "minimum" in schema else 1 if integer else 1e-6
        return low + step
    if not isinstance(high, int | float) or high > 0:
        return 0
    return high if "maximum" in schema else high - 1


def _resolve(reference: str, root: dict[str, Any]) -> dict[str, Any]:
    node: Any = root
    for part in reference.removeprefix("#/").split("/"):
        node = node.get(part, {}) if isinstance(node, dict) else {}
    return node if isinstance(node, dict) else {}
