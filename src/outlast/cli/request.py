"""From the words of `outlast run` and `outlast play` to a job: which one, and what it is asked to do.

Options are laid over the manifest and the whole is validated by the manifest's own model, so every limit is written
down once.
"""

from __future__ import annotations

import re
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from outlast.errors import UsageError
from outlast.job.manifest import kind_of, parse_manifest, read_manifest, validate_manifest
from outlast.job.spec import API_VERSION, ResearchJob, ResearchJobSpec, Resource

JOB_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")
"""Ids that need no quotes in a shell and fit a request header."""

_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
"""For generated ids: nothing that looks like something else."""

_SUFFIXES = (".yaml", ".yml", ".json")

STDIN = "-"


SpecT = TypeVar("SpecT")


@dataclass(frozen=True, slots=True)
class Request(Generic[SpecT]):
    """What a command was asked for."""

    job_id: str
    spec: SpecT | None
    """None: go on with the job that has this id, whatever it asks."""
    overrides: dict[str, Any] = field(default_factory=dict)
    """What the options say, in the words of a manifest."""
    kind: type[Any] = ResearchJob
    """Of the manifest."""
    verb: str = "run"
    """The command."""

    @property
    def again(self) -> str:
        """The command that goes on with this job."""
        return f"outlast {self.verb} --id {self.job_id}"

    def over(self, recorded: SpecT) -> SpecT:
        """The job that was asked for, where only its id was given: as recorded, with the options laid over it."""
        if self.spec is not None:
            return self.spec
        spec: SpecT = laid_over(self.kind(spec=recorded), self.overrides, origin=f"the job {self.job_id!r}")
        return spec


def read_request(job: str | None, job_id: str | None, overrides: dict[str, Any]) -> Request[ResearchJobSpec]:
    """Understand the words of `outlast run`.

    Args:
        job: A manifest's path, `-` for a manifest on standard input, or a question.
        job_id: The id given, if any.
        overrides: What the options say; absent options are None.

    Raises:
        UsageError: there is neither job nor id, the question is empty, the id has odd characters.
        ManifestError: the manifest can't be read or does not validate.
    """
    check_id(job_id)
    given = without_none(overrides)
    if job is None:
        if job_id is None:
            raise UsageError(
                "What to find out is missing: give a manifest's path, a question in quotes, or the --id of a job to "
                "go on with."
            )
        return Request(job_id=job_id, spec=None, overrides=given)
    found, origin = _job(job)
    merged = laid_over(found, given, origin=origin)
    return Request(job_id=job_id or new_id(found.metadata.name or "job"), spec=merged, overrides=given)


def check_id(job_id: str | None) -> None:
    """Refuse ids with odd characters.

    Raises:
        UsageError: it has some.
    """
    if job_id is not None and not JOB_ID.match(job_id):
        raise UsageError(
            f"--id {job_id!r} can't be an id: letters, digits, dots, dashes and underscores, 128 of them at the most."
        )


def differences(recorded: Resource, asked: Resource, apart_from: Sequence[str] = ("budget", "query")) -> list[str]:
    """Fields in which a job differs from what is asked for now, apart from those that are dealt with otherwise."""
    before, now = (spec.model_dump(mode="json", exclude=set(apart_from)) for spec in (recorded, asked))
    return [f"{name} is {before[name]!r}, not {now[name]!r}" for name in before if before[name] != now[name]]


def _job(job: str) -> tuple[ResearchJob, str]:
    if job == STDIN:
        return parse_manifest(sys.stdin.read(), ResearchJob, origin="standard input"), "standard input"
    if not job.strip():
        raise UsageError("The question is empty: put it in quotes, or give the path of a manifest.")
    if _is_path(job):
        return read_manifest(Path(job), ResearchJob), job
    if len(job.split()) == 1 and not job.endswith("?"):
        raise UsageError(f"{job!r} is no file here, and one word is no question: give a path, or a question in quotes.")
    document = {"apiVersion": API_VERSION, "kind": kind_of(ResearchJob), "spec": {"query": job}}
    return validate_manifest(document, ResearchJob, origin="the question"), "the question"


def _is_path(job: str) -> bool:
    if job.lower().endswith(_SUFFIXES) and len(job.split()) == 1:
        return True
    try:
        return Path(job).exists() or (len(job.split()) == 1 and "/" in job)
    except OSError:  # longer than any path may be
        return False


def laid_over(job: Any, overrides: dict[str, Any], *, origin: str) -> Any:
    """The spec of a manifest with the options laid over it, validated by the manifest's own model."""
    if not overrides:
        return job.spec
    document = job.model_dump(mode="json", exclude_unset=True, exclude={"status"})
    document |= {"apiVersion": API_VERSION, "kind": kind_of(type(job))}
    document["spec"] = _merged(document["spec"], overrides)
    return validate_manifest(document, type(job), origin=f"{origin} with the options given").spec


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, value in over.items():
        inner = merged.get(name)
        merged[name] = _merged(inner if isinstance(inner, dict) else {}, value) if isinstance(value, dict) else value
    return merged


def without_none(words: dict[str, Any]) -> dict[str, Any]:
    """What the options say, without those that were not given."""
    cleaned = {name: without_none(value) if isinstance(value, dict) else value for name, value in words.items()}
    return {name: value for name, value in cleaned.items() if value not in (None, {}, [])}


def new_id(name: str) -> str:
    """An id that no job has, as good as certainly."""
    return f"{name}-{''.join(secrets.choice(_ALPHABET) for _ in range(6))}"
