"""Reads datasets: YAML as pydantic-evals has it, with a sentence for each thing that is off."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_evals import Dataset

from outlast.errors import UsageError
from outlast.evals.task import Task

AnyDataset = Dataset[Any, Any, Any]


def read_text(path: Path | None, task: Task) -> str:
    """The text of a dataset: a file's, or that of the one which comes with a task.

    Raises:
        UsageError: the file can't be read.
    """
    if path is None:
        return (resources.files("outlast.evals") / "data" / task.shipped).read_text(encoding="utf-8")
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"The dataset {path} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"The dataset {path} is no text: {error.reason} at byte {error.start}.") from None


def read_dataset(text: str, task: Task, *, origin: str) -> AnyDataset:
    """Understand a dataset.

    Args:
        text: YAML.
        task: Says what inputs and expected outputs have to be.
        origin: Where it came from, for messages.

    Raises:
        UsageError: it is no YAML, is empty, has a wrong field, or has a case twice.
    """
    document = _parsed(text, origin)
    _number_the_nameless(document)
    try:
        dataset = task.dataset_type.from_dict(document, default_name=Path(origin).stem)
    except ValidationError as error:
        problems = "; ".join(_problem(problem, document) for problem in error.errors(include_url=False)[:5])
        raise UsageError(f"{origin} is no dataset for {task.name}: {problems}.") from None
    except ExceptionGroup as error:
        raise UsageError(f"{origin} is no dataset for {task.name}: {error.exceptions[0]}") from None
    except ValueError as error:
        raise UsageError(f"{origin} is no dataset for {task.name}: {error}.") from None
    _refuse_unusable(dataset, origin)
    return dataset


def fingerprint(dataset: AnyDataset) -> str:
    """A hash of the cases: the same for the same questions and answers, however the file is laid out."""
    cases = [(case.name, _plain(case.inputs), _plain(case.expected_output)) for case in dataset.cases]
    return hashlib.sha256(json.dumps(cases, sort_keys=True).encode()).hexdigest()


def _parsed(text: str, origin: str) -> dict[str, Any]:
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark, what = getattr(error, "problem_mark", None), getattr(error, "problem", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise UsageError(f"{origin} is no valid YAML: {where}{what or ' '.join(str(error).split())}.") from None
    if document is None:
        raise UsageError(f"{origin} is empty: a dataset has a list of `cases`.")
    if not isinstance(document, dict):
        raise UsageError(f"{origin} holds a {type(document).__name__}: a dataset is a mapping with a list of `cases`.")
    if document.get("cases") == []:
        raise UsageError(f"{origin} has no cases: there is nothing to compare models by.")
    return document


def _number_the_nameless(document: dict[str, Any]) -> None:
    cases = document.get("cases")
    for number, case in enumerate(cases if isinstance(cases, list) else (), start=1):
        if isinstance(case, dict) and not case.get("name"):
            case["name"] = f"case-{number}"


def _refuse_unusable(dataset: AnyDataset, origin: str) -> None:
    blind = [case.name for case in dataset.cases if case.expected_output is None]
    if blind:
        raise UsageError(f"{origin}: the case {blind[0]!r} has no expected_output, so nobody can tell a right answer.")
    asked = Counter(json.dumps(_plain(case.inputs), sort_keys=True) for case in dataset.cases)
    again = [case.name for case in dataset.cases if asked[json.dumps(_plain(case.inputs), sort_keys=True)] > 1]
    if again:
        raise UsageError(
            f"{origin}: the cases {', '.join(map(repr, again[:2]))} have the same inputs; --repeat runs a case again."
        )


def _problem(problem: Any, document: dict[str, Any]) -> str:
    where: list[str] = []
    steps = list(problem["loc"])
    if len(steps) > 1 and steps[0] == "cases" and isinstance(steps[1], int):
        case = document["cases"][steps[1]]
        where.append(f"case {case['name']!r}" if isinstance(case, dict) else f"case number {steps[1] + 1}")
        steps = steps[2:]
    where += [".".join(map(str, steps))] if steps else []
    seen = "" if problem["type"] == "missing" else f", found {problem['input']!r:.80}"
    return f"{': '.join(where)}: {problem['msg']}{seen}"


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value
