"""Debian packages the node needs, installed when missing: nobody should have to read a list first."""

import os
import shutil
from pathlib import Path

from tests.cluster.command import attempt, run
from tests.cluster.errors import PlatformError
from tests.cluster.progress import progress

NODE = {
    "containerd": "containerd",
    "runc": "runc",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
    "iptables": "iptables",
    "conntrack": "conntrack",
    "ethtool": "ethtool",
    "ip": "iproute2",
    "nsenter": "util-linux",
}
"""Commands, or files, that must be there for a node to run, and the package that brings each."""

IMAGES = {
    "mmdebstrap": "mmdebstrap",
    "buildah": "buildah",
    "gcc": "gcc",
    "/usr/include/stdlib.h": "libc6-dev",
}
"""What must be there to make images."""


def require_root() -> None:
    """Namespaces, mounts and cgroups need root; said once, before anything is half done."""
    if os.geteuid() != 0:
        raise PlatformError(
            "the cluster needs root on this machine (network namespaces, mounts, cgroups)",
            seen=f"user id {os.geteuid()}",
            next_step="run it as root, or test against another cluster with --kube-context NAME",
        )


def require(commands: dict[str, str]) -> None:
    """Install the packages of those commands that are missing."""
    missing = sorted({package for command, package in commands.items() if not _present(command)})
    if not missing:
        return
    if shutil.which("apt-get") is None:
        raise PlatformError(
            "programs are missing and there is no apt-get to install them with",
            seen=", ".join(missing),
            next_step="install them by hand, or test against another cluster with --kube-context NAME",
        )
    with progress(f"installing {', '.join(missing)}"):
        quiet = {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}  # installs must not start services
        attempt(["apt-get", "update"], deadline_seconds=300)
        run(["apt-get", "install", "-y", "--no-install-recommends", *missing], env=quiet, deadline_seconds=900)


def _present(command: str) -> bool:
    if command.startswith("/"):
        return Path(command).exists()
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))
    return shutil.which(command, path=path) is not None
