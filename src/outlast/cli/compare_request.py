"""From the words of `outlast compare` to what is compared: everything that can be refused without asking anybody is."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outlast.cli.output import check_output
from outlast.cli.request import JOB_ID, new_id
from outlast.errors import UsageError

if TYPE_CHECKING:
    from outlast.evals.comparison import Comparison
    from outlast.evals.manifest import Manifest

ID_CHARACTERS = 40
"""Of a comparison's id: ids of its runs begin with it."""

SUFFIXES = (".json", ".html", ".htm", ".txt")

REPEAT, SEED, TASK = 1, 0, "deep-research"
"""What is taken where nothing is said."""


@dataclass(frozen=True, slots=True)
class CompareRequest:
    """What `outlast compare` was asked for."""

    id: str
    manifest: Manifest | None
    """None: go on with the comparison that has this id, whatever it compares."""
    baseline: Comparison | None
    baseline_file: Path | None
    outputs: list[Path]
    parallel: int
    worker: bool | None

    @property
    def again(self) -> str:
        """The command that goes on with it."""
        return f"outlast compare --id {self.id}"


def given(
    *,
    models: str | None,
    task: str | None,
    dataset: Path | None,
    repeat: int | None,
    seed: int | None,
    comparison_id: str | None,
    baseline: Path | None,
    outputs: list[Path],
    budget: dict[str, Any],
    parallel: int,
    worker: bool | None,
) -> CompareRequest:
    """Understand the words.

    Raises:
        UsageError: something is missing, unknown or unreadable; the message says which.
    """
    _need_evals()
    if comparison_id is not None and not (JOB_ID.match(comparison_id) and len(comparison_id) <= ID_CHARACTERS):
        raise UsageError(
            f"--id {comparison_id!r} can't be an id: letters, digits, dots, dashes and underscores, {ID_CHARACTERS} of "
            "them at the most."
        )
    for output in outputs:
        check_output(output)
        if output.suffix.lower() not in SUFFIXES:
            raise UsageError(f"--output {str(output)!r}: a comparison is saved as {', '.join(SUFFIXES)}.")
    bounds = {name: value for name, value in budget.items() if value is not None}
    manifest = None
    if models is not None:
        manifest = _manifest(models, task or TASK, dataset, repeat or REPEAT, SEED if seed is None else seed, bounds)
    elif comparison_id is None:
        raise UsageError("Which models? Give --models A,B,C, or the --id of a comparison to go on with.")
    elif task or dataset or repeat or seed is not None or bounds:
        raise UsageError("A comparison goes on as it was started: give its --id alone, or --models with all the rest.")
    request = CompareRequest(
        id=comparison_id or new_id("compare"),
        manifest=manifest,
        baseline=_baseline(baseline),
        baseline_file=baseline,
        outputs=outputs,
        parallel=parallel,
        worker=worker,
    )
    if manifest is not None:
        check_baseline(request, manifest)
    return request


def check_baseline(request: CompareRequest, manifest: Manifest) -> None:
    """Refuse a baseline that asked something else.

    Raises:
        UsageError: it is of another task, or of other cases.
    """
    from outlast.evals.baseline import check_comparable

    if request.baseline is not None:
        check_comparable(
            request.baseline,
            task=manifest.task,
            dataset_sha256=manifest.dataset_sha256,
            origin=str(request.baseline_file),
        )


def _manifest(models: str, task: str, dataset: Path | None, repeat: int, seed: int, bounds: dict[str, Any]) -> Manifest:
    from pydantic import ValidationError

    from outlast.evals.dataset import fingerprint, read_dataset, read_text
    from outlast.evals.manifest import Manifest
    from outlast.evals.tasks import find_task
    from outlast.job.spec import Budget

    names = [name.strip() for name in models.split(",") if name.strip()]
    if not names:
        raise UsageError("--models names no model: give A,B,C as Pydantic AI spells them, such as openai:gpt-5.")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise UsageError(f"--models names {twice!r} twice.")
    known = find_task(task)
    text = read_text(dataset, known)
    origin = str(dataset) if dataset else known.shipped
    cases = read_dataset(text, known, origin=origin)
    try:
        budget = Budget.model_validate(bounds)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise UsageError(f"The budget is off: {'.'.join(map(str, first['loc']))}: {first['msg']}.") from None
    return Manifest(
        task=known.name,
        models=tuple(names),
        dataset=text,
        dataset_name=origin,
        dataset_sha256=fingerprint(cases),
        repeat=repeat,
        seed=seed,
        budget=budget,
    )


def _baseline(path: Path | None) -> Comparison | None:
    if path is None:
        return None
    from outlast.evals.baseline import read_baseline

    return read_baseline(path)


def _need_evals() -> None:
    if importlib.util.find_spec("pydantic_evals") is None:
        raise UsageError("Comparing models needs a package that is not installed: `pip install outlast[evals]`.")
