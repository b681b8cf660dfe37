"""The node's network: a namespace of its own, joined to this machine by one virtual cable.

The node's address is not a loopback one, as kubelets require. Pods and services can be reached from this machine by two
routes. No route leads further, so whatever runs inside has no way to the outside world.
"""

import json
import os
import shutil
from pathlib import Path

from tests.cluster.command import attempt, run
from tests.cluster.paths import state_root

NODE_ADDRESS = "10.200.0.2"
HOST_ADDRESS = "10.200.0.1"
"""This machine as pods see it: what a test serves here they can reach."""
POD_RANGE = "10.244.0.0/24"
SERVICE_RANGE = "10.96.0.0/16"
DNS_ADDRESS = "10.96.0.10"
LINK = "outlast0"

_INSIDE_LINK = "outlast1"


def handle() -> Path:
    """The file that keeps the namespace alive. `ip netns` would keep it in a folder that it then leaves mounted."""
    return state_root() / "netns"


def inside() -> list[str]:
    """The words before a command that runs in the namespace."""
    return ["nsenter", f"--net={handle()}", "--"]


def link_exists() -> bool:
    """Whether this machine's end of the cable is there."""
    return attempt(["ip", "link", "show", LINK]).returncode == 0


def create() -> None:
    """Make the namespace, the cable and the routes; fails if another network uses the same addresses."""
    handle().touch()
    run(["unshare", f"--net={handle()}", "true"])
    run([*inside(), "ip", "link", "add", _INSIDE_LINK, "type", "veth", "peer", "name", LINK])
    run([*inside(), "ip", "link", "set", LINK, "netns", str(os.getpid())])
    run(["ip", "addr", "add", f"{HOST_ADDRESS}/30", "dev", LINK])
    run(["ip", "link", "set", LINK, "up"])
    run([*inside(), "ip", "link", "set", "lo", "up"])
    run([*inside(), "ip", "addr", "add", f"{NODE_ADDRESS}/30", "dev", _INSIDE_LINK])
    run([*inside(), "ip", "link", "set", _INSIDE_LINK, "up"])
    # Never travelled: kube-proxy turns service addresses into pods'. There is no default route, hence no way out.
    run([*inside(), "ip", "route", "add", SERVICE_RANGE, "dev", _INSIDE_LINK])
    conflict = "another network on this machine uses these addresses: `ip route` shows which"
    for subnet in (POD_RANGE, SERVICE_RANGE):
        run(["ip", "route", "add", subnet, "via", NODE_ADDRESS], next_step=conflict)
    _let_bridged_packets_meet_iptables()


def _let_bridged_packets_meet_iptables() -> None:
    run(_set("net/ipv4/ip_forward"))
    if shutil.which("modprobe"):
        attempt(["modprobe", "br_netfilter"])  # built into some kernels, where there is nothing to find
    run(
        _set("net/bridge/bridge-nf-call-iptables"),
        next_step="the kernel lacks br_netfilter: a pod could not reach a service that leads back to its own node",
    )


def _set(setting: str) -> list[str]:
    return [*inside(), "sh", "-c", f"echo 1 > /proc/sys/{setting}"]


def remove() -> None:
    """Take the cable away, and with it the routes; the namespace ends when its handle is unmounted."""
    if link_exists():
        run(["ip", "link", "del", LINK])


def cni_configuration(state: Path) -> str:
    """The bridge every pod is put on."""
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "hairpinMode": True,
        "ipMasq": False,
        "ipam": {
            "type": "host-local",
            "ranges": [[{"subnet": POD_RANGE}]],
            "routes": [{"dst": "0.0.0.0/0"}],
            "dataDir": str(state),
        },
    }
    portmap = {"type": "portmap", "capabilities": {"portMappings": True}}
    return json.dumps({"cniVersion": "0.4.0", "name": "pods", "plugins": [bridge, portmap]})
