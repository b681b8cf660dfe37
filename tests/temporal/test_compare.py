"""Models side by side over a real wire and real histories: the inventor is found out, though it is the cheapest."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter

from outlast.cli.compare_request import CompareRequest, given
from outlast.cli.compare_run import compare_models
from outlast.cli.compare_view import JsonView
from outlast.errors import UsageError
from outlast.evals.baseline import read_baseline
from outlast.evals.comparison import Comparison
from outlast.evals.dataset import read_text
from outlast.evals.tasks import find_task
from outlast.local.temporal import TemporalServer
from outlast.offline.config import OfflineConfig
from outlast.offline.server import OfflineServer
from outlast.settings import Settings

THREE = "offline:small,offline:large,offline:inventor"
FEW = (
    "figure-population-republic-of-the-congo",
    "most-population-uruguay",
    "sum-gdp-equatorial-guinea",
    "neighbours-chad",
    "unanswerable-00-fiction-freedonia",
    "unanswerable-33-landless-kiribati",
    "twin-most-area-latvia",
)


class Machine:
    """A machine to compare models on, with a model server whose ledger tells what was paid for."""

    def __init__(self, folder: Path, temporal: TemporalServer, offline: OfflineServer, shelf: Path) -> None:
        self.folder = folder
        self.offline = offline
        self.settings = Settings(
            offline_url=offline.url,
            temporal_address=f"127.0.0.1:{temporal.ports.frontend}",
            task_queue=f"compare-{folder.name}",
            drain_seconds=5,
            state_dir=shelf / "state",
            cache_dir=shelf / "cache",
        )

    def dataset(self, *names: str, task: str = "deep-research") -> Path:
        """Some of the shipped cases."""
        whole = yaml.safe_load(read_text(None, find_task(task)))
        file = self.folder / "few.yaml"
        file.write_text(yaml.safe_dump({"cases": [case for case in whole["cases"] if case["name"] in names]}))
        return file

    async def compare(self, models: str | None, **more: Any) -> tuple[int, Comparison, dict[str, Any]]:
        """Compare, and return the exit code, the comparison, and the last event."""
        view = _Heard()
        code = await compare_models(_asked(models, **more), self.settings, view)
        return code, TypeAdapter(Comparison).validate_python(view.last["comparison"]), view.last


class _Heard(JsonView):
    def __init__(self) -> None:
        super().__init__()
        self.last: dict[str, Any] = {}

    def _write(self, event: str, data: dict[str, Any]) -> None:
        if event == "comparison":
            self.last = json.loads(json.dumps(data))


def _asked(models: str | None, **more: Any) -> CompareRequest:
    words: dict[str, Any] = {
        "task": None,
        "dataset": None,
        "repeat": None,
        "seed": None,
        "comparison_id": None,
        "baseline": None,
        "outputs": [],
        "budget": {},
        "parallel": 6,
        "worker": True,
    }
    return given(models=models, **{**words, **more})


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where indexes stand: building one takes longer than a test."""
    return tmp_path_factory.mktemp("shelf")


@pytest.fixture
async def machine(temporal: TemporalServer, tmp_path: Path, shelf: Path) -> AsyncIterator[Machine]:
    async with OfflineServer(OfflineConfig(latency_scale=0)) as offline:
        yield Machine(tmp_path, temporal, offline, shelf)


async def test_the_inventor_is_flagged_though_it_is_the_fastest_and_cheapest(machine: Machine) -> None:
    code, found, told = await machine.compare(THREE, dataset=machine.dataset(*FEW))
    assert code == 0
    small, large, inventor = found.models
    assert found.naive_ranking[0].model == "offline:inventor"
    assert [result.model for result in found.honest_ranking] == told["honest_ranking"]
    assert "offline:inventor" not in told["honest_ranking"]
    assert [small.flagged, large.flagged, inventor.flagged] == [False, False, True]
    assert "no search returned a passage" in told["flagged"]["offline:inventor"]
    assert "0 recorded searches" in told["flagged"]["offline:inventor"]
    assert inventor.rates["success"].value == 0, "not even by abstaining: only the check kept its answers out"
    assert large.rates["success"].value == 1
    assert set(large.aspects) == {"answerable", "unanswerable", "twin"}
    assert large.scores["evidence found"].value == 1
    assert inventor.figures["steps"].value == 0

    for result in found.models:
        for run in result.runs:
            rows = [row for row in await machine.offline.rows(run.job) if row.kind == "model"]
            assert run.measures.requests == len(rows), "what was measured is what reached the model"
            assert run.measures.tokens == sum((row.input_tokens or 0) + (row.output_tokens or 0) for row in rows)


async def test_in_the_game_too_the_inventor_is_flagged(machine: Machine) -> None:
    few = machine.dataset("potato", "moon", task="twenty-questions")
    _, found, told = await machine.compare(THREE, task="twenty-questions", dataset=few)
    small, large, inventor = found.models
    assert [small.flagged, large.flagged, inventor.flagged] == [False, False, True]
    assert found.naive_ranking[0].model == "offline:inventor"
    assert "offline:inventor" not in told["honest_ranking"]
    assert "none of its" in told["flagged"]["offline:inventor"], "the turn that never was is named"
    assert large.rates["success"].value >= small.rates["success"].value > 0
    for run in large.runs:
        rows = [row for row in await machine.offline.rows(run.job) if row.kind == "model"]
        asked = [row for row in rows if row.step_kind and "questioner" in row.step_kind]
        assert run.measures.requests == len(asked) < len(rows), "the answerer is part of the task"
        assert 0 < run.measures.steps < len(asked)


async def test_the_same_id_reads_back_what_is_finished(machine: Machine, tmp_path: Path) -> None:
    few = machine.dataset(*FEW[:3])
    saved = tmp_path / "one.json"
    _, one, _ = await machine.compare("offline:small", dataset=few, comparison_id="same", repeat=2, outputs=[saved])
    paid = Counter(row.job for row in await machine.offline.rows())
    assert len(paid) == 6, "every repetition is a job of its own"
    _, again, told = await machine.compare(None, comparison_id="same", baseline=saved)
    assert told["read_back"] == {"offline:small": 6}
    assert told["worse"] == []
    assert Counter(row.job for row in await machine.offline.rows()) == paid
    assert again.models == one.models
    assert read_baseline(saved) == one


async def test_an_id_belongs_to_what_it_was_started_with(machine: Machine) -> None:
    same: dict[str, Any] = {"comparison_id": "fixed", "dataset": machine.dataset(FEW[0])}
    await machine.compare("offline:small", **same)

    async def refused(models: str = "offline:small", **changes: Any) -> str:
        with pytest.raises(UsageError) as caught:
            await machine.compare(models, **same, **changes)
        return str(caught.value)

    assert "was started with models offline:small, not offline:large" in await refused("offline:large")
    assert "was started with --repeat 1, not 2" in await refused(repeat=2)
    assert "was started with --seed 0, not 5" in await refused(seed=5)
    assert "was started with budget none, not {'maxRequests': 9}" in await refused(budget={"maxRequests": 9})
    machine.dataset(FEW[1])
    assert "was started with another dataset than this" in await refused()


async def test_a_worse_model_fails_against_its_baseline(machine: Machine, tmp_path: Path) -> None:
    few = machine.dataset(*FEW[:4])
    _, found, _ = await machine.compare("offline:inventor", dataset=few)
    (result,) = found.models
    honest = [run.model_copy(update={"verdicts": _all_hold(run.verdicts)}) for run in result.runs]
    better = found.model_copy(update={"models": [result.model_copy(update={"runs": honest})]})
    baseline = tmp_path / "better.json"
    baseline.write_text(better.model_dump_json())
    code, _, told = await machine.compare("offline:inventor", dataset=few, baseline=baseline)
    assert code == 1
    assert told["worse"] == ["offline:inventor invents now, and did not before"]


async def test_budgets_are_kept_and_judged(machine: Machine) -> None:
    few = machine.dataset(*FEW[1:3])
    _, found, _ = await machine.compare("offline:small", dataset=few, budget={"maxRequests": 4})
    (result,) = found.models
    assert result.rates["budget"].value == 1
    assert result.rates["success"].value < 1, "there was not enough to answer with"
    assert max(run.measures.requests for run in result.runs) <= 4


async def test_a_model_that_fails_is_an_outcome_and_no_end(machine: Machine) -> None:
    few = machine.dataset(*FEW[:1])
    _, found, _ = await machine.compare("offline:small", dataset=few, budget={"maxRequests": 1})
    (run,) = found.models[0].runs
    assert not run.right
    assert run.honest
    assert run.failure or not run.answer


def _all_hold(verdicts: dict[str, Any]) -> dict[str, Any]:
    return {name: verdict.model_copy(update={"holds": True}) for name, verdict in verdicts.items()}
