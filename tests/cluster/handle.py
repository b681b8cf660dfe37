"""What a test holds of a cluster: one that was started here, or one that already was there."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import existing, node
from tests.cluster.audit import AuditLog
from tests.cluster.kubectl import Kubectl


@dataclass(frozen=True)
class Cluster:
    """A reachable cluster."""

    kubectl: Kubectl
    load_image: Callable[[Path], None]
    """Puts an image archive where the nodes find it without pulling."""
    audit: AuditLog | None
    """The audit log, where it can be read; a test that needs it skips without."""
    own: bool
    """Whether this package runs the node, so that tests may kill its parts."""

    @property
    def kubeconfig(self) -> Path:
        """For clients other than kubectl."""
        return self.kubectl.kubeconfig


def own_cluster() -> Cluster:
    """The node of this machine, started if need be."""
    node.up()
    return Cluster(node.kubectl(), node.load, AuditLog(node.layout().audit_log), own=True)


def existing_cluster(context: str, folder: Path) -> Cluster:
    """A cluster by its context; `folder` takes a kubeconfig with that context alone."""
    return Cluster(existing.bind(context, folder), lambda archive: existing.load(context, archive), None, own=False)
