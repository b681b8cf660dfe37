"""What the image leaves out: a library still loads without its symbols, and a pattern that names nothing is refused."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from scripts.slim_image import LEFT_OUT, StalePatternError, leave_out, strip

PACKAGES = Path(sysconfig.get_path("purelib"))


def test_a_stripped_library_loads_and_is_smaller(tmp_path: Path) -> None:
    library = next((PACKAGES / "yaml").glob("_yaml*.so"))
    folder = tmp_path / "yaml"
    shutil.copytree(library.parent, folder)
    copy = folder / library.name
    strip(copy)
    assert copy.stat().st_size < library.stat().st_size
    code = "import yaml; print(yaml.__file__, yaml.load('a: [1]', yaml.CSafeLoader))"
    command = [sys.executable, "-S", "-c", code]
    said = subprocess.run(command, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=True).stdout
    assert said == f"{folder / '__init__.py'} {{'a': [1]}}\n"
    once = copy.read_bytes()
    strip(copy)
    assert copy.read_bytes() == once


def test_what_is_no_library_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "script.so").write_text("INPUT(libc.so.6)")
    strip(tmp_path / "script.so")
    assert (tmp_path / "script.so").read_text() == "INPUT(libc.so.6)"


def test_a_pattern_that_matches_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StalePatternError, match="'gone' matches nothing"):
        leave_out(tmp_path, "gone")


def test_every_pattern_names_something_that_is_installed() -> None:
    """So that an upgrade that moves a folder shows here, and not only when the image is built."""
    builds_only = {"*-stubs", "*.dist-info/sboms"}
    patterns = [pattern for patterns in LEFT_OUT.values() for pattern in patterns if pattern not in builds_only]
    assert [pattern for pattern in patterns if not any(PACKAGES.glob(pattern))] == []
