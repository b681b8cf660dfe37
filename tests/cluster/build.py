"""Makes the recipes' binaries, static and without debug information, in the cache.

Go compiles on every processor it is given, at the lowest priority: a cold build of Kubernetes takes minutes, and the
person who started it may want to work meanwhile.
"""

import json
import os
import re
import shutil
import stat
from pathlib import Path

from tests.cluster.cache import provide
from tests.cluster.command import run, run_logged
from tests.cluster.errors import ClusterError, PlatformError
from tests.cluster.recipes import RECIPES, Recipe

_STATIC = {"CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false"}
_STAGED_MODULE = re.compile(r"^\s*(k8s\.io/[a-z0-9-]+) => \./staging/", re.MULTILINE)


def component(name: str) -> Path:
    """The folder of a built component: its binaries in `bin/`, kept source folders beside it."""
    recipe = RECIPES.get(name)
    if recipe is None:
        raise ClusterError("no such component", seen=repr(name), next_step=f"one of {', '.join(RECIPES)}")
    return provide(recipe.name, recipe.version, recipe.key, lambda folder, log: _fill(recipe, folder, log))


def binary(name: str, command: str = "") -> Path:
    """The path of one command of a component; the component's own name if no other is given."""
    return component(name) / "bin" / (command or name)


def _fill(recipe: Recipe, folder: Path, log: Path) -> None:
    if shutil.which("go") is None:
        raise PlatformError(
            f"building {recipe.name} needs Go, and there is no `go` on the PATH",
            next_step="install Go 1.26 or newer; Debian's own package is too old",
        )
    source = folder / "source"
    module = _downloaded(recipe.module, recipe.version)
    if recipe.main:
        _write_main_module(recipe, source, module, log)
    else:
        _copy_writable(module, source)
    (folder / "bin").mkdir()
    for name, package in recipe.packages.items():
        output = folder / "bin" / name
        flags = " ".join(recipe.ldflags)
        _go(["build", "-trimpath", "-ldflags", flags, "-o", str(output), package], source, log)
    for link in recipe.links:
        (folder / "bin" / link).symlink_to(next(iter(recipe.packages)))
    for kept in recipe.keep:
        shutil.copytree(source / kept, folder / kept)
    shutil.rmtree(source)


def _downloaded(module: str, version: str) -> Path:
    answer = run(["go", "mod", "download", "-json", f"{module}@v{version}"], cwd=Path("/"), deadline_seconds=600)
    return Path(json.loads(answer)["Dir"])


def _write_main_module(recipe: Recipe, source: Path, module: Path, log: Path) -> None:
    """A module around our own main: Kubernetes' libraries are staged in its tree and published one minor lower."""
    source.mkdir()
    (source / "main.go").write_text(recipe.main)
    staged = _STAGED_MODULE.findall((module / "go.mod").read_text())
    published = f"v0.{recipe.version.removeprefix('1.')}"
    lines = [
        "module allinone",
        f"go {_go_language(module)}",
        f"require {recipe.module} v{recipe.version}",
        *(f"replace {name} => {name} {published}" for name in sorted(set(staged))),
    ]
    (source / "go.mod").write_text("\n".join(lines) + "\n")
    _go(["mod", "tidy"], source, log)


def _go_language(module: Path) -> str:
    found = re.search(r"^go (\S+)$", (module / "go.mod").read_text(), re.MULTILINE)
    if found is None:
        raise ClusterError("a module does not say which Go it needs", seen=str(module / "go.mod"))
    return found.group(1)


def _copy_writable(module: Path, source: Path) -> None:
    """The module cache is read-only, and Go refuses to build a main module inside it."""
    shutil.copytree(module, source)
    for path in (source, *source.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | stat.S_IWUSR)


def _go(arguments: list[str], source: Path, log: Path) -> None:
    parallel = ["-p", str(os.cpu_count() or 1)] if arguments[0] == "build" else []
    argv = ["nice", "-n", "19", "go", arguments[0], *parallel, *arguments[1:]]
    run_logged(argv, log, cwd=source, env=_STATIC, next_step=f"read {log}, then run the same command again")
