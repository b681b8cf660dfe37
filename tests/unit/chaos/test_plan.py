from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from outlast.chaos.drive import planned
from outlast.chaos.plan import POSSIBLE, PlanError, read_plan
from outlast.chaos.schedule import Manner, Victim
from outlast.errors import ManifestError

ROOT = Path(__file__).parents[3]

PLANS = sorted((ROOT / "k8s" / "chaos" / "plans").glob("*.yaml"))

HEAD = "apiVersion: outlast.dev/v1alpha1\nkind: ChaosPlan\nmetadata: {name: try}\nspec:\n"


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_the_plans_of_the_repository_are_valid_and_aim_the_same_each_time(path: Path) -> None:
    plan, specs = read_plan(path)
    jobs = planned(plan, specs)
    assert jobs == planned(plan, specs)
    assert sum(len(job.strikes) for job in jobs) == plan.spec.strikes
    assert max(len(job.strikes) for job in jobs) <= plan.spec.strikes_per_job


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("  strikes: 0", "spec.strikes: Input should be greater than 0; found 0."),
        ("  strike: 3", "spec.strike: Extra inputs are not permitted; found 3."),
        ("  faults: []", "spec.faults: Tuple should have at least 1 item"),
        (
            "  faults: [{what: [operator], how: stall}]",
            "stall of operator is not possible; possible is delete, kill",
        ),
        (
            "  faults: [{what: [worker], when: {steps: [thinker]}}]",
            "no step is called 'thinker'; there are planner, scout, searcher, search, analyst",
        ),
        ("  jobs: [{}]", "give either `manifest` or `spec`"),
    ],
)
def test_a_wrong_plan_is_refused_with_what_would_be_right(tmp_path: Path, spec: str, said: str) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(HEAD + spec)
    with pytest.raises(PlanError) as refused:
        read_plan(path)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"), [("a: [", "is no valid YAML"), ("kind: ResearchJob", "begin it with `apiVersion"), ("7", "begin")]
)
def test_what_is_no_plan_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(text)
    with pytest.raises(PlanError, match=said):
        read_plan(path)


def test_jobs_come_from_manifests_beside_the_plan(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(HEAD + "  strikes: 7\n  jobs: [{manifest: job.yaml}, {spec: {query: 'Why?'}}]")
    with pytest.raises(ManifestError, match=r"job\.yaml can't be read"):
        read_plan(path)
    (tmp_path / "job.yaml").write_text(
        'apiVersion: outlast.dev/v1alpha1\nkind: ResearchJob\nmetadata: {name: a}\nspec: {query: "How?"}'
    )
    plan, specs = read_plan(path)
    assert [spec.query for spec in specs] == ["How?", "Why?"]
    assert [job.spec.query for job in planned(plan, specs)][:3] == ["How?", "Why?", "How?"]


def test_everything_that_is_possible_to_do_can_be_planned(tmp_path: Path) -> None:
    faults = [f"{{what: [{victim}], how: {manner}}}" for victim in Victim for manner in sorted(POSSIBLE[victim])]
    path = tmp_path / "plan.yaml"
    path.write_text(HEAD + f"  faults: [{', '.join(faults)}]")
    plan, _ = read_plan(path)
    assert {(victim, manner) for victim, manner, _, _ in plan.spec.combinations()} == {
        (victim, manner) for victim in Victim for manner in Manner if manner in POSSIBLE[victim]
    }


@pytest.mark.parametrize("name", ["chaos-mesh.yaml", "litmus.yaml"])
def test_blows_of_other_tools_meet_only_pods_that_allow_it(name: str) -> None:
    """Each selection of what is struck asks for the label; what a cut leads to is selected, and not struck."""
    for found in yaml.safe_load_all((ROOT / "k8s" / "chaos" / name).read_text()):
        spec = found["spec"].get("podChaos", found["spec"])
        struck = spec["appinfo"]["applabel"] if "appinfo" in spec else str(spec["selector"]["labelSelectors"])
        assert re.search(r"outlast\.dev/chaos'?[=:] ?'?allowed", struck), struck
