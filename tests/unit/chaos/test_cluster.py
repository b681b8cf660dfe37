"""Which pods are struck, and with which words to the API server; the cluster tests do it for real."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from temporalio.client import Client

from outlast.chaos.cluster.pods import LABEL, Pod, counts, missing, of_victim
from outlast.chaos.cluster.target import ClusterTarget
from outlast.chaos.schedule import Manner, Moment, Stop, Strike, Victim
from outlast.control.kube import Kube, KubeGoneError

UID = "11111111-2222-3333-4444-55555555555{}"


def pod(
    component: str,
    number: int = 0,
    *,
    name: str = "outlast",
    ready: bool = True,
    volume: dict[str, Any] | None = None,
    **changes: Any,
) -> Pod:
    metadata = {
        "name": f"{component}-{number}",
        "uid": UID.format(number),
        "labels": {"app.kubernetes.io/name": name, "app.kubernetes.io/component": component, LABEL: "allowed"},
        **changes,
    }
    return {
        "metadata": metadata,
        "spec": {"volumes": [{"name": "data", **volume}] if volume is not None else []},
        "status": {"conditions": [{"type": "Ready", "status": str(ready)}]},
    }


def unlabelled(component: str) -> Pod:
    found = pod(component, 9)
    del found["metadata"]["labels"][LABEL]
    return found


class Api:
    """An API server that holds pods, a Lease and one job, and starts a new pod for each that is deleted."""

    def __init__(self, pods: list[Pod], holder: str = "") -> None:
        self.pods = pods
        self.holder = holder
        self.deleted: list[tuple[str, dict[str, Any]]] = []

    async def get(self, path: str, **_: str) -> dict[str, Any]:
        if path.endswith("/pods"):
            return {"items": list(self.pods)}
        if "/leases/" in path:
            return {"spec": {"holderIdentity": self.holder}}
        if path.endswith("/researchjobs/job"):
            return {"metadata": {"uid": "u"}}
        raise KubeGoneError(404, path)

    async def delete(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        name = path.rpartition("/")[2]
        self.deleted.append((name, body))
        return {}


def target(api: Api) -> ClusterTarget:
    return ClusterTarget(
        cast("Kube", api),
        cast("Client", None),
        "lab",
        campaign="try",
        model_url=None,
        lease="outlast-operator",
        pods=api.pods,
    )


def strike(victim: Victim, manner: Manner = Manner.KILL, moment: Moment = Moment.STARTING) -> Strike:
    return Strike(victim, moment, Stop.PLANNER, manner=manner)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(unlabelled("worker"), id="without the label"),
        pytest.param(pod("worker", 1, ready=False), id="not ready"),
        pytest.param(pod("worker", 1, deletionTimestamp="now"), id="on its way out"),
        pytest.param(pod("worker", 1, name="other"), id="of something else"),
        pytest.param(pod("operator", 1), id="of another component"),
    ],
)
def test_only_pods_that_allow_it_and_are_meant_are_struck(other: Pod) -> None:
    assert [one["metadata"]["name"] for one in of_victim([other, pod("worker")], Victim.WORKER)] == ["worker-0"]


@pytest.mark.parametrize(
    ("pods", "asked", "said"),
    [
        ([pod("worker")], strike(Victim.WORKER), None),
        ([], strike(Victim.WORKER), "worker: 0 pods in lab, none with the label"),
        ([unlabelled("worker")], strike(Victim.WORKER), "worker: 1 pods in lab, none with the label"),
        ([pod("worker")], strike(Victim.WORKER, Manner.STALL), "Chaos Mesh can"),
        ([pod("worker")], strike(Victim.WORKER, Manner.CUT), "Chaos Mesh can"),
        ([pod("worker")], strike(Victim.WORKER, moment=Moment.BEGUN), "only a worker itself knows this moment"),
        ([pod("offline", volume={"emptyDir": {}})], strike(Victim.MODEL), "the data of offline-0 would go with it"),
        ([pod("offline", volume={"persistentVolumeClaim": {}})], strike(Victim.MODEL), None),
        (
            [pod("postgresql", name="temporal", volume={"emptyDir": {}})],
            strike(Victim.DATABASE),
            "the data of postgresql-0 would go with it",
        ),
        ([pod("history", name="temporal")], strike(Victim.TEMPORAL), None),
        ([pod("offline")], strike(Victim.MODEL, Manner.STORM), "names no offline model server"),
    ],
)
def test_what_cannot_be_done_is_refused_beforehand(pods: list[Pod], asked: Strike, said: str | None) -> None:
    refusal = target(Api(pods)).refusal(asked)
    assert (refusal is None) if said is None else (said in (refusal or ""))


async def struck(api: Api, asked: Strike) -> list[tuple[str, dict[str, Any]]]:
    blow = await target(api).strike("job", asked, asyncio.Event())
    assert blow is not None
    assert blow.kills == len(api.deleted)
    return api.deleted


async def test_a_kill_leaves_a_second_and_meets_the_very_pod_that_was_seen() -> None:
    deleted = await struck(Api([pod("worker"), unlabelled("worker")]), strike(Victim.WORKER))
    assert deleted == [("worker-0", {"preconditions": {"uid": UID.format(0)}, "gracePeriodSeconds": 1})]


async def test_a_deletion_leaves_the_grace_of_the_pod() -> None:
    deleted = await struck(Api([pod("worker")]), strike(Victim.WORKER, Manner.DELETE))
    assert deleted == [("worker-0", {"preconditions": {"uid": UID.format(0)}})]


async def test_the_operator_that_acts_is_struck() -> None:
    api = Api([pod("operator", 0), pod("operator", 1)], holder="operator-1-7-abc")
    assert [name for name, _ in await struck(api, strike(Victim.OPERATOR))] == ["operator-1"]


async def test_temporals_roles_are_struck_in_turn() -> None:
    api = Api([pod(role, name="temporal") for role in ("frontend", "history", "matching")])
    on = target(api)
    for _ in range(3):
        await on.strike("job", strike(Victim.TEMPORAL), asyncio.Event())
    assert {name for name, _ in api.deleted} == {"frontend-0", "history-0", "matching-0"}
    assert len(on.known) == 3


async def test_everything_is_all_workers_and_all_of_temporal() -> None:
    api = Api([pod("worker"), pod("worker", 1), pod("history", name="temporal"), pod("operator"), pod("offline")])
    assert {name for name, _ in await struck(api, strike(Victim.EVERYTHING))} == {"worker-0", "worker-1", "history-0"}


def test_what_is_missing_is_told_by_role() -> None:
    before = counts([pod("worker"), pod("worker", 1), pod("operator")])
    assert missing(before, [pod("worker"), pod("operator")]) == ["outlast/worker"]
    assert missing(before, [pod("worker"), pod("worker", 2), pod("operator")]) == []
