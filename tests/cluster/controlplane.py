"""The command lines of etcd, the API server, the controller manager and the scheduler: data in, words out.

The node and the API-server-only tier run the same API server; what differs is in `Endpoint` and the etcd ports.
"""

from dataclasses import dataclass
from pathlib import Path

from tests.cluster.certificates import Endpoint
from tests.cluster.command import Argument
from tests.cluster.network import SERVICE_RANGE
from tests.cluster.paths import Layout

AUDIT_POLICY = Path(__file__).parent / "manifests" / "audit-policy.yaml"


@dataclass(frozen=True)
class ControlPlane:
    """One control plane's programs and where they listen."""

    bin_dir: Path
    layout: Layout
    endpoint: Endpoint
    etcd_port: int = 2379
    etcd_peer_port: int = 2380

    def etcd(self) -> list[Argument]:
        """The database. Nothing is synced to disk: a test cluster that loses power is thrown away."""
        pki = self.layout.pki / "etcd"
        client = f"https://127.0.0.1:{self.etcd_port}"
        peer = f"http://127.0.0.1:{self.etcd_peer_port}"
        return [
            self.bin_dir / "etcd",
            "--name=node",
            f"--data-dir={self.layout.etcd}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=node={peer}",
            "--unsafe-no-fsync",
            f"--cert-file={pki}/server.crt",
            f"--key-file={pki}/server.key",
            "--client-cert-auth",
            f"--trusted-ca-file={pki}/ca.crt",
        ]

    def apiserver(self) -> list[Argument]:
        """The API server with audit log, RBAC and every admission plugin of a default installation."""
        pki = self.layout.pki
        return [
            self.bin_dir / "kube-apiserver",
            *self._apiserver_addresses(),
            f"--etcd-servers=https://127.0.0.1:{self.etcd_port}",
            f"--etcd-cafile={pki}/etcd/ca.crt",
            f"--etcd-certfile={pki}/apiserver-etcd-client.crt",
            f"--etcd-keyfile={pki}/apiserver-etcd-client.key",
            f"--client-ca-file={pki}/ca.crt",
            f"--tls-cert-file={pki}/apiserver.crt",
            f"--tls-private-key-file={pki}/apiserver.key",
            f"--kubelet-client-certificate={pki}/apiserver-kubelet-client.crt",
            f"--kubelet-client-key={pki}/apiserver-kubelet-client.key",
            "--kubelet-preferred-address-types=InternalIP",
            *self._front_proxy(),
            f"--service-account-key-file={pki}/sa.pub",
            f"--service-account-signing-key-file={pki}/sa.key",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-cluster-ip-range={SERVICE_RANGE}",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged",
            f"--audit-policy-file={AUDIT_POLICY}",
            f"--audit-log-path={self.layout.audit_log}",
        ]

    def _apiserver_addresses(self) -> list[Argument]:
        addresses: list[Argument] = [
            f"--advertise-address={self.endpoint.address}",
            f"--bind-address={self.endpoint.address}",
            f"--secure-port={self.endpoint.port}",
        ]
        if self.endpoint.address.startswith("127."):
            # No pod will look for it, and a loopback address is refused as an endpoint.
            addresses.append("--endpoint-reconciler-type=none")
        return addresses

    def _front_proxy(self) -> list[Argument]:
        pki = self.layout.pki
        return [
            f"--proxy-client-cert-file={pki}/front-proxy-client.crt",
            f"--proxy-client-key-file={pki}/front-proxy-client.key",
            f"--requestheader-client-ca-file={pki}/front-proxy-ca.crt",
            "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-username-headers=X-Remote-User",
        ]

    def controller_manager(self) -> list[Argument]:
        """All controllers, each under a service account of its own as in real clusters."""
        pki = self.layout.pki
        return [
            self.bin_dir / "kube-controller-manager",
            *self._as("controller-manager"),
            f"--client-ca-file={pki}/ca.crt",
            f"--requestheader-client-ca-file={pki}/front-proxy-ca.crt",
            f"--cluster-signing-cert-file={pki}/ca.crt",
            f"--cluster-signing-key-file={pki}/ca.key",
            f"--root-ca-file={pki}/ca.crt",
            f"--service-account-private-key-file={pki}/sa.key",
            "--use-service-account-credentials",
            "--controllers=*",
            f"--flex-volume-plugin-dir={self.layout.root / 'volume-plugins'}",  # else made in /usr/libexec
            "--kube-api-burst=200",  # its start is one burst, 4 s longer with the default; the lasting rate stays
            "--horizontal-pod-autoscaler-sync-period=5s",  # scaling tests would wait 15 s a decision
        ]

    def scheduler(self) -> list[Argument]:
        """The scheduler."""
        return [self.bin_dir / "kube-scheduler", *self._as("scheduler")]

    def _as(self, role: str) -> list[Argument]:
        kubeconfig = self.layout.etc / f"{role}.conf"
        return [
            f"--kubeconfig={kubeconfig}",
            f"--authentication-kubeconfig={kubeconfig}",
            f"--authorization-kubeconfig={kubeconfig}",
            "--bind-address=127.0.0.1",
            "--leader-elect=false",
        ]
