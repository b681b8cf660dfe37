"""Writes the reference pages from the models and the command themselves, so that they can't be out of date.

`make reference` writes them; a test fails when one differs from what would be written.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from outlast.cli.exits import TABLE
from outlast.cli.verbs import VERBS
from outlast.control.probes import OperatorMetrics
from outlast.job.conditions import ConditionType, Reason
from outlast.job.policy import ResearchPolicySpec
from outlast.job.spec import ResearchJobSpec
from outlast.job.status import JobStatus
from outlast.settings import PREFIX, Settings
from outlast.telemetry.metrics import MetricDoc, WorkerMetrics

FOLDER = Path(__file__).parent.parent / "docs" / "reference"
NOTE = "Written by `make reference`; edit the docstrings it is made of."


def main() -> None:
    """Write every page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text)
        sys.stdout.write(f"{name}\n")


def pages() -> dict[str, str]:
    """Every page by its file name."""
    return {
        "settings.md": "\n".join([f"# Settings\n\n{NOTE}\n", *_settings()]),
        "researchjob.md": "\n".join([f"# ResearchJob\n\n{NOTE}\n", *_job()]),
        "researchpolicy.md": "\n".join([f"# ResearchPolicy\n\n{NOTE}\n", *_policy()]),
        "conditions.md": "\n".join([f"# Conditions and reasons\n\n{NOTE}\n", *_conditions()]),
        "metrics.md": "\n".join([f"# Metrics\n\n{NOTE}\n", *_metrics()]),
        "commands.md": "\n".join([f"# Commands\n\n{NOTE}\n", *_commands()]),
    }


def _settings() -> Iterator[str]:
    yield "Keys of model providers and search services keep the names of their own libraries (`OPENAI_API_KEY`, ...).\n"
    yield "| variable | default | meaning |"
    yield "| --- | --- | --- |"
    for name, field in Settings.model_fields.items():
        default = "" if field.default_factory else _value(field.default)
        yield f"| `{PREFIX}{name.upper()}` | {default} | {_text(field.description)} |"
    yield ""


def _spec(path: str, model: type[BaseModel]) -> Iterator[str]:
    yield f"## {path}\n"
    yield " ".join((model.__doc__ or "").split()) + "\n"
    yield "| field | default | meaning |"
    yield "| --- | --- | --- |"
    nested: list[tuple[str, type[BaseModel]]] = []
    for name, field in model.model_fields.items():
        word = field.alias or name
        inner = _inner(field)
        if inner is not None:
            nested.append((f"{path}.{word}", inner))
        default = "required" if field.is_required() else "" if field.default_factory else _value(field.default)
        yield f"| `{word}` | {default} | {_text(field.description)}{_choices(field)} |"
    yield ""
    for deeper, inner in nested:
        yield from _spec(deeper, inner)


def _job() -> Iterator[str]:
    yield "Of the API `outlast.dev/v1alpha1`, `rj` for short. What the API server judges beyond types and ranges is in"
    yield "the [definition](../../k8s/crds/researchjobs.yaml), each rule with its sentence.\n"
    yield from _spec("spec", ResearchJobSpec)
    yield from _spec("status", JobStatus)


def _policy() -> Iterator[str]:
    yield "What the jobs of a namespace may use: the one named `default`, of the API `outlast.dev/v1alpha1`.\n"
    yield from _spec("spec", ResearchPolicySpec)


def _conditions() -> Iterator[str]:
    yield "Types and reasons are API: never renamed or reused within a version. Messages are for people, and change.\n"
    yield "| condition | means |"
    yield "| --- | --- |"
    for value, meaning in _documented(ConditionType):
        yield f"| `{value}` | {_text(meaning)} |"
    yield "\n| reason | condition and status; cause |"
    yield "| --- | --- |"
    for value, meaning in _documented(Reason):
        yield f"| `{value}` | {_text(meaning)} |"
    yield ""


def _documented(enum: type[StrEnum]) -> Iterator[tuple[str, str]]:
    """Each member's value, and the text below it."""
    (written,) = ast.parse(inspect.getsource(enum)).body
    assert isinstance(written, ast.ClassDef)
    for member, below in zip(written.body, written.body[1:], strict=False):
        match member, below:
            case ast.Assign(targets=[ast.Name(id=name)]), ast.Expr(value=ast.Constant(value=str(text))):
                yield enum[name].value, text


def _metrics() -> Iterator[str]:
    yield "At `/metrics`, on port 8080 of each pod that the chart makes; a worker elsewhere serves them where"
    yield "`OUTLAST_HTTP_PORT` is set. `temporal_...` beside them are the SDK's own.\n"
    yield from _metric_table("Worker", WorkerMetrics(Settings.model_construct()).describe())
    yield from _metric_table("Operator", _operator_metrics())


def _operator_metrics() -> Iterator[MetricDoc]:
    for metric in vars(OperatorMetrics()).values():
        for described in metric.describe() if hasattr(metric, "describe") else ():
            name = f"{described.name}_total" if described.type == "counter" else described.name
            yield MetricDoc(name, described.type, metric._labelnames, described.documentation)


def _metric_table(title: str, metrics: Iterator[MetricDoc]) -> Iterator[str]:
    yield f"## {title}\n"
    yield "| metric | kind | labels | meaning |"
    yield "| --- | --- | --- | --- |"
    for metric in metrics:
        yield f"| `{metric.name}` | {metric.kind} | {', '.join(metric.labels)} | {_text(metric.meaning)} |"
    yield ""


def _commands() -> Iterator[str]:
    yield f"{TABLE}\n"
    for name, verb in VERBS.items():
        yield from _command(name, verb.load(name))


def _command(name: str, command: Any) -> Iterator[str]:
    if hasattr(command, "commands"):
        for deeper, inner in command.commands.items():
            yield from _command(f"{name} {deeper}", inner)
        return
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    words = [f"[{p.name.upper()}]" if not p.required else p.name.upper() for p in arguments]
    usage = " ".join(["outlast", name, *words])
    yield f"## {name}\n"
    yield f"    {usage}\n"
    yield (command.help or "").strip() + "\n"
    options = [p for p in command.params if p.param_type_name == "option" and not p.hidden and p.name != "help"]
    if options:
        yield "| option | meaning |"
        yield "| --- | --- |"
        for option in options:
            yield f"| `{', '.join([*option.opts, *option.secondary_opts])}` | {_text(option.help)} |"
        yield ""


def _inner(field: FieldInfo) -> type[BaseModel] | None:
    found = [t for t in (field.annotation, *getattr(field.annotation, "__args__", ())) if isinstance(t, type)]
    return next((t for t in found if issubclass(t, BaseModel)), None)


def _choices(field: FieldInfo) -> str:
    found = [t for t in (field.annotation, *getattr(field.annotation, "__args__", ())) if isinstance(t, type)]
    values = [f"`{member.value}`" for kind in found if issubclass(kind, Enum) for member in kind]
    return f" One of {', '.join(values)}." if values else ""


def _value(value: Any) -> str:
    shown = getattr(value, "value", value)
    return "" if shown is None or shown in ({}, (), [], "") else f"`{shown}`"


def _text(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")


if __name__ == "__main__":
    main()
