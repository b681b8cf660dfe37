"""Configuration and command lines of what runs on the node: kubelet and kube-proxy."""

from pathlib import Path

import yaml

from tests.cluster.certificates import NODE_NAME
from tests.cluster.cgroups import NAME as CGROUP
from tests.cluster.command import Argument
from tests.cluster.network import DNS_ADDRESS, NODE_ADDRESS, POD_RANGE
from tests.cluster.paths import Layout
from tests.cluster.processes import Identity


def configure(layout: Layout) -> None:
    """Write what the kubelet and kube-proxy read."""
    (layout.etc / "resolv.conf").write_text("")  # a resolver of this machine could not be reached from inside
    (layout.etc / "kubelet.yaml").write_text(yaml.safe_dump(_kubelet(layout)))
    (layout.etc / "kube-proxy.yaml").write_text(yaml.safe_dump(_proxy(layout)))


def kubelet_command(bin_dir: Path, layout: Layout, containerd: Identity) -> list[Argument]:
    """The kubelet, in the mount namespace of containerd: what one mounts the other must see."""
    root = layout.root / "kubelet"
    return [
        "nsenter",
        f"--mount=/proc/{containerd.pid}/ns/mnt",
        "--",
        bin_dir / "kubelet",
        f"--config={layout.etc / 'kubelet.yaml'}",
        f"--kubeconfig={layout.etc / 'kubelet.conf'}",
        f"--root-dir={root}",
        f"--cert-dir={root / 'pki'}",
        f"--hostname-override={NODE_NAME}",
        f"--node-ip={NODE_ADDRESS}",
    ]


def proxy_command(bin_dir: Path, layout: Layout) -> list[Argument]:
    """kube-proxy; its iptables rules end with the network namespace."""
    return [bin_dir / "kube-proxy", f"--config={layout.etc / 'kube-proxy.yaml'}"]


def _kubelet(layout: Layout) -> dict[str, object]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(layout.pki / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "cgroupDriver": "cgroupfs",  # there need not be a systemd
        "cgroupRoot": f"/{CGROUP}",
        "failCgroupV1": False,
        "failSwapOn": False,
        "enforceNodeAllocatable": [],  # this machine does other work too
        "containerRuntimeEndpoint": f"unix://{layout.containerd_socket}",
        "clusterDomain": "cluster.local",
        "clusterDNS": [DNS_ADDRESS],
        "maxOpenFiles": 20000,
        "address": NODE_ADDRESS,
        "healthzBindAddress": "127.0.0.1",
        "podLogsDir": str(layout.root / "pod-logs"),
        "resolvConf": str(layout.etc / "resolv.conf"),
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "1%",
            "imagefs.available": "1%",
            "nodefs.inodesFree": "1%",
        },
        "nodeStatusUpdateFrequency": "5s",
        "rotateCertificates": False,
        "imageGCHighThresholdPercent": 100,  # an image that is collected cannot be pulled again
    }


def _proxy(layout: Layout) -> dict[str, object]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "clusterCIDR": POD_RANGE,
        "hostnameOverride": NODE_NAME,
        "bindAddress": NODE_ADDRESS,
        "clientConnection": {"kubeconfig": str(layout.etc / "kube-proxy.conf")},
        # These limits belong to the whole machine; the network namespace may not set them.
        "conntrack": {"maxPerCore": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }
