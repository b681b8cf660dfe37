"""What a campaign in a cluster leaves and says at its end, against an API server that is written for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from temporalio.client import Client

from outlast.chaos.cluster import target as target_module
from outlast.chaos.cluster.run import MOST_BYTES, _disagreements, _keep, _removed
from outlast.chaos.cluster.target import ClusterTarget
from outlast.chaos.plan import ChaosPlan, PlanMetadata
from outlast.chaos.state import CampaignState
from outlast.chaos.summary import summarize
from outlast.chaos.verdict import Verdict
from outlast.control.kube import Kube, KubeGoneError
from outlast.errors import JobFailedError
from tests.unit.chaos.campaigns import outcome, struck

PLAN = ChaosPlan(api_version="outlast.dev/v1alpha1", kind="ChaosPlan", metadata=PlanMetadata(name="try"))


class Objects:
    """Objects by path."""

    def __init__(self, **jobs: dict[str, Any]) -> None:
        folder = "/apis/outlast.dev/v1alpha1/namespaces/lab/researchjobs"
        self.held: dict[str, dict[str, Any]] = {
            f"{folder}/{name}": {"metadata": {"uid": "u"}, "status": status} for name, status in jobs.items()
        }
        self.stays = False

    async def get(self, path: str, **_: str) -> dict[str, Any]:
        if path not in self.held:
            raise KubeGoneError(404, path)
        return self.held[path]

    async def create(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        self.held[f"{path}/{body['metadata']['name']}"] = body
        return body

    async def replace(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        await self.get(path)
        self.held[path] = body
        return body

    async def delete(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if not self.stays:
            del self.held[path]
        return {}


def target(objects: Objects) -> ClusterTarget:
    kube, client = cast("Kube", objects), cast("Client", None)
    return ClusterTarget(kube, client, "lab", campaign="try", model_url=None, lease="outlast-operator")


RECOVERY = {"resumptions": 2, "replayedSteps": 3, "retriedAttempts": 1}
FIGURES = {"resumptions": 2, "replayed_steps": 3, "retried_attempts": 1}


async def test_a_status_that_counts_otherwise_is_told() -> None:
    on = target(Objects(one={"recovery": RECOVERY}, two={"recovery": {**RECOVERY, "resumptions": 1}}, three={}))
    outcomes = [outcome(n, job=job, figures=FIGURES) for n, job in enumerate(("one", "two"))]
    assert await _disagreements(on, outcomes) == ["two: status.recovery.resumptions is 1, the checker counts 2"]
    assert await _disagreements(on, [outcome(2, job="three", figures={})]) == []


async def test_jobs_that_came_through_go_and_others_stay_to_be_looked_at() -> None:
    objects = Objects(one={}, two={})
    outcomes = [outcome(0, job="one"), outcome(1, job="two", verdict=Verdict.FALSE)]
    assert await _removed(target(objects), outcomes) == []
    assert [path.rpartition("/")[2] for path in objects.held] == ["two"]


async def test_a_job_that_will_not_go_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target_module, "BACK_SECONDS", 0.05)
    monkeypatch.setattr(target_module, "POLL_SECONDS", 0.01)
    objects = Objects(one={})
    objects.stays = True
    (said,) = await _removed(target(objects), [outcome(0, job="one")])
    assert "still there after its deletion" in said


async def test_the_end_of_a_job_is_read_from_its_conditions() -> None:
    complete = {"conditions": [{"type": "Complete", "status": "True"}], "completionTime": "now"}
    failed = {"conditions": [{"type": "Failed", "status": "True", "message": "no model"}]}
    on = target(Objects(one=complete, two=failed))
    await on.ended("one")
    with pytest.raises(JobFailedError, match="no model"):
        await on.ended("two")
    with pytest.raises(JobFailedError, match="is gone"):
        await on.ended("three")
    assert await on.leftovers(["one"]) == []
    assert await on.leftovers(["two"]) == ["two: its status has no completionTime"]


@pytest.mark.parametrize("size", [10, MOST_BYTES])
async def test_both_reports_fit_into_a_config_map_and_a_second_run_replaces_them(tmp_path: Path, size: int) -> None:
    objects, state = Objects(), CampaignState(tmp_path, PLAN)
    summary = summarize("try", 7, [outcome(0, struck())])
    (tmp_path / "report.json").write_text("7" * size)
    (tmp_path / "report.html").write_text("<p>")
    for _ in range(2):
        await _keep(target(objects), "found", PLAN, state, summary)
    data = objects.held["/api/v1/namespaces/lab/configmaps/found"]["data"]
    assert data["verdict"] == "true"
    assert sum(map(len, data.values())) <= MOST_BYTES
