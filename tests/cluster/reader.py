"""Somebody who reads docs/ and types what stands there, on the tests' cluster.

What that cluster lacks is added behind the reader's back, by a `helm` that hands over further values: an image that is
in no registry, no volumes, and for a second installation no second hold on the whole cluster. An upgrade keeps the
values that the release has.
"""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.charts.helm import helm
from tests.cluster.installing import OUTLAST, Install
from tests.docs.blocks import Block
from tests.docs.running import place, run_page

DEADLINE_SECONDS = 240

_NO_VOLUMES = {"persistence": {"enabled": False}}
_SUPPLIED = {
    "outlast-crds": {},
    "temporal": {"cluster": {"postgresql": _NO_VOLUMES}},
    "outlast": {
        "image": OUTLAST["image"],
        "jobs": {"namespaces": []},
        "policies": {"enabled": False},
        "temporal": {"dev": _NO_VOLUMES},
    },
}

_HELM = """#!/bin/sh
# helm upgrade --install RELEASE ...: with the values of the release, or those that this cluster needs.
set -eu
release=${{3:-}}
if [ "${{1:-}}" = upgrade ]; then
  words="$* "
  namespace=${{words##*--namespace }}
  if {helm} status "$release" --namespace "${{namespace%% *}}" >/dev/null 2>&1; then
    set -- "$@" --reuse-values
  else
    set -- "$@" --values {values}/"$release.yaml"
  fi
  set -- "$@" --force-conflicts --take-ownership
fi
exec {helm} "$@"
"""


@dataclass(frozen=True)
class Reader:
    """Where the reader sits."""

    folder: Path
    env: dict[str, str]

    @classmethod
    def at(cls, install: Install, folder: Path) -> Reader:
        """In a clone, with kubectl, helm and outlast on the path."""
        programs, values, home = folder / "bin", folder / "values", folder / "home"
        for made in (programs, values, home):
            made.mkdir()
        for release, supplied in _SUPPLIED.items():
            (values / f"{release}.yaml").write_text(yaml.safe_dump(supplied))
        kubeconfig = shlex.quote(str(install.cluster.kubeconfig))
        _program(programs / "helm", _HELM.format(helm=f"{helm()} --kubeconfig {kubeconfig}", values=values))
        words = " ".join(shlex.quote(str(word)) for word in install.kubectl.words)
        _program(programs / "kubectl", f'#!/bin/sh\nexec {words} "$@"\n')
        env = {name: value for name, value in os.environ.items() if not name.startswith(("OUTLAST_", "XDG_"))}
        path = f"{programs}:{Path(sys.executable).parent}:{env['PATH']}"
        return cls(place(folder / "clone"), {**env, "HOME": str(home), "PATH": path})

    def follow(self, blocks: list[Block]) -> None:
        """Type the commands of a page."""
        run_page(blocks, self.folder, self.env, deadline_seconds=DEADLINE_SECONDS)


def _program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)
