"""A job's life from `kubectl apply` to its report, its suspension, its review and its deletion."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from outlast.chaos.digest import report_sha256
from outlast.research.models import Report
from tests.apiserver.researchjobs.backend import ROOT, Backend, Process
from tests.apiserver.researchjobs.jobs import Jobs
from tests.cluster.waiting import wait_until

pytestmark = pytest.mark.usefixtures("operator")


def test_the_example_completes_and_its_report_stands_in_a_config_map(jobs: Jobs, backend: Backend) -> None:
    kubectl = jobs.apiserver.kubectl
    kubectl("apply", "-n", jobs.namespace, "-f", str(ROOT / "k8s" / "examples" / "neighbours.yaml"))
    kubectl("wait", "-n", jobs.namespace, "--for=condition=Complete", "rj/neighbours", "--timeout=60s")
    job = jobs.get("neighbours")
    assert job is not None
    status = job["status"]
    assert status["progress"]["searches"] == "9/9"
    assert status["usage"]["requests"] > 9
    assert status["recovery"]["resumptions"] == 0
    assert status["workflow"]["id"] == jobs.workflow_id("neighbours")
    assert "France" in status["result"]["summary"]
    assert "finalizers" not in job["metadata"]
    written = jobs.config_map(status["result"]["ref"]["name"])
    assert [owner["uid"] for owner in written["metadata"]["ownerReferences"]] == [job["metadata"]["uid"]]
    assert json.loads(written["data"]["report.json"])["report"]["answer"].startswith("France")
    assert "France" in written["data"]["report.md"]
    assert set(jobs.events("neighbours")) == {"WorkflowStarted", "ReportWritten"}
    assert len(backend.runs(jobs.workflow_id("neighbours"))) == 1
    columns = kubectl("get", "rj", "-n", jobs.namespace)
    assert columns.splitlines()[0].split() == ["NAME", "STAGE", "SEARCHES", "COST", "RESUMPTIONS", "COMPLETE", "AGE"]
    assert columns.splitlines()[1].split()[:3] == ["neighbours", "Complete", "9/9"]


def test_a_job_created_suspended_starts_nothing_until_it_is_resumed(jobs: Jobs) -> None:
    jobs.apply("held", suspend=True)
    jobs.await_condition("held", "Suspended")
    assert jobs.condition("held", "Accepted") == ("Unknown", "Held")
    assert "startTime" not in (jobs.get("held") or {})["status"]
    jobs.patch("held", {"spec": {"suspend": False}})
    jobs.await_condition("held", "Complete")
    assert jobs.condition("held", "Suspended") == ("False", "Resumed")


def test_a_job_suspended_under_way_stands_still_and_goes_on(jobs: Jobs) -> None:
    jobs.apply("job", approval={"plan": "Required"})
    jobs.await_condition("job", "AwaitingApproval")
    jobs.patch("job", {"spec": {"suspend": True}})
    jobs.await_condition("job", "Suspended")
    approve(jobs, "job")
    jobs.await_condition("job", "AwaitingApproval", "False", "PlanApproved")
    before = (jobs.get("job") or {})["status"]["usage"]
    assert jobs.condition("job", "Progressing") == ("False", "SuspendRequested")
    assert (jobs.get("job") or {})["status"]["usage"] == before
    jobs.patch("job", {"spec": {"suspend": False}})
    jobs.await_condition("job", "Complete")


def approve(jobs: Jobs, name: str, **more: object) -> None:
    who = "kubernetes-super-admin"
    decision = {"decision": "Approved", "approvedBy": who, **more}
    assert jobs.patch(name, {"spec": {"approval": decision}}) == (0, "")


def test_an_edited_plan_is_carried_out_in_place_of_the_one_that_stood(jobs: Jobs) -> None:
    jobs.apply("edited", approval={"plan": "Required"}, query="Which of Germany's neighbours is the largest by area?")
    jobs.await_condition("edited", "AwaitingApproval")
    plan = (jobs.get("edited") or {})["status"]["plan"]
    assert len(plan["searches"]) > 1
    plan["searches"] = [{"query": "France: Geography: Area", "purpose": "the area of France"}]
    approve(jobs, "edited", editedPlan=plan)
    jobs.await_condition("edited", "Complete")
    assert (jobs.get("edited") or {})["status"]["progress"]["searches"] == "1/1"


def test_a_rejected_plan_fails_the_job_with_its_reason(jobs: Jobs) -> None:
    jobs.apply("rejected", approval={"plan": "Required"})
    jobs.await_condition("rejected", "AwaitingApproval")
    decision = {"decision": "Rejected", "approvedBy": "kubernetes-super-admin", "reason": "too broad"}
    assert jobs.patch("rejected", {"spec": {"approval": decision}}) == (0, "")
    jobs.await_condition("rejected", "Failed", "True", "PlanRejected")
    (failed,) = (c for c in (jobs.get("rejected") or {})["status"]["conditions"] if c["type"] == "Failed")
    assert "too broad (by kubernetes-super-admin)" in failed["message"]


def test_a_model_that_cannot_be_used_shows_and_heals(jobs: Jobs) -> None:
    jobs.apply("unkeyed", model="nobody:knows")
    jobs.await_condition("unkeyed", "Accepted", "False", "ModelUnusable")
    assert jobs.condition("unkeyed", "Failed")[0] == "False"
    jobs.patch("unkeyed", {"spec": {"model": "offline:small"}})
    jobs.await_condition("unkeyed", "Complete")


def test_a_source_that_nobody_knows_shows_and_heals(jobs: Jobs) -> None:
    jobs.apply("sourceless", sources=["nowhere"])
    jobs.await_condition("sourceless", "Accepted", "False", "SourceUnusable")
    jobs.patch("sourceless", {"spec": {"sources": ["factbook"]}})
    jobs.await_condition("sourceless", "Complete")


def test_a_queue_that_nobody_polls_shows(jobs: Jobs) -> None:
    jobs.apply("lonely", taskQueue="nobody")
    jobs.await_condition("lonely", "Progressing", "False", "NoWorkers")
    jobs.delete("lonely")
    jobs.await_gone("lonely")


def test_a_config_map_of_somebody_else_is_left_as_it_is(jobs: Jobs) -> None:
    kubectl = jobs.apiserver.kubectl
    kubectl("create", "configmap", "squat-report", "-n", jobs.namespace, "--from-literal=mine=yes")
    jobs.apply("squat")
    jobs.await_condition("squat", "Complete", "False", "ResultNameTaken")
    assert jobs.config_map("squat-report")["data"] == {"mine": "yes"}
    kubectl("delete", "configmap", "squat-report", "-n", jobs.namespace)
    jobs.await_condition("squat", "Complete")


def test_a_report_goes_to_the_store_that_the_job_names(jobs: Jobs, archive: Path) -> None:
    jobs.apply("stored", result={"store": "archive"})
    jobs.await_condition("stored", "Complete")
    result = (jobs.get("stored") or {})["status"]["result"]
    assert result["ref"] == {"kind": "Store", "name": "archive", "key": jobs.workflow_id("stored")}
    report = json.loads((archive / result["ref"]["key"] / "report.json").read_text())
    assert report_sha256(Report.model_validate(report["report"])) == result["sha256"]
    assert (archive / result["ref"]["key"] / "report.md").read_text()
    assert "NotFound" in jobs.apiserver.kubectl.attempt("get", "cm", "stored-report", "-n", jobs.namespace).stderr


def test_a_store_that_nobody_knows_costs_nothing_shows_and_heals(jobs: Jobs, backend: Backend) -> None:
    jobs.apply("lost", result={"store": "attic"})
    jobs.await_condition("lost", "Accepted", "False", "StoreUnknown")
    assert backend.runs(jobs.workflow_id("lost")) == []
    jobs.patch("lost", {"spec": {"result": {"store": "archive"}}})
    jobs.await_condition("lost", "Complete")


def test_a_store_that_cannot_be_written_shows_and_heals(jobs: Jobs, archive: Path) -> None:
    blocked = archive / jobs.namespace
    blocked.write_text("a file where a folder should be")
    jobs.apply("blocked", result={"store": "archive"})
    jobs.await_condition("blocked", "Complete", "False", "StoreUnusable")
    blocked.unlink()
    jobs.await_condition("blocked", "Complete")


def test_a_finished_job_is_deleted_when_its_time_is_up(jobs: Jobs) -> None:
    jobs.apply("brief", ttlSecondsAfterFinished=0)
    jobs.await_gone("brief")


@pytest.mark.parametrize("state", ["held", "unpolled", "awaiting", "running", "finished", "orphaned"])
def test_a_job_can_be_deleted_in_every_state(jobs: Jobs, backend: Backend, state: str) -> None:
    match state:
        case "held":
            jobs.apply("job", suspend=True)
            jobs.await_condition("job", "Suspended")
        case "unpolled":
            jobs.apply("job", taskQueue="nobody")
            jobs.await_condition("job", "Progressing", "False", "NoWorkers")
        case "awaiting" | "orphaned":
            policy = "Orphan" if state == "orphaned" else "Cancel"
            jobs.apply("job", approval={"plan": "Required"}, deletionPolicy=policy)
            jobs.await_condition("job", "AwaitingApproval")
        case "running":
            jobs.apply("job")
            jobs.await_condition("job", "Accepted")
        case _:
            jobs.apply("job")
            jobs.await_condition("job", "Complete")
    workflow = jobs.workflow_id("job")
    jobs.delete("job")
    jobs.await_gone("job")
    ends = {
        "orphaned": "RUNNING",
        "finished": "COMPLETED",
        "unpolled": "TERMINATED",
        "awaiting": "CANCELED",
    }
    if state == "held":
        assert backend.runs(workflow) == []
    elif state == "running":
        assert backend.state(workflow) in {"CANCELED", "COMPLETED"}
    else:
        assert backend.state(workflow) == ends[state]


FORGED = [
    pytest.param({"progress": {"stage": "Complete", "searchesDone": 99}}, id="figures"),
    pytest.param({"workflow": {"id": "other/job/uid", "runID": "x"}}, id="workflow"),
    pytest.param({"conditions": None, "plan": None}, id="conditions"),
    pytest.param(None, id="wiped"),
    pytest.param({"result": {"sha256": "0" * 64, "ref": {"name": "evil"}}}, id="result"),
    pytest.param({"observedGeneration": 77}, id="generation"),
]


@pytest.mark.parametrize("forged", FORGED)
def test_a_hand_edited_status_is_repaired(jobs: Jobs, forged: dict[str, object] | None) -> None:
    jobs.apply("job", approval={"plan": "Required"})
    jobs.await_condition("job", "AwaitingApproval")
    honest = (jobs.get("job") or {})["status"]
    assert jobs.patch("job", {"status": forged}, "--subresource=status") == (0, "")
    wait_until(
        lambda: lasting((jobs.get("job") or {}).get("status", {})) == lasting(honest),
        what="the repair of the status",
        deadline_seconds=30,
        seen=lambda: json.dumps((jobs.get("job") or {}).get("status"), indent=1),
    )


def test_a_forged_end_is_repaired(jobs: Jobs) -> None:
    jobs.apply("job", approval={"plan": "Required"})
    jobs.await_condition("job", "AwaitingApproval")
    status = (jobs.get("job") or {})["status"]
    for condition in status["conditions"]:
        if condition["type"] == "Complete":
            condition |= {"status": "True", "reason": "ReportWritten"}
    forged = {"conditions": status["conditions"], "completionTime": status["startTime"]}
    assert jobs.patch("job", {"status": forged}, "--subresource=status") == (0, "")
    jobs.await_condition("job", "Complete", "False")
    approve(jobs, "job")
    jobs.await_condition("job", "Complete")


def lasting(status: dict[str, object]) -> object:
    """A status without its times, and without the length of the history, which only some looks tell."""

    def kept(found: dict[str, object]) -> dict[str, object]:
        return {key: value for key, value in found.items() if "Time" not in key and "history" not in key}

    return json.loads(json.dumps(status), object_hook=kept)


def test_logs_name_the_job(operator: Process, jobs: Jobs, tmp_path: Path) -> None:
    jobs.apply("logged")
    jobs.await_condition("logged", "Complete")
    operator.await_text(f"StartWorkflow {jobs.namespace}/logged")
