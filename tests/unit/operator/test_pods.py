"""Who counts as dead: only what the kubelet reported, and only under the uid of the pod that it reported."""

from __future__ import annotations

from typing import Any

import pytest

from outlast.control.pods import Death, death_of, read_signature

UID = "6f1e1d3c-7a53-4b7e-9d3d-0c0f1a2b3c4d"
OTHER = "00000000-7a53-4b7e-9d3d-0c0f1a2b3c4d"
TEN = "2026-11-01T12:00:10Z"
AT_TEN = 1793534410.0


def pod(state: dict[str, Any], *, restarts: int = 0, phase: str = "Running", **more: Any) -> dict[str, Any]:
    container = {"name": "worker", "state": state, "restartCount": restarts, **more}
    return {"metadata": {"name": "w-1", "uid": UID}, "status": {"phase": phase, "containerStatuses": [container]}}


CASES = [
    ("a container that runs for the first time", pod({"running": {"startedAt": TEN}}), None),
    ("a pod that is only deleted", pod({"running": {"startedAt": TEN}}) | {}, None),
    ("a pod without a word from the kubelet", {"metadata": {"name": "w-1", "uid": UID}, "status": {}}, None),
    ("a node that is lost", pod({"running": {"startedAt": TEN}}, phase="Unknown"), None),
    ("a pod at its end", pod({"terminated": {"finishedAt": TEN}}, phase="Failed"), Death("w-1", UID, None)),
    ("a drained pod at its end", pod({"terminated": {"finishedAt": TEN}}, phase="Succeeded"), Death("w-1", UID, None)),
    ("a container between two starts", pod({"terminated": {"finishedAt": TEN}}), Death("w-1", UID, AT_TEN)),
    ("a restarted container", pod({"running": {"startedAt": TEN}}, restarts=1), Death("w-1", UID, AT_TEN)),
    (
        "a container that waits to be restarted",
        pod({"waiting": {}}, restarts=1, lastState={"terminated": {"finishedAt": TEN}}),
        Death("w-1", UID, AT_TEN),
    ),
]


@pytest.mark.parametrize(("seen", "death"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_death(seen: dict[str, Any], death: Death | None) -> None:
    assert death_of(seen, "worker") == death


def test_a_sidecar_that_ends_is_no_death() -> None:
    ended = pod({"terminated": {"finishedAt": TEN}})
    assert death_of(ended, "another") is None


@pytest.mark.parametrize(
    ("death", "identity", "covered"),
    [
        pytest.param(Death("w-1", UID, None), f"w-1/{UID}", True, id="a pod at its end"),
        pytest.param(Death("w-1", UID, None), f"w-1/{UID}/99.5", True, id="a pod at its end, with a start"),
        pytest.param(Death("w-1", UID, None), f"w-1/{OTHER}", False, id="a twin with another uid"),
        pytest.param(Death("w-1", UID, None), f"w-2/{UID}", False, id="another pod that signs with this uid"),
        pytest.param(Death("w-1", UID, None), "w-1", False, id="a name alone"),
        pytest.param(Death("w-1", UID, None), "12@w-1@345", False, id="a process of a laptop"),
        pytest.param(Death("w-1", UID, 100.0), f"w-1/{UID}/99.9", True, id="the container before"),
        pytest.param(Death("w-1", UID, 100.0), f"w-1/{UID}/100.0", False, id="the container that runs now"),
        pytest.param(Death("w-1", UID, 100.0), f"w-1/{UID}", False, id="a start that isn't told"),
    ],
)
def test_a_death_covers_a_signature(death: Death, identity: str, covered: bool) -> None:
    assert death.covers(identity) is covered


@pytest.mark.parametrize("identity", ["", "/", f"/{UID}", f"w/{UID}/", f"w/{UID}/x", f"w/{UID}/1/2", "w/" + "z" * 36])
def test_what_is_no_signature_is_none(identity: str) -> None:
    assert read_signature(identity) is None
