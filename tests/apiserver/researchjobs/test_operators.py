"""Operators that die, stop, wake and meet each other; Temporal that goes and comes; workers that are reported dead."""

from __future__ import annotations

import signal
import time
import uuid

import pytest

from tests.apiserver.researchjobs import pods
from tests.apiserver.researchjobs.backend import HERE, LEASE_SECONDS, Backend, Process, Processes
from tests.apiserver.researchjobs.jobs import Jobs
from tests.cluster.waiting import wait_until

ACTS = ("AddFinalizer", "StartWorkflow", "UpdateStatus", "WriteResult", "EmitEvent", "RemoveFinalizer")
HOLDS = "this process holds the Lease"


def holder(jobs: Jobs) -> str:
    lease = jobs.apiserver.kubectl.json("get", "lease", "outlast-operator", "-n", jobs.namespace)
    return str(lease["spec"].get("holderIdentity", ""))


def acts(operator: Process) -> int:
    """How many actions an operator logged."""
    return sum(operator.text().count(f"{act} ") for act in ACTS)


@pytest.mark.usefixtures("worker")
def test_an_operator_killed_before_every_action_loses_nothing_and_starts_once(
    jobs: Jobs, own: Processes, backend: Backend
) -> None:
    jobs.apply("mortal")
    deaths: list[str] = []
    for number in range(30):
        # Each process carries one action out and dies before the next.
        mortal = own.operator(f"mortal-{number}", script=HERE / "dying_operator.py", DIE_BEFORE="2")
        wait_until(
            lambda dying=mortal: (
                dying.popen.poll() is not None  # type: ignore[misc]
                or ("finalizers" not in (jobs.get("mortal") or {})["metadata"] and finished(jobs, "mortal"))
            ),
            what="a death or the end of the job",
            deadline_seconds=60,
            seen=mortal.text,
        )
        if mortal.popen.poll() is None:
            mortal.end()
            break
        assert mortal.popen.returncode == -signal.SIGKILL, mortal.text()
        deaths.append(mortal.text().rsplit("dying before ", 1)[-1].strip())
    assert jobs.condition("mortal", "Complete") == ("True", "ReportWritten")
    assert {"StartWorkflow", "UpdateStatus"} <= set(deaths)
    assert len(backend.runs(jobs.workflow_id("mortal"))) == 1


def finished(jobs: Jobs, name: str) -> bool:
    return jobs.condition(name, "Complete")[0] == "True"


@pytest.mark.usefixtures("worker")
def test_of_two_operators_one_acts_and_the_other_takes_over_when_it_dies(
    jobs: Jobs, own: Processes, backend: Backend
) -> None:
    first = own.operator("first")
    first.await_text(HOLDS)
    second = own.operator("second")
    second.await_text("Activity 'start' succeeded")
    names = [f"job-{number}" for number in range(5)]
    for name in names:
        jobs.apply(name, approval={"plan": "Required"})
    for name in names:
        jobs.await_condition(name, "AwaitingApproval")
    assert acts(second) == 0
    first.end(signal.SIGKILL)
    began = time.monotonic()
    second.await_text(HOLDS)
    assert time.monotonic() - began < 4 * LEASE_SECONDS
    for name in names:
        decision = {"decision": "Approved", "approvedBy": "kubernetes-super-admin"}
        assert jobs.patch(name, {"spec": {"approval": decision}}) == (0, "")
    for name in names:
        jobs.await_condition(name, "Complete")
        assert len(backend.runs(jobs.workflow_id(name))) == 1


@pytest.mark.usefixtures("worker")
def test_an_operator_that_slept_beyond_its_lease_wakes_and_does_nothing(jobs: Jobs, own: Processes) -> None:
    old = own.operator("old")
    old.await_text(HOLDS)
    jobs.apply("first", approval={"plan": "Required"})
    jobs.await_condition("first", "AwaitingApproval")
    former = holder(jobs)
    old.send(signal.SIGSTOP)
    new = own.operator("new")
    new.await_text(HOLDS)
    assert holder(jobs) != former
    done = acts(old)
    jobs.apply("second")
    jobs.await_condition("second", "Complete")
    old.send(signal.SIGCONT)
    old.await_text("no longer holds the Lease")
    jobs.apply("third")
    jobs.await_condition("third", "Complete")
    assert acts(old) == done
    assert holder(jobs) != former


def test_an_operator_that_ends_hands_its_lease_over(jobs: Jobs, own: Processes) -> None:
    polite = own.operator("polite")
    polite.await_text(HOLDS)
    assert polite.end() == 0
    assert holder(jobs) == ""


def test_temporal_may_go_and_come_back(jobs: Jobs, own: Processes, lonely: Backend) -> None:
    operator, _ = own.operator(), own.worker()
    operator.await_text(HOLDS)
    jobs.apply("before", approval={"plan": "Required"})
    jobs.await_condition("before", "AwaitingApproval")
    lonely.stop_temporal()
    jobs.await_condition("before", "Progressing", "Unknown", "TemporalUnreachable")
    assert jobs.condition("before", "Failed")[0] == "False"
    jobs.apply("during")
    jobs.await_condition("during", "Accepted", "Unknown", "TemporalUnreachable")
    lonely.start_temporal()
    jobs.await_condition("during", "Complete")
    jobs.await_condition("before", "AwaitingApproval")
    jobs.delete("before")
    jobs.await_gone("before")


def test_an_operator_starts_without_temporal_and_says_so(jobs: Jobs, own: Processes, lonely: Backend) -> None:
    lonely.stop_temporal()
    operator = own.operator()
    operator.await_text(HOLDS)
    jobs.apply("early")
    jobs.await_condition("early", "Accepted", "Unknown", "TemporalUnreachable")
    lonely.start_temporal()
    own.worker()
    jobs.await_condition("early", "Complete")


@pytest.mark.usefixtures("worker")
def test_the_api_server_may_be_killed_and_come_back(jobs: Jobs, own: Processes, backend: Backend) -> None:
    operator = own.operator()
    operator.await_text(HOLDS)
    jobs.apply("waiting", approval={"plan": "Required"})
    jobs.await_condition("waiting", "AwaitingApproval")
    jobs.apply("running", query="Which of Germany's neighbours has the largest population?", maxSearches=16)
    jobs.await_condition("running", "Accepted")
    jobs.apiserver.restart()
    jobs.apply("after")
    for name in ("running", "after"):
        jobs.await_condition(name, "Complete")
    decision = {"decision": "Approved", "approvedBy": "kubernetes-super-admin"}
    assert jobs.patch("waiting", {"spec": {"approval": decision}}) == (0, "")
    jobs.await_condition("waiting", "Complete")
    for name in ("waiting", "running", "after"):
        assert len(backend.runs(jobs.workflow_id(name))) == 1


@pytest.mark.usefixtures("worker")
def test_a_namespace_may_be_deleted_under_its_jobs(jobs: Jobs, own: Processes, backend: Backend) -> None:
    """Nothing can be made in a namespace that ends. No controller runs here, so the test deletes what is in it."""
    # The Lease is elsewhere: an operator that lives in the namespace of its jobs goes with it.
    operator = own.operator(OUTLAST_OPERATOR_LEASE_NAMESPACE="default", OUTLAST_OPERATOR_LEASE_NAME=jobs.namespace)
    operator.await_text(HOLDS)
    jobs.apply("waiting", approval={"plan": "Required"})
    jobs.await_condition("waiting", "AwaitingApproval")
    jobs.apply("running", query="Which of Germany's neighbours has the largest population?", maxSearches=16)
    jobs.await_condition("running", "Accepted")
    workflows = {name: jobs.workflow_id(name) for name in ("waiting", "running")}
    jobs.apiserver.kubectl("delete", "namespace", jobs.namespace, "--wait=false")
    for name in workflows:
        jobs.delete(name)
    for name, workflow in workflows.items():
        jobs.await_gone(name)
        assert backend.state(workflow) in {"CANCELED", "TERMINATED", "COMPLETED"}


# Workers that are reported dead. There is no kubelet here, so the test says what it would.


def busy(backend: Backend, workflow_id: str, identity: str) -> bool:
    """Whether a step of a workflow is under way at a worker."""

    async def described() -> bool:
        handle = backend.client.get_workflow_handle(workflow_id)
        pending = (await handle.describe()).raw_description.pending_activities
        return any(step.last_worker_identity == identity and step.HasField("last_started_time") for step in pending)

    return backend.run(described())


def test_the_steps_of_a_worker_reported_dead_go_on_elsewhere_at_once(
    jobs: Jobs, own: Processes, lonely: Backend
) -> None:
    slow = {"OUTLAST_HEARTBEAT_SECONDS": "600"}  # so that only the report can have been the cause
    operator = own.operator()
    operator.await_text(HOLDS)
    uid = pods.make(jobs, "worker-a")
    identity = f"worker-a/{uid}/{time.time():.3f}"
    doomed = own.worker("doomed", OUTLAST_IDENTITY=identity, **slow)
    jobs.apply("job", query="Which of Germany's neighbours has the largest population?", maxSearches=16)
    jobs.await_condition("job", "Accepted")
    workflow = jobs.workflow_id("job")
    wait_until(lambda: busy(lonely, workflow, identity), what="a step under way", deadline_seconds=30)
    doomed.end(signal.SIGKILL)
    own.worker("heir", **slow)
    pods.report_dead(jobs, "worker-a")
    began = time.monotonic()
    wait_until(lambda: not busy(lonely, workflow, identity), what="the taking of the steps", deadline_seconds=10)
    print(f"steps were taken {time.monotonic() - began:.2f} s after the report")
    jobs.await_condition("job", "Complete")
    recovery = (jobs.get("job") or {})["status"]["recovery"]
    assert recovery["resumptions"] >= 1
    assert recovery["retriedAttempts"] >= 1
    assert "lastInterruptionTime" in recovery


def test_a_twin_of_another_uid_takes_nothing(jobs: Jobs, own: Processes, lonely: Backend) -> None:
    operator = own.operator()
    operator.await_text(HOLDS)
    pods.make(jobs, "worker-a")
    identity = f"worker-a/{uuid.uuid4()}/{time.time():.3f}"  # signs with the name of the pod, and another uid
    own.worker("twin", OUTLAST_IDENTITY=identity)
    pods.report_dead(jobs, "worker-a")
    operator.await_text("the worker in pod worker-a is dead")
    jobs.apply("job")
    jobs.await_condition("job", "Complete")
    assert "took " not in operator.text()
    assert (jobs.get("job") or {})["status"]["recovery"]["retriedAttempts"] == 0
