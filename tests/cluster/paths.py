"""Where the cluster keeps things: a cache that survives `down`, and state that does not.

Both stand outside the checkout, so that a clean clone finds finished binaries and git never sees them.
"""

import os
from dataclasses import dataclass
from pathlib import Path


def cache_root() -> Path:
    """Folder of finished binaries and images."""
    return _xdg("XDG_CACHE_HOME", ".cache")


def state_root() -> Path:
    """Folder of the running node."""
    return _xdg("XDG_STATE_HOME", ".local/state")


def _xdg(variable: str, default: str) -> Path:
    base = os.environ.get(variable) or str(Path.home() / default)
    return Path(base) / "outlast" / "cluster"


@dataclass(frozen=True)
class Layout:
    """The folders and files of one control plane, whole node or API server alone."""

    root: Path

    @property
    def pki(self) -> Path:
        """Certificates and keys, as kubeadm lays them out."""
        return self.root / "pki"

    @property
    def etc(self) -> Path:
        """Kubeconfigs and component configurations."""
        return self.root / "etc"

    @property
    def logs(self) -> Path:
        """One log a process; outlives `down` until the next `up`."""
        return self.root / "log"

    @property
    def pids(self) -> Path:
        """One file a process with its identity."""
        return self.root / "pid"

    @property
    def etcd(self) -> Path:
        """The database."""
        return self.root / "etcd"

    @property
    def audit_log(self) -> Path:
        """What the API server was asked, by whom, and what it answered."""
        return self.logs / "audit.jsonl"

    @property
    def kubeconfig(self) -> Path:
        """Credentials of a cluster administrator bound by RBAC, for tests and people."""
        return self.etc / "admin.conf"

    @property
    def super_kubeconfig(self) -> Path:
        """Credentials that pass every authorizer; only for bootstrapping."""
        return self.etc / "super-admin.conf"

    @property
    def containerd_socket(self) -> Path:
        """Where containerd listens."""
        return self.root / "containerd" / "containerd.sock"

    def create(self) -> None:
        """Make the folders, private to this user, since they hold keys."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        for folder in (self.pki, self.etc, self.logs, self.pids, self.etcd):
            folder.mkdir(exist_ok=True, mode=0o700)
