"""README.md and values.schema.json are made from values.yaml, and every key in it is explained."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.charts.helm import CHARTS


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", CHARTS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("chart", ["outlast", "outlast-crds", "temporal"])
def test_the_generated_files_are_in_step(generate: ModuleType, chart: str) -> None:
    wanted: dict[Path, str] = generate.files(chart)
    assert {path: path.read_text() for path in wanted} == wanted, "`python charts/generate.py` writes them anew"


_PLAIN = {"repository", "tag", "pullPolicy", "replicas", "resources"}
"""Keys below a documented one whose meaning Kubernetes gives."""


@pytest.mark.parametrize("chart", ["outlast", "outlast-crds", "temporal"])
def test_every_key_is_explained(generate: ModuleType, chart: str) -> None:
    def unexplained(key: Any, above: bool) -> list[str]:
        told = bool(key.sentence) or (above and key.path[-1] in _PLAIN)
        mine = [".".join(key.path)] if key.is_leaf and not told else []
        return mine + [name for child in key.children for name in unexplained(child, bool(key.sentence))]

    keys = generate.load(chart).keys
    assert keys
    assert [name for key in keys for name in unexplained(key, False)] == []
