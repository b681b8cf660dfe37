"""Which pods may be struck, and which of them a strike means. Pure, on objects as the API server has them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from outlast.chaos.schedule import Victim

LABEL, ALLOWED = "outlast.dev/chaos", "allowed"
"""A pod without this label is never struck, whatever a plan says."""

NAME, COMPONENT = "app.kubernetes.io/name", "app.kubernetes.io/component"

ROLES = ("frontend", "history", "matching", "worker")
"""Of Temporal, a Deployment each."""

_OWN = {Victim.WORKER: "worker", Victim.OPERATOR: "operator", Victim.MODEL: "offline"}

Pod = dict[str, Any]


def may_be_struck(pod: Pod) -> bool:
    """Whether its owner allows it."""
    return bool(_labels(pod).get(LABEL) == ALLOWED)


def is_there(pod: Pod) -> bool:
    """Whether it is Ready, and not on its way out."""
    if "deletionTimestamp" in pod["metadata"]:
        return False
    conditions = pod.get("status", {}).get("conditions") or []
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def of_victim(pods: Iterable[Pod], victim: Victim) -> list[Pod]:
    """Pods that a strike on a victim means, allowed and there, in the order of their names."""
    found = [pod for pod in pods if may_be_struck(pod) and is_there(pod) and is_of(pod, victim)]
    return sorted(found, key=lambda pod: str(pod["metadata"]["name"]))


def is_of(pod: Pod, victim: Victim) -> bool:
    """Whether a pod is of a victim."""
    name, component = _labels(pod).get(NAME), _labels(pod).get(COMPONENT)
    if victim is Victim.TEMPORAL:
        return name == "temporal" and component in ROLES
    if victim is Victim.DATABASE:
        return name == "temporal" and component == "postgresql"
    if victim is Victim.EVERYTHING:
        return is_of(pod, Victim.WORKER) or is_of(pod, Victim.TEMPORAL)
    return name == "outlast" and component == _OWN[victim]


def role(pod: Pod) -> str:
    """What its Deployment is called by."""
    return f"{_labels(pod).get(NAME)}/{_labels(pod).get(COMPONENT)}"


def loses_data(pod: Pod) -> bool:
    """Whether its end would be that of its data, as of a database in an emptyDir, or of a ledger: the evidence."""
    volumes = pod["spec"].get("volumes") or []
    return any(volume["name"] == "data" and "persistentVolumeClaim" not in volume for volume in volumes)


def missing(before: dict[str, int], pods: Sequence[Pod]) -> list[str]:
    """Of which roles fewer are there than before."""
    now = counts(pods)
    return sorted(name for name, number in before.items() if now.get(name, 0) < number)


def counts(pods: Sequence[Pod]) -> dict[str, int]:
    """How many are there, by role."""
    found: dict[str, int] = {}
    for pod in pods:
        if is_there(pod):
            found[role(pod)] = found.get(role(pod), 0) + 1
    return found


def _labels(pod: Pod) -> dict[str, str]:
    labels: dict[str, str] = pod["metadata"].get("labels") or {}
    return labels
