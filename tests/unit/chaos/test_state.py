from __future__ import annotations

from pathlib import Path

import pytest

from outlast.chaos.plan import Bounds, ChaosPlan, PlanMetadata, PlanSpec
from outlast.chaos.state import CampaignState
from outlast.errors import UsageError
from tests.unit.chaos.campaigns import outcome, plain, struck


def plan(**spec: object) -> ChaosPlan:
    return ChaosPlan(
        api_version="outlast.dev/v1alpha1",
        kind="ChaosPlan",
        metadata=PlanMetadata(name="try"),
        spec=PlanSpec.model_validate(spec),
    )


def test_a_campaign_goes_on_where_it_was(tmp_path: Path) -> None:
    first = CampaignState(tmp_path, plan())
    first.add(outcome(None))
    first.add(outcome(4, struck()))
    first.add_plain(plain(4))
    again = CampaignState(tmp_path, plan())
    assert again.outcomes == first.outcomes
    assert again.plain == first.plain
    assert again.done() == {4}
    assert set(again.twins()) == {0}
    assert again.kills == 1
    assert again.run != first.run


def test_a_line_that_its_writer_did_not_finish_is_a_job_that_did_not_run(tmp_path: Path) -> None:
    CampaignState(tmp_path, plan()).add(outcome(4))
    path = tmp_path / "outcomes.jsonl"
    path.write_text(path.read_text() + path.read_text()[:90])
    assert CampaignState(tmp_path, plan()).done() == {4}


def test_bounds_may_be_raised_and_nothing_else(tmp_path: Path) -> None:
    CampaignState(tmp_path, plan(strikes=5))
    CampaignState(tmp_path, plan(strikes=5, bounds=Bounds(kills=900)))
    with pytest.raises(UsageError, match="a campaign of another plan"):
        CampaignState(tmp_path, plan(strikes=6))
