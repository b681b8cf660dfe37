"""What the API server refuses by itself, and the sentence that it says: no operator runs here."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.apiserver.researchjobs.install import install
from tests.apiserver.researchjobs.jobs import Jobs, manifest
from tests.cluster.apiserver import ApiServer, api_server

PLAN = {"searches": [{"query": "q", "purpose": "p"}]}
NOT_YET = "can't be made before the plan stands"

MALFORMED: list[tuple[str, dict[str, Any], str]] = [
    ("no query", {"query": None}, "spec.query: Required value"),
    ("an empty query", {"query": ""}, "should be at least 1 chars long"),
    ("a query of spaces", {"query": "   "}, "spec.query in body should match"),
    ("a query too long", {"query": "x" * 10_001}, "spec.query: Too long: may not be more than 10000"),
    ("a query that is a number", {"query": 7}, 'spec.query: Invalid value: "integer"'),
    ("an unknown field", {"colour": "red"}, 'unknown field "spec.colour"'),
    ("a misspelt field", {"maxSearchs": 3}, 'unknown field "spec.maxSearchs"'),
    ("a misspelt field further down", {"budget": {"maxCostUsd": 1}}, 'unknown field "spec.budget.maxCostUsd"'),
    ("no searches", {"maxSearches": 0}, "greater than or equal to 1"),
    ("too many searches", {"maxSearches": 51}, "less than or equal to 50"),
    ("searches that are words", {"maxSearches": "many"}, 'must be of type integer: "string"'),
    ("no sources", {"sources": []}, "should have at least 1 items"),
    ("a source twice", {"sources": ["factbook", "factbook"]}, "Duplicate value"),
    ("a source that is no name", {"sources": ["Not A Name"]}, "spec.sources[0] in body should match"),
    ("too many sources", {"sources": [f"s{n}" for n in range(11)]}, "spec.sources: Too many: 11"),
    ("a model with spaces", {"model": "gpt 5"}, "spec.model in body should match"),
    ("a negative budget", {"budget": {"maxCostUSD": -1}}, "greater than 0"),
    ("a budget of nothing", {"budget": {"maxRequests": 0}}, "greater than or equal to 1"),
    ("an unknown way to end", {"budget": {"onExceeded": "Explode"}}, 'supported values: "Conclude", "Pause", "Fail"'),
    ("an end without a bound", {"budget": {"onExceeded": "Fail"}}, "budget.onExceeded needs a bound"),
    ("no time at all", {"activeDeadlineSeconds": 0}, "greater than or equal to 1"),
    ("a negative time to live", {"ttlSecondsAfterFinished": -1}, "greater than or equal to 0"),
    ("a time longer than ten years", {"ttlSecondsAfterFinished": 10**12}, "less than or equal to"),
    ("a negative backoff", {"backoffLimit": -1}, "greater than or equal to 0"),
    ("an unknown deletion policy", {"deletionPolicy": "Keep"}, 'supported values: "Cancel", "Orphan"'),
    ("a task queue that is no name", {"taskQueue": "Team A"}, "spec.taskQueue in body should match"),
    ("a suspension in words", {"suspend": "yes"}, 'must be of type boolean: "string"'),
    ("a decision nobody asked for", {"approval": {"decision": "Approved", "approvedBy": "a"}}, "needs approval.plan"),
    (
        "a decision before there is a plan",
        {"approval": {"plan": "Required", "decision": "Approved", "approvedBy": "a"}},
        NOT_YET,
    ),
    ("a decision by nobody", {"approval": {"plan": "Required", "decision": "Approved"}}, "must be set together"),
    (
        "a reason without a decision",
        {"approval": {"plan": "Required", "reason": "so"}},
        "reason needs approval.decision",
    ),
    ("an edited plan without a decision", {"approval": {"plan": "Required", "editedPlan": PLAN}}, "editedPlan needs"),
    ("a result elsewhere", {"result": {"namespace": "other"}}, 'unknown field "spec.result.namespace"'),
    ("a result in two places", {"result": {"configMap": "here", "store": "there"}}, "either configMap or store"),
    ("a result that is no name", {"result": {"configMap": "../x"}}, "spec.result.configMap in body should match"),
]


@pytest.mark.parametrize(("spec", "said"), [pytest.param(*case[1:], id=case[0]) for case in MALFORMED])
def test_a_malformed_manifest_is_refused_with_a_sentence(shared: Jobs, spec: dict[str, Any], said: str) -> None:
    status, answer = shared.attempt(manifest("job", shared.namespace, **spec), "--dry-run=server")
    assert status == 1
    assert said in answer


@pytest.mark.parametrize(
    ("name", "said"),
    [("a.b", "must be a DNS label"), ("x" * 57, "must be a DNS label"), ("Upper", "lowercase RFC 1123")],
)
def test_a_name_that_does_not_fit_is_refused(shared: Jobs, name: str, said: str) -> None:
    assert said in shared.attempt(manifest(name, shared.namespace), "--dry-run=server")[1]


def test_a_bomb_is_refused_at_once(shared: Jobs) -> None:
    began = time.monotonic()
    huge = {"query": "Why", "approval": {"editedPlan": {"searches": [{"query": "q" * 500, "purpose": "p"}] * 2600}}}
    status, answer = shared.attempt(manifest("bomb", shared.namespace, **huge), "--server-side")
    assert status == 1
    assert "Too many" in answer or "too large" in answer
    assert time.monotonic() - began < 5  # kubectl's own start included, on a busy machine


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """An API server that no operator watches: it would repair what these tests write."""
    with api_server(tmp_path_factory.mktemp("admission")) as server:
        install(server)
        yield server


@pytest.fixture(scope="module")
def shared(installed: ApiServer) -> Jobs:
    """A namespace for what leaves nothing behind."""
    installed.kubectl("create", "namespace", "admission")
    return Jobs(installed, "admission")


# What may change.


def test_what_is_immutable_stays(jobs: Jobs) -> None:
    jobs.apply("job", approval={"plan": "Required"})
    assert "query is immutable" in jobs.patch("job", {"spec": {"query": "Else"}})[1]
    assert "approval.plan is immutable" in jobs.patch("job", {"spec": {"approval": {"plan": "Automatic"}}})[1]
    assert "approval.plan is immutable" in jobs.patch("job", {"spec": {"approval": None}})[1]
    assert jobs.patch("job", {"spec": {"taskQueue": "other"}}) == (0, "")
    put_status(jobs, "job", {"startTime": "2026-01-01T00:00:00Z"})
    assert "taskQueue is immutable" in jobs.patch("job", {"spec": {"taskQueue": "third"}})[1]
    assert "taskQueue is immutable" in jobs.patch("job", {"spec": {"taskQueue": None}})[1]
    assert jobs.patch("job", {"spec": {"suspend": True, "maxSearches": 3}}) == (0, "")


def put_status(jobs: Jobs, name: str, status: dict[str, Any] | None) -> str:
    return jobs.patch(name, {"status": status}, "--subresource=status")[1]


def conditions(**true: str) -> list[dict[str, str]]:
    return [
        {"type": kind, "status": status, "reason": "InProgress", "lastTransitionTime": "2026-01-01T00:00:00Z"}
        for kind, status in true.items()
    ]


def test_a_status_obeys_the_rules_of_a_job(jobs: Jobs) -> None:
    jobs.apply("job")
    begun, done = "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"
    assert (
        put_status(jobs, "job", {"startTime": begun, "usage": {"requests": 5}, "progress": {"searchesDone": 2}}) == ""
    )
    assert "requests never falls" in put_status(jobs, "job", {"usage": {"requests": 4}})
    assert "searchesDone never falls" in put_status(jobs, "job", {"progress": {"searchesDone": 1}})
    assert "startTime is set once" in put_status(jobs, "job", {"startTime": done})
    assert "completionTime stands exactly when" in put_status(jobs, "job", {"completionTime": done})
    both = {"completionTime": done, "conditions": conditions(Complete="True", Failed="True")}
    assert "never Complete and Failed" in put_status(jobs, "job", both)
    early = {"completionTime": "2025-01-01T00:00:00Z", "conditions": conditions(Complete="True")}
    assert "not before startTime" in put_status(jobs, "job", early)
    assert put_status(jobs, "job", {"completionTime": done, "conditions": conditions(Complete="True")}) == ""
    taken_back = {"completionTime": None, "conditions": conditions(Complete="False")}
    assert "Complete is final" in put_status(jobs, "job", taken_back)
    assert put_status(jobs, "job", None) == ""  # the way to repair a forged one


# Who may decide about a plan.

ROLES = """
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: author}
rules:
  - {apiGroups: [outlast.dev], resources: [researchjobs], verbs: [get, list, create, update, patch, delete]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: approver}
rules:
  - {apiGroups: [outlast.dev], resources: [researchjobs], verbs: [get, list, update, patch, approve]}
"""


@pytest.fixture
def reviewed(jobs: Jobs) -> Jobs:
    """A job whose plan waits, the author `ann` and the approver `bob`."""
    jobs.apiserver.kubectl.apply(ROLES, "-n", jobs.namespace)
    for role, user in (("author", "ann"), ("approver", "bob")):
        jobs.apiserver.kubectl("create", "rolebinding", user, f"--role={role}", f"--user={user}", "-n", jobs.namespace)
    jobs.apply("job", approval={"plan": "Required"})
    put_status(jobs, "job", {"plan": PLAN})
    return jobs


def decide(jobs: Jobs, user: str, signed: str, **more: Any) -> tuple[int, str]:
    patch = {"spec": {"approval": {"decision": "Approved", "approvedBy": signed, **more}}}
    return jobs.patch("job", patch, f"--as={user}")


def test_an_author_may_not_approve(reviewed: Jobs) -> None:
    status, said = decide(reviewed, "ann", "ann")
    assert status == 1
    assert 'the user "ann" may not decide about plans: the verb "approve"' in said


def test_an_author_may_not_sign_for_an_approver(reviewed: Jobs) -> None:
    assert decide(reviewed, "ann", "bob")[0] == 1


def test_an_approver_signs_with_the_own_name(reviewed: Jobs) -> None:
    status, said = decide(reviewed, "bob", "ann")
    assert status == 1
    assert 'approvedBy must be your own user name, "bob"' in said


def test_an_approval_is_recorded_with_its_name_and_final(reviewed: Jobs) -> None:
    assert decide(reviewed, "bob", "bob", editedPlan=PLAN, reason="fine") == (0, "")
    job = reviewed.get("job")
    assert job is not None
    assert job["spec"]["approval"]["approvedBy"] == "bob"
    assert "approval is final" in reviewed.patch("job", {"spec": {"approval": {"decision": "Rejected"}}})[1]
    assert "approval is final" in reviewed.patch("job", {"spec": {"approval": {"approvedBy": "ann"}}})[1]
    assert reviewed.patch("job", {"spec": {"suspend": True}}, "--as=ann") == (0, "")  # all else is the author's


def test_an_edited_plan_keeps_to_max_searches(reviewed: Jobs) -> None:
    long = {"searches": PLAN["searches"] * 17}
    assert "must not be more than maxSearches" in decide(reviewed, "bob", "bob", editedPlan=long)[1]


def test_an_author_may_not_write_a_status(reviewed: Jobs) -> None:
    status, said = reviewed.patch("job", {"status": {"trace": "x"}}, "--subresource=status", "--as=ann")
    assert status == 1
    assert "Forbidden" in said or "forbidden" in said


# What a namespace may use.

POLICY = {
    "taskQueues": ["team-a"],
    "models": ["offline:*", "openai:gpt-5"],
    "sources": ["factbook"],
    "stores": ["archive"],
    "requireApproval": True,
    "maxCostUSD": 2,
}
BOUND = {
    "taskQueue": "team-a",
    "model": "offline:large",
    "approval": {"plan": "Required"},
    "budget": {"maxCostUSD": 1},
    "result": {"store": "archive"},
}


@pytest.fixture
def bound(jobs: Jobs) -> Jobs:
    """A namespace with a policy."""
    policy = {"apiVersion": "outlast.dev/v1alpha1", "kind": "ResearchPolicy", "metadata": {"name": "default"}}
    jobs.apiserver.kubectl.apply(yaml.safe_dump({**policy, "spec": POLICY}), "-n", jobs.namespace)
    # Policies reach admission through a watch of the API server's own.
    from tests.cluster.waiting import wait_until

    wait_until(
        lambda: jobs.attempt(manifest("probe", jobs.namespace), "--dry-run=server")[0] == 1,
        what="the policy of the namespace",
        deadline_seconds=30,
    )
    return jobs


def test_a_pick_from_what_is_bound_passes(bound: Jobs) -> None:
    assert bound.attempt(manifest("job", bound.namespace, **BOUND)) == (0, "")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        pytest.param({"taskQueue": "team-b"}, "spec.taskQueue must be one of those bound", id="another team's queue"),
        pytest.param({"taskQueue": None}, "spec.taskQueue must be one of those bound", id="no queue"),
        pytest.param({"model": "openai:gpt-6"}, "bound to this namespace: offline:*, openai:gpt-5", id="a model"),
        pytest.param(
            {"models": {"analyst": "google:x"}}, "spec.model and spec.models must be among", id="a role's model"
        ),
        pytest.param({"sources": ["factbook", "intranet"]}, "spec.sources must be among those bound", id="a source"),
        pytest.param(
            {"result": {"store": "theirs"}},
            "spec.result.store must be one of those bound to this namespace: archive",
            id="a foreign store",
        ),
        pytest.param({"approval": None}, "set spec.approval.plan to Required", id="no review"),
        pytest.param({"budget": None}, "maxCostUSD must be set, and at most 2", id="no budget"),
        pytest.param({"budget": {"maxCostUSD": 3}}, "maxCostUSD must be set, and at most 2", id="a budget too large"),
    ],
)
def test_a_pick_from_elsewhere_is_refused(bound: Jobs, spec: dict[str, Any], said: str) -> None:
    status, answer = bound.attempt(manifest("job", bound.namespace, **{**BOUND, **spec}))
    assert status == 1
    assert said in answer


# What people read.


@pytest.mark.parametrize("field", ["spec", "spec.budget", "spec.approval.editedPlan.searches", "status.conditions"])
def test_explain_reads_well(shared: Jobs, field: str) -> None:
    text = shared.apiserver.kubectl("explain", f"rj.{field}")
    assert "<no description>" not in text
    assert "ResearchJob" in text


def test_server_side_apply_keeps_what_others_own(jobs: Jobs) -> None:
    kubectl = jobs.apiserver.kubectl
    first = manifest("job", jobs.namespace, sources=["factbook"])
    kubectl("apply", "--server-side", "--field-manager=one", "-f", "-", stdin=first)
    second = {"apiVersion": "outlast.dev/v1alpha1", "kind": "ResearchJob", "metadata": {"name": "job"}}
    added = json.dumps({**second, "spec": {"query": "What is the population of France?", "sources": ["intranet"]}})
    kubectl("apply", "--server-side", "--field-manager=two", "-n", jobs.namespace, "-f", "-", stdin=added)
    assert sorted((jobs.get("job") or {})["spec"]["sources"]) == ["factbook", "intranet"]


def test_what_a_model_takes_survives_the_schema_unchanged(jobs: Jobs) -> None:
    spec = {
        "model": "offline:small",
        "models": {"planner": "offline:large"},
        "sources": ["factbook"],
        "budget": {"maxCostUSD": 1.5, "maxTokens": 1000, "maxRequests": 10, "onExceeded": "Pause"},
        "approval": {"plan": "Required"},
        "suspend": True,
        "activeDeadlineSeconds": 60,
        "backoffLimit": 0,
        "ttlSecondsAfterFinished": 0,
        "deletionPolicy": "Orphan",
        "taskQueue": "team-a",
        "result": {"configMap": "here"},
    }
    jobs.apply("job", **spec)
    stored = (jobs.get("job") or {})["spec"]
    assert {key: stored[key] for key in spec} == spec
