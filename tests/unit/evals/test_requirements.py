"""The pins hold the evals beside agents that are newer than those it asks for: what outlast uses of it has to work."""

from __future__ import annotations

import pytest
from pydantic_evals import Case, Dataset
from pydantic_evals.evaluators import Equals


@pytest.mark.filterwarnings("ignore::logfire._internal.config.LogfireNotConfiguredWarning")
async def test_a_dataset_is_read_and_evaluated() -> None:
    text = "name: t\ncases:\n- {name: a, inputs: 1, expected_output: 2}\n"
    dataset = Dataset[int, int, None].from_text(text)
    dataset.add_evaluator(Equals(value=2))
    report = await dataset.evaluate(lambda value: value + 1, progress=False)
    assert [case.name for case in report.cases] == ["a"]
    assert report.cases[0].assertions["Equals"].value is True
    assert isinstance(dataset.cases[0], Case)
