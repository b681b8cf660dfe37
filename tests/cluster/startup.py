"""One start of a node, from an empty state folder to ready, each step waiting for the one it needs and no longer."""

from dataclasses import dataclass
from pathlib import Path
from string import Template

from tests.cluster import cgroups, hostfolders, hostsettings, kubelet, network, remains, runtime
from tests.cluster.certificates import NODE_NAME, issue
from tests.cluster.controlplane import ControlPlane
from tests.cluster.daemons import Daemons
from tests.cluster.errors import ClusterError, tail
from tests.cluster.images import IMAGES
from tests.cluster.kubectl import Kubectl

_COREDNS = Path(__file__).parent / "manifests" / "coredns.yaml"
_DEADLINE_SECONDS = 60

_JOIN = 'echo $$ > "$0" && cd / && exec "$@"'
"""Enter the node's control group, then become the command: the process id stays the same."""


@dataclass(frozen=True)
class Startup:
    """The steps of a start, in order."""

    plane: ControlPlane

    def run(self, archives: list[Path]) -> None:
        """Return when the node is ready and answers names."""
        layout, bin_dir = self.plane.layout, self.plane.bin_dir
        self._prepare()
        daemons = Daemons(layout, ("sh", "-c", _JOIN, str(cgroups.join_file()), *network.inside()))
        containerd = daemons.start("containerd", runtime.command(layout))
        issue(bin_dir, layout, self.plane.endpoint)
        daemons.start("etcd", self.plane.etcd())
        daemons.start("kube-apiserver", self.plane.apiserver())
        daemons.await_useful("containerd", "containerd's socket", layout.containerd_socket.exists)
        for archive in archives:
            runtime.import_image(archive, layout)
        daemons.await_apiserver(self.plane)
        self._bootstrap()
        daemons.start("kube-controller-manager", self.plane.controller_manager())
        daemons.start("kube-scheduler", self.plane.scheduler())
        daemons.start("kubelet", kubelet.kubelet_command(bin_dir, layout, containerd))
        daemons.start("kube-proxy", kubelet.proxy_command(bin_dir, layout))
        self._await_node(daemons.log("kubelet"))

    @property
    def _root(self) -> Kubectl:
        return Kubectl(self.plane.bin_dir / "kubectl", self.plane.layout.super_kubeconfig)

    def _prepare(self) -> None:
        hostsettings.remember(remains.settings_record(self.plane.layout))
        cgroups.create()
        network.create()
        hostfolders.prepare(self.plane.layout)
        runtime.configure(self.plane.layout)
        kubelet.configure(self.plane.layout)

    def _bootstrap(self) -> None:
        """Cluster DNS, and the rights of administrators: certificates name only a group, as in any kubeadm cluster."""
        group = "kubeadm:cluster-admins"
        self._root("create", "clusterrolebinding", group, "--clusterrole=cluster-admin", f"--group={group}")
        values = {"DNS_ADDRESS": network.DNS_ADDRESS, "IMAGE": IMAGES["coredns"].reference}
        self._root.apply(Template(_COREDNS.read_text()).substitute(values))

    def _await_node(self, log: Path) -> None:
        self._await_object(log, "--for=create", f"node/{NODE_NAME}")
        self._await_object(log, "--for=condition=Ready", f"node/{NODE_NAME}")
        self._await_object(log, "--for=condition=Available", "deployment/coredns", "--namespace=kube-system")

    def _await_object(self, log: Path, *words: str) -> None:
        timeout = f"--timeout={_DEADLINE_SECONDS}s"
        result = self._root.attempt("wait", timeout, *words, deadline_seconds=_DEADLINE_SECONDS + 10)
        if result.returncode != 0:
            raise ClusterError(
                f"the node did not become ready: no {' '.join(words)} within {_DEADLINE_SECONDS} s",
                seen=f"{result.stderr.strip()}{tail(log)}",
                next_step=f"read {log} and its neighbours",
            )
