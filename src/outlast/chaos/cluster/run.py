"""A campaign in a cluster from end to end: connect, refuse or carry out, report, and leave a ConfigMap that tells."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from outlast.chaos.campaign import Together
from outlast.chaos.cluster.pods import may_be_struck
from outlast.chaos.cluster.target import CAMPAIGN, ClusterTarget
from outlast.chaos.drive import drive
from outlast.chaos.outcome import Outcome
from outlast.chaos.plan import ChaosPlan
from outlast.chaos.reporting import write_report
from outlast.chaos.state import CampaignState
from outlast.chaos.summary import Summary
from outlast.control.access import find_access
from outlast.control.kube import Kube, object_path
from outlast.durable.client import connect
from outlast.job.spec import ResearchJobSpec
from outlast.render.jsonreport import dump
from outlast.settings import Settings

MOST_BYTES = 900_000
"""Of both reports in a ConfigMap: it takes a megabyte with its metadata."""

AGREEING = {
    "resumptions": "resumptions",
    "replayedSteps": "replayed_steps",
    "retriedAttempts": "retried_attempts",
}
"""Figures that a job's status and the checker both know, by the name that each has for it."""


@asynccontextmanager
async def cluster_target(settings: Settings, namespace: str | None, campaign: str) -> AsyncIterator[ClusterTarget]:
    """The pods of a namespace, by default the one that this process runs in."""
    access = find_access()
    client = await connect(settings)
    url = settings.offline_url.rstrip("/").removesuffix("/v1") if settings.offline_url else None
    async with Kube(access, user_agent="outlast-chaos") as kube:
        place = namespace or access.namespace
        pods = (await kube.get(object_path("api/v1", place, "pods")))["items"]
        yield ClusterTarget(
            kube,
            client,
            place,
            campaign=campaign,
            model_url=url,
            lease=settings.operator_lease_name,
            pods=pods,
        )


async def rehearse(settings: Settings, namespace: str | None, jobs: Sequence[Together]) -> list[str]:
    """What a run would find, in lines: pods that may be struck, and strikes that can't be made."""
    async with cluster_target(settings, namespace, "rehearsal") as target:
        names = [pod["metadata"]["name"] for pod in target.pods if may_be_struck(pod)]
        problems = dict.fromkeys(
            refusal for job in jobs for strike in job.strikes if (refusal := target.refusal(strike))
        )
    return [
        f"pods that may be struck: {', '.join(sorted(names)) or 'none'}",
        *(f"can't be made here: {problem}" for problem in problems),
    ]


async def run_on_cluster(
    settings: Settings,
    namespace: str | None,
    plan: ChaosPlan,
    specs: Sequence[ResearchJobSpec],
    state: CampaignState,
    config_map: str | None,
    tell: Callable[[str], None],
) -> Summary:
    """Carry a plan out on the pods of a namespace."""
    async with cluster_target(settings, namespace, plan.metadata.name) as target:
        await drive(target, plan, specs, state, tell)
        violations = await _disagreements(target, state.outcomes)
        violations += await _removed(target, state.outcomes)
        violations += await target.orphaned_lease()
        summary = await write_report(target, plan, state, violations)
        if config_map:
            await _keep(target, config_map, plan, state, summary)
        return summary


async def _disagreements(target: ClusterTarget, outcomes: Sequence[Outcome]) -> list[str]:
    """Where `.status.recovery` of a job and the checker tell different figures."""
    found = []
    for one in outcomes:
        if one.failure or not await target.is_there(one.job):
            continue  # it has no last status
        status = await target.recovery(one.job)
        for theirs, ours in AGREEING.items():
            said, counted = status.get(theirs, 0), one.figures.get(ours, 0)
            if said != counted:
                found.append(f"{one.job}: status.recovery.{theirs} is {said}, the checker counts {counted}")
    return found


async def _removed(target: ClusterTarget, outcomes: Sequence[Outcome]) -> list[str]:
    """Delete the jobs of the campaign that came through; those that did not are left to be looked at."""
    left: list[str] = []
    for one in outcomes:
        if one.clean and await target.is_there(one.job):
            left += await target.remove(one.job)
    return left


async def _keep(target: ClusterTarget, name: str, plan: ChaosPlan, state: CampaignState, summary: Summary) -> None:
    data = {
        "verdict": summary.verdict.value,
        "report.json": (state.folder / "report.json").read_text(),
        "report.html": (state.folder / "report.html").read_text(),
    }
    if sum(len(text.encode()) for text in data.values()) > MOST_BYTES:
        data["report.json"] = dump(summary.as_json(), indent=1)
    labels = {CAMPAIGN: plan.metadata.name}
    await target.keep(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": labels}, "data": data}
    )
