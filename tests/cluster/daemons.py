"""The processes of one control plane: started in the surroundings they need, watched until they are of use."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.command import Argument
from tests.cluster.controlplane import ControlPlane
from tests.cluster.errors import ClusterError, tail
from tests.cluster.health import answers_ready, reason_not_ready
from tests.cluster.paths import Layout
from tests.cluster.processes import Identity, recorded, start
from tests.cluster.waiting import wait_until

_DEADLINE_SECONDS = 60


@dataclass(frozen=True)
class Daemons:
    """Starts daemons that share a state folder and surroundings."""

    layout: Layout
    surroundings: tuple[str, ...]
    """Words before each command, such as those that enter a namespace; they must end in an exec, not a fork."""

    def start(self, name: str, argv: list[Argument]) -> Identity:
        """Start one; its output goes to a log of its own."""
        return start(name, [*self.surroundings, *argv], log=self.log(name), pids=self.layout.pids)

    def log(self, name: str) -> Path:
        """Where a daemon's output goes."""
        return self.layout.logs / f"{name}.log"

    def await_useful(
        self, name: str, what: str, condition: Callable[[], bool], seen: Callable[[], str] = lambda: ""
    ) -> None:
        """Wait for a daemon to become of use; its end while it starts is an error at once."""
        log = self.log(name)
        identity = recorded(self.layout.pids)[name]

        def checked() -> bool:
            if not identity.alive():
                raise ClusterError(f"{name} ended while starting", seen=tail(log), next_step=f"read {log}")
            return condition()

        wait_until(
            checked,
            what=what,
            deadline_seconds=_DEADLINE_SECONDS,
            seen=lambda: seen() + tail(log),
            next_step=lambda: f"read {log}",
        )

    def await_apiserver(self, plane: ControlPlane) -> None:
        """Wait until the API server passes its own readiness checks."""
        self.await_useful(
            "kube-apiserver",
            "an API server that answers ready",
            lambda: answers_ready(plane.endpoint, plane.layout),
            lambda: reason_not_ready(plane.endpoint, plane.layout),
        )
