"""Keys, certificates and kubeconfigs of a control plane, all from kubeadm: the ones that real clusters have."""

from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.cluster import versions
from tests.cluster.command import run
from tests.cluster.network import POD_RANGE, SERVICE_RANGE
from tests.cluster.paths import Layout

NODE_NAME = "node"

_DOCUMENTATION_ADDRESS = "192.0.2.1"
"""Stands for a loopback address, which kubeadm would replace by one of this machine's own."""


@dataclass(frozen=True)
class Endpoint:
    """Where an API server is reached."""

    address: str
    port: int

    @property
    def url(self) -> str:
        """What clients connect to."""
        return f"https://{self.address}:{self.port}"


def issue(bin_dir: Path, layout: Layout, endpoint: Endpoint) -> None:
    """Write every certificate and kubeconfig that the components of this control plane read."""
    config = layout.etc / "kubeadm.yaml"
    config.write_text(yaml.safe_dump_all(_configuration(layout, endpoint)))
    kubeadm = bin_dir / "kubeadm"
    run([kubeadm, "init", "phase", "certs", "all", "--config", config])
    run([kubeadm, "init", "phase", "kubeconfig", "all", "--config", config, "--kubeconfig-dir", layout.etc])
    # A proxy of its own identity: audit entries of the super user then come from bootstrapping alone.
    proxy = run([kubeadm, "kubeconfig", "user", "--client-name", "system:kube-proxy", "--config", config])
    private(layout.etc / "kube-proxy.conf", proxy)


def private(path: Path, text: str) -> None:
    """Write a file that holds a key."""
    path.touch(mode=0o600)
    path.write_text(text)


def _configuration(layout: Layout, endpoint: Endpoint) -> list[dict[str, object]]:
    loopback = endpoint.address.startswith("127.")
    api = "kubeadm.k8s.io/v1beta4"
    init: dict[str, object] = {
        "apiVersion": api,
        "kind": "InitConfiguration",
        "localAPIEndpoint": {
            "advertiseAddress": _DOCUMENTATION_ADDRESS if loopback else endpoint.address,
            "bindPort": endpoint.port,
        },
        "nodeRegistration": {"name": NODE_NAME, "criSocket": f"unix://{layout.containerd_socket}"},
    }
    cluster: dict[str, object] = {
        "apiVersion": api,
        "kind": "ClusterConfiguration",
        "kubernetesVersion": f"v{versions.KUBERNETES}",
        "certificatesDir": str(layout.pki),
        "controlPlaneEndpoint": f"{endpoint.address}:{endpoint.port}",
        "encryptionAlgorithm": "ECDSA-P256",  # RSA keys would take longer than everything else here
        "apiServer": {"certSANs": [endpoint.address, "localhost"]},
        "networking": {"serviceSubnet": SERVICE_RANGE, "podSubnet": POD_RANGE},
    }
    return [init, cluster]
