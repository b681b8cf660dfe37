"""Recorded jobs replay: a change that would strand jobs under way fails here, with the way out."""

from __future__ import annotations

import functools
import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory

from outlast.durable.jobs import Jobs
from outlast.job.spec import ResearchJobSpec
from outlast.offline.faults import AimedFault, FaultConfig, FaultKind
from outlast.research.state import Stage

from .lab import Lab, history, job_id, until
from .replaying import replayer

HISTORIES = sorted((Path(__file__).parent / "histories").glob("*.json"))

WAY_OUT = """
{file} does not replay: {why}

A job that was started by the recorded version would stop here for ever on this one. Workflow code (run.py, gate.py
and workflow.py of research/, games/ and hosting/, and what they call) has to do the same steps in the same order, under
the same names.

- Not meant? Undo the change of order, name or condition.
- Meant? Keep both ways until no job of the old kind is left:
      if workflow.patched("say-what-changed"):
          ...  # new jobs
      else:
          ...  # as recorded
  then record one more history beside the old ones. A worker deployment version (OUTLAST_BUILD_ID) keeps running jobs on
  the build that they began on, which is no reason to drop the old way before they ended.
- No job in the world can hold this history? `.venv/bin/python -m tests.temporal.record_histories`
"""


@pytest.mark.parametrize("file", HISTORIES, ids=[file.stem for file in HISTORIES])
async def test_a_recorded_job_replays(file: Path) -> None:
    recorded = WorkflowHistory.from_json("recorded", file.read_text())
    replayed = await replayer().replay_workflow(recorded, raise_on_replay_failure=False)
    if replayed.replay_failure:
        pytest.fail(WAY_OUT.format(file=file.name, why=replayed.replay_failure), pytrace=False)


def test_each_kind_of_history_is_recorded() -> None:
    kinds = {file.stem: json.loads(file.read_text())["events"] for file in HISTORIES}
    assert set(kinds) >= {"plain", "approved", "failed_search", "killed", "game", "oracle_game"}
    assert any("workflowExecutionUpdateAcceptedEventAttributes" in event for event in kinds["approved"])
    assert any("activityTaskFailedEventAttributes" in event for event in kinds["failed_search"])
    attempts = [
        event["activityTaskStartedEventAttributes"]["attempt"]
        for event in kinds["killed"]
        if "activityTaskStartedEventAttributes" in event
    ]
    assert max(attempts) == 2
    assert '"SimulatedFailureError"' in json.dumps(kinds["game"])
    assert '"outlast__oracle"' in json.dumps(kinds["oracle_game"])


def test_recorded_histories_tell_nothing_of_the_machine_that_recorded_them() -> None:
    for file in HISTORIES:
        signed = {event["identity"] for event in _dicts(json.loads(file.read_text())) if "identity" in event}
        assert signed <= {"recorder"}
        assert "stackTrace" not in file.read_text()


async def test_a_change_that_breaks_a_history_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outlast.research.workflow.SETUP_ACTIVITY", "outlast__setup_of_another_name")
    recorded = WorkflowHistory.from_json("recorded", HISTORIES[0].read_text())
    replayed = await replayer().replay_workflow(recorded, raise_on_replay_failure=False)
    assert "outlast__setup_of_another_name" in str(replayed.replay_failure)


async def test_a_job_replays_from_its_first_event_at_each_task(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outlast.durable.worker.CACHED_JOBS", 0)
    async with lab.running() as jobs:
        name = job_id()
        await jobs.start(name, ResearchJobSpec(query="areas searches=6"))
        result = await jobs.result(name)
        failed = [e for e in await history(jobs.client, name) if e.HasField("workflow_task_failed_event_attributes")]
    assert not failed
    assert result == await lab.undisturbed("areas searches=6")


async def test_a_job_that_is_watched_from_its_first_moment_replays(lab: Lab) -> None:
    """A query beside a local activity once split a task so that no replay could follow; setup is a step since."""
    lab.offline.set_faults(FaultConfig(aimed=(AimedFault(kind=FaultKind.STALL, steps="*planner*"),), stall_seconds=0.3))
    async with lab.running() as jobs:
        for _ in range(5):
            name = job_id()
            await jobs.start(name, ResearchJobSpec(query="areas"))
            await until(functools.partial(jobs_done, jobs, name))
            recorded = await jobs.client.get_workflow_handle(name).fetch_history()
            replayed = await replayer().replay_workflow(recorded, raise_on_replay_failure=False)
            assert replayed.replay_failure is None


async def jobs_done(jobs: Jobs, name: str) -> bool:
    return (await jobs.progress(name)).stage is Stage.COMPLETE


def _dicts(value: object) -> list[dict[str, str]]:
    if isinstance(value, dict):
        return [value, *(found for item in value.values() for found in _dicts(item))]
    if isinstance(value, list):
        return [found for item in value for found in _dicts(item)]
    return []
