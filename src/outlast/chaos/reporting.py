"""Writes what a campaign found: report.json for programs, report.html for people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from outlast.chaos.history import read_job
from outlast.chaos.outcome import Outcome
from outlast.chaos.page import campaign_html
from outlast.chaos.plan import ChaosPlan
from outlast.chaos.state import CampaignState
from outlast.chaos.summary import Summary, summarize
from outlast.chaos.target import Target
from outlast.errors import OutlastError, StateError
from outlast.render.jsonreport import dump
from outlast.trace.build import build_timeline
from outlast.trace.timeline import Timeline

TIMELINES = 8
"""Jobs that are drawn: those that met most."""


async def write_report(
    target: Target, plan: ChaosPlan, state: CampaignState, violations: Sequence[str] = ()
) -> Summary:
    """Write both into the campaign's folder.

    Args:
        target: Of the campaign; histories are read once more, to be drawn.
        plan: Of the campaign.
        state: Of the campaign.
        violations: What is wrong with the campaign as a whole, in sentences.

    Raises:
        StateError: they can't be written.
    """
    summary = summarize(plan.metadata.name, plan.spec.seed, state.outcomes, state.plain, violations)
    outcomes = [one.model_dump(mode="json", exclude={"text"} if one.clean else None) for one in state.outcomes]
    told = {**summary.as_json(), "plan": plan.model_dump(mode="json"), "outcomes": outcomes}
    page = campaign_html(summary, state.outcomes, await _timelines(target, state.outcomes))
    for name, text in (("report.json", dump(told, indent=1)), ("report.html", page)):
        _write(state.folder / name, text)
    return summary


async def _timelines(target: Target, outcomes: list[Outcome]) -> list[Timeline]:
    def met(one: Outcome) -> tuple[bool, int]:
        return one.clean, -sum(struck.hit for struck in one.struck)

    rows = [row for ledger in await target.ledgers() for row in ledger.rows]
    timelines: list[Timeline] = []
    for one in sorted((one for one in outcomes if one.place is not None), key=met)[:TIMELINES]:
        try:
            record = await read_job(target.client, one.workflow)
        except OutlastError:
            continue  # its history is kept for some days only
        own = [row for row in rows if row.job == one.workflow]
        timelines.append(build_timeline([record], target.known, own, title=one.job))
    return timelines


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StateError(f"{path} can't be written: {error.strerror}.") from None
