"""Writes README.md and values.schema.json of each chart from its values.yaml, so that the three can't drift apart.

    python charts/generate.py          write them
    python charts/generate.py --check  say which are out of date; status 1 if any is

In values.yaml a comment that begins with `# --` is the sentence of the key below it, `# @schema {...}` adds JSON schema
to what the default value tells, and `# ------ Title` begins a section. `"freeform": true` marks what Kubernetes judges.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

CHARTS = Path(__file__).parent
NAMES = ("outlast-crds", "temporal", "outlast")
"""Subcharts before the chart that depends on them."""

_BANNER = re.compile(r"^# -{5,} (?P<title>.+)$")
_TYPES = {"bool": "boolean", "int": "integer", "float": "number", "str": "string", "seq": "array", "map": "object"}

Json = dict[str, Any]


@dataclass(frozen=True)
class Key:
    """One key of values.yaml."""

    path: tuple[str, ...]
    default: Any
    sentence: str
    hints: Json
    section: str
    kind: str
    children: list[Key] = field(default_factory=list)

    @property
    def is_leaf(self) -> bool:
        """Whether its value is one thing to a reader, rather than a place for further keys."""
        return not self.children

    def walk(self) -> Iterator[Key]:
        """It and everything below."""
        yield self
        for child in self.children:
            yield from child.walk()


class Values:
    """A values.yaml with its comments."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if not isinstance(root, yaml.MappingNode):
            raise TypeError("values.yaml is no mapping")
        self._defaults = yaml.safe_load(text)
        self.keys = self._children(root, ())

    def _children(self, node: yaml.MappingNode, above: tuple[str, ...]) -> list[Key]:
        return [self._key(name, value, above) for name, value in node.value]

    def _key(self, name: yaml.Node, value: yaml.Node, above: tuple[str, ...]) -> Key:
        path = (*above, str(name.value))
        sentence, hints = self._comment(name.start_mark.line, ".".join(path))
        default: Any = self._defaults
        for part in path:
            default = default[part]
        kind = _TYPES[value.tag.rpartition(":")[2]]
        opaque = hints.get("freeform") or "additionalProperties" in hints
        children = self._children(value, path) if isinstance(value, yaml.MappingNode) and not opaque else []
        return Key(path, default, sentence, hints, self._section(name.start_mark.line), kind, children)

    def _comment(self, line: int, path: str) -> tuple[str, Json]:
        block: list[str] = []
        while line > 0 and self._lines[line - 1].lstrip().startswith("#"):
            line -= 1
            block.insert(0, self._lines[line].strip().removeprefix("#").strip())
        hints: Json = {}
        words: list[str] = []
        for text in block:
            if text.startswith("@schema"):
                try:
                    hints |= json.loads(text.removeprefix("@schema"))
                except ValueError as error:
                    raise ValueError(f"{path}: the @schema comment is no JSON: {error}") from None
            elif text.startswith("-- "):
                words = [text.removeprefix("-- ")]
            elif words:
                words.append(text)
        return " ".join(words), hints

    def _section(self, line: int) -> str:
        found = (_BANNER.match(self._lines[number]) for number in range(line, -1, -1))
        return next((match["title"] for match in found if match), "")


def schema(key: Key) -> Json:
    """JSON schema of a key."""
    hints = {name: value for name, value in key.hints.items() if name != "freeform"}
    found: Json = {"type": key.kind} | ({"description": key.sentence} if key.sentence else {}) | hints
    if "enum" in hints:
        found.pop("type")
    if key.kind == "object" and not key.hints.get("freeform") and "additionalProperties" not in hints:
        found |= {
            "additionalProperties": False,
            "properties": {child.path[-1]: schema(child) for child in key.children},
        }
    return found


def chart_schema(name: str) -> Json:
    """JSON schema of a chart's values, those of its subcharts among them."""
    properties = {key.path[0]: schema(key) for key in load(name).keys}
    chart = yaml.safe_load((CHARTS / name / "Chart.yaml").read_text())
    for dependency in chart.get("dependencies", []):
        below = chart_schema(dependency["name"])
        ours = properties[dependency["name"]]
        ours["properties"] = _merged(below["properties"], ours["properties"])
    # Helm hands `global` to every chart, and the switch of a subchart to the subchart too.
    properties |= {"global": {"type": "object"}}
    if not chart.get("dependencies"):
        properties |= {"enabled": {"type": "boolean"}}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": f"Values of the chart {name}",
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    }


def _merged(below: Json, ours: Json) -> Json:
    merged = dict(below)
    for name, value in ours.items():
        if isinstance(value.get("properties"), dict) and name in merged:
            value = value | {"properties": _merged(merged[name].get("properties", {}), value["properties"])}
        merged[name] = value
    return merged


def load(name: str) -> Values:
    """Read a chart's values.yaml."""
    return Values((CHARTS / name / "values.yaml").read_text())


def table(name: str) -> str:
    """The values as Markdown, a table a section."""
    lines: list[str] = []
    section: str | None = None
    for key in (key for top in load(name).keys for key in top.walk()):
        if key.section != section:
            section = key.section
            heading = [f"### {section}", ""] if section else []
            lines += ["", *heading, "| Key | Default | Meaning |", "| --- | --- | --- |"]
        default = f"`{json.dumps(key.default)}`" if key.is_leaf else ""
        if key.is_leaf or key.sentence:
            lines.append(f"| `{'.'.join(key.path)}` | {default} | {key.sentence.replace('|', chr(92) + '|')} |")
    return "\n".join(lines).strip()


def files(name: str) -> dict[Path, str]:
    """The generated files of a chart, with what they should hold."""
    folder = CHARTS / name
    text = (folder / "README.tmpl.md").read_text()
    return {
        folder / "README.md": text.replace("<!-- values -->", table(name)),
        folder / "values.schema.json": json.dumps(chart_schema(name), indent=2, ensure_ascii=False) + "\n",
    }


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main(arguments: list[str]) -> int:
    """Write or check."""
    stale = []
    for name in NAMES:
        for path, text in files(name).items():
            if path.exists() and path.read_text() == text:
                continue
            stale.append(path)
            if "--check" not in arguments:
                path.write_text(text)
    for path in stale:
        _say(f"{'out of date' if '--check' in arguments else 'wrote'}: {path.relative_to(CHARTS.parent)}")
    if stale and "--check" in arguments:
        _say("run `python charts/generate.py`")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
