"""Reads a manifest from a file, and says of a bad one what is wrong, where, and what would be right.

One reader for every kind; a kind is a model with `api_version` and `kind` fixed, `metadata` and `spec`.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from outlast.errors import ManifestError
from outlast.job.spec import API_VERSION, KIND, ResearchJob, Resource

MAX_BYTES = 1_500_000
"""What etcd takes at the most: a larger manifest fits no cluster either."""

VERBS = {KIND: "outlast run", "TwentyQuestions": "outlast play"}
"""Which command takes which kind."""

ManifestT = TypeVar("ManifestT", bound=Resource)


def read_job(path: Path) -> ResearchJob:
    """Read one ResearchJob."""
    return read_manifest(path, ResearchJob)


def parse_job(text: str, *, origin: str) -> ResearchJob:
    """Parse the text of one ResearchJob; `origin` names it in messages."""
    return parse_manifest(text, ResearchJob, origin=origin)


def validate_job(document: Any, *, origin: str) -> ResearchJob:
    """Validate a parsed ResearchJob."""
    return validate_manifest(document, ResearchJob, origin=origin)


def read_manifest(path: Path, kind: type[ManifestT]) -> ManifestT:
    """Read one manifest.

    Raises:
        ManifestError: the file can't be read, is no YAML, or is no valid manifest of this kind.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ManifestError(f"{path} has {path.stat().st_size} bytes, a manifest has {MAX_BYTES} at the most.")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ManifestError(f"{path} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise ManifestError(f"{path} is no UTF-8 text: byte {error.start} is {error.object[error.start]:#x}.") from None
    return parse_manifest(text, kind, origin=str(path))


def parse_manifest(text: str, kind: type[ManifestT], *, origin: str) -> ManifestT:
    """Parse the text of one manifest; `origin` names it in messages."""
    name = kind_of(kind)
    try:
        documents = [document for document in yaml.safe_load_all(text) if document is not None]
    except yaml.YAMLError as error:
        raise ManifestError(f"{origin} is no valid YAML: {error}") from None
    if len(documents) != 1:
        raise ManifestError(f"{origin} holds {len(documents)} documents; one {name} is expected.")
    return validate_manifest(documents[0], kind, origin=origin)


def validate_manifest(document: Any, kind: type[ManifestT], *, origin: str) -> ManifestT:
    """Validate a parsed manifest."""
    name = kind_of(kind)
    if not isinstance(document, dict):
        raise ManifestError(f"{origin} holds a {type(document).__name__}, not a {name}.")
    found = (document.get("apiVersion"), document.get("kind"))
    if found != (API_VERSION, name):
        verb = VERBS.get(str(found[1]))
        hint = f" `{verb} {origin}` takes it." if found[0] == API_VERSION and verb else ""
        raise ManifestError(
            f"{origin} is {found[0]!r} {found[1]!r}; expected apiVersion {API_VERSION!r}, kind {name!r}.{hint}"
        )
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        problems = [_sentence(dict(problem), kind) for problem in error.errors(include_url=False)]
        raise ManifestError(f"{origin} is no valid {name}:\n" + "\n".join(f"  {line}" for line in problems)) from None


def kind_of(kind: type[Resource]) -> str:
    """The name of a kind, as manifests give it."""
    return str(kind.model_fields["kind"].default)


def _sentence(problem: dict[str, Any], kind: type[Resource]) -> str:
    path = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        known = _fields_beside(problem["loc"], kind)
        near = difflib.get_close_matches(str(problem["loc"][-1]), known, n=1)
        return f"{path}: unknown field; " + (f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}.")
    if problem["type"] == "missing":
        return f"{path}: required, but not there."
    value = repr(problem["input"])
    return f"{path}: {problem['msg']}; found {value if len(value) <= 80 else value[:77] + '...'}."


def _fields_beside(location: tuple[int | str, ...], kind: type[Resource]) -> list[str]:
    model: type[BaseModel] = kind
    for part in location[:-1]:
        field = next((f for name, f in model.model_fields.items() if part in (name, f.alias)), None)
        inner = [arg for arg in (field.annotation, *get_args(field.annotation)) if _is_model(arg)] if field else []
        if not inner:
            return []
        model = inner[0]
    return [field.alias or name for name, field in model.model_fields.items()]


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
