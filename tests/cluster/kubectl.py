"""kubectl as a function: the same client that the project's users have, with errors that say what it answered."""

import json
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from tests.cluster.command import Argument, attempt, run

DEADLINE_SECONDS = 60


@dataclass(frozen=True)
class Kubectl:
    """kubectl bound to one cluster."""

    program: Path
    kubeconfig: Path

    def __call__(
        self, *arguments: Argument, stdin: str | None = None, deadline_seconds: float = DEADLINE_SECONDS
    ) -> str:
        """Run kubectl and return what it printed; a non-zero status is an error."""
        return run([*self.words, *arguments], stdin=stdin, deadline_seconds=deadline_seconds)

    def attempt(
        self, *arguments: Argument, stdin: str | None = None, deadline_seconds: float = DEADLINE_SECONDS
    ) -> CompletedProcess[str]:
        """Run kubectl where a refusal is an answer that the test wants to read."""
        return attempt([*self.words, *arguments], stdin=stdin, deadline_seconds=deadline_seconds)

    def json(self, *arguments: Argument) -> Any:
        """Run kubectl with `-o json` and return the parsed object."""
        return json.loads(self(*arguments, "-o", "json"))

    def apply(self, manifest: str, *options: Argument) -> str:
        """Apply manifests, server-side, as the owner of every field in them."""
        return self("apply", "--server-side", "--force-conflicts", "-f", "-", *options, stdin=manifest)

    @property
    def words(self) -> list[Argument]:
        """The words before the verb; nothing under `~/.kube` is read or written."""
        cache = self.kubeconfig.with_name("kubectl-cache")
        return [self.program, f"--kubeconfig={self.kubeconfig}", f"--cache-dir={cache}"]
