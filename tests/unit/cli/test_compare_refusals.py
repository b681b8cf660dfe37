"""What `outlast compare` refuses, with a sentence, exit code 2 and nothing started."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Outlast

DATASET = "cases:\n- {name: a, inputs: {question: What}, expected_output: {kind: figure, number: 1}}\n"
SMALL = ("compare", "--models", "offline:small")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("compare",), "Which models? Give --models A,B,C, or the --id of a comparison to go on with."),
        (("compare", "--models", " , "), "--models names no model"),
        (("compare", "--models", "offline:small,offline:small"), "--models names 'offline:small' twice"),
        (("compare", "--models", "offline:smal"), "the offline server has no model 'smal', it has"),
        (("compare", "--models", "nobody:x"), "The model 'nobody:x' can't be used: "),
        (("compare", "--models", "openai:gpt-5"), "The model 'openai:gpt-5' can't be used: OPENAI_API_KEY is not set."),
        ((*SMALL, "--task", "chess"), "No task is called 'chess'. Known are deep-research"),
        ((*SMALL, "--dataset", "none.yaml"), "The dataset none.yaml can't be read: No such file"),
        ((*SMALL, "--dataset", "bad.yaml"), "bad.yaml is no valid YAML: line 1, column 9: "),
        ((*SMALL, "--dataset", "empty.yaml"), "empty.yaml is empty"),
        ((*SMALL, "--dataset", "wrong.yaml"), "case 'a': inputs.qestion: Extra inputs are not permitted"),
        ((*SMALL, "--baseline", "none.json"), "The baseline none.json can't be read: No such file"),
        ((*SMALL, "--baseline", "bad.yaml"), "The baseline bad.yaml is no saved comparison"),
        ((*SMALL, "--output", "x.pdf"), "--output 'x.pdf': a comparison is saved as"),
        ((*SMALL, "--output", "none/x.json"), "there is no folder"),
        ((*SMALL, "--id", "a b"), "--id 'a b' can't be an id"),
        ((*SMALL, "--id", "a" * 41), "40 of them at the most"),
        ((*SMALL, "--max-cost-usd", "-1"), "The budget is off: maxCostUSD: "),
        (("compare", "--id", "x", "--repeat", "3"), "A comparison goes on as it was started: give its --id alone"),
    ],
)
def test_off_words(outlast: Outlast, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    (tmp_path / "bad.yaml").write_text("cases: [")
    (tmp_path / "empty.yaml").write_text("# nothing\n")
    (tmp_path / "wrong.yaml").write_text(DATASET.replace("question", "qestion"))
    found = outlast(*words)
    assert found.code == 2, found
    assert said in found.err
    assert not (tmp_path / "state" / "platform.json").exists(), "nothing was started"


def test_a_cost_budget_needs_prices(outlast: Outlast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setenv("OUTLAST_BASE_URLS", '{"openai": "http://127.0.0.1:9/v1"}')
    found = outlast("compare", "--models", "openai:home-grown", "--max-cost-usd", "1")
    assert found.code == 2, found
    assert "The model 'openai:home-grown' has no known price, so budget.maxCostUSD can't be kept" in found.err
    assert not (tmp_path / "state" / "platform.json").exists()


def test_a_source_that_nobody_has(outlast: Outlast, tmp_path: Path) -> None:
    (tmp_path / "d.yaml").write_text(DATASET.replace("{question: What}", "{question: What, sources: [papers]}"))
    found = outlast(*SMALL, "--dataset", "d.yaml")
    assert found.code == 2, found
    assert "No source is called 'papers'" in found.err


def test_json_says_it_as_json(outlast: Outlast) -> None:
    found = outlast(*SMALL, "--task", "chess", "--json")
    assert found.code == 2
    assert '"message": "No task is called' in found.err
