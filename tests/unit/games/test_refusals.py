"""Bad input is a sentence that says what was wrong and what to do; nothing is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Outlast, outlast

__all__ = ["outlast"]

MANIFEST = """\
apiVersion: outlast.dev/v1alpha1
kind: TwentyQuestions
metadata: {metadata}
spec:
  secret: potato
{spec}
"""


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "What to play about is missing: give --secret, the path of a manifest, or the --id of a game"),
        (("--secret", ""), "spec.secret: String should have at least 1 character"),
        (("--secret", "  "), "spec.secret: String should have at least 1 character"),
        (("--secret", "?!"), "spec.secret: String should match pattern"),
        (("--secret", "a\nb"), "spec.secret: String should match pattern"),
        (("--secret", "x" * 101), "spec.secret: String should have at most 100 characters"),
        (("--secret", "x", "--id", "a b"), "--id 'a b' can't be an id"),
        (("--secret", "x", "--max-questions", "0"), "spec.maxQuestions: Input should be greater than or equal to 1"),
        (("--secret", "x", "--max-questions", "101"), "spec.maxQuestions: Input should be less than or equal to 100"),
        (("--secret", "x", "--failure-rate", "1"), "spec.failureRate: Input should be less than or equal to 0.9"),
        (("--secret", "x", "--max-cost-usd", "-1"), "spec.budget.maxCostUSD: Input should be greater than 0"),
        (("nowhere.yaml",), "nowhere.yaml can't be read: No such file"),
        (("--stateless", "--id", "g1"), "A stateless run keeps nothing, so there is no game 'g1' to go on with."),
    ],
)
def test_bad_words(outlast: Outlast, words: tuple[str, ...], sentence: str) -> None:
    said = outlast("play", *words)
    assert (said.code, said.out) == (2, ""), said
    assert sentence in said.err


@pytest.mark.parametrize(
    ("metadata", "spec", "sentence"),
    [
        ("{}", "  maxQuestion: 3", "spec.maxQuestion: unknown field; did you mean 'maxQuestions'?"),
        ("{}", "  models: {answer: x}", "spec.models.answer: unknown field; did you mean 'answerer'?"),
        ("{}", "  ttlSecondsAfterFinished: 3", "spec.ttlSecondsAfterFinished: unknown field; known: secret"),
        ("{namespace: prod}", "", "no cluster knows this kind yet, `outlast play` plays it on this machine"),
    ],
)
def test_a_bad_manifest(outlast: Outlast, tmp_path: Path, metadata: str, spec: str, sentence: str) -> None:
    (tmp_path / "game.yaml").write_text(MANIFEST.format(metadata=metadata, spec=spec))
    said = outlast("play", "game.yaml")
    assert said.code == 2
    assert said.err.startswith("outlast: game.yaml is no valid TwentyQuestions:")
    assert sentence in said.err


def test_each_command_names_the_one_that_takes_the_other_kind(outlast: Outlast, tmp_path: Path) -> None:
    (tmp_path / "game.yaml").write_text(MANIFEST.format(metadata="{}", spec=""))
    (tmp_path / "job.yaml").write_text("apiVersion: outlast.dev/v1alpha1\nkind: ResearchJob\nspec: {query: Who}\n")
    assert "kind 'ResearchJob'. `outlast play game.yaml` takes it." in outlast("run", "game.yaml").err
    assert "kind 'TwentyQuestions'. `outlast run job.yaml` takes it." in outlast("play", "job.yaml").err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--model", "offline:tiny"), "the offline server has no model 'tiny', it has large, small, inventor"),
        (("--model", "openai:nobody-1"), "OPENAI_API_KEY is not set"),
        (("--answerer-model", "openai:nobody-1"), "OPENAI_API_KEY is not set"),
        (("--oracle",), "knows no 'Potatoland': did you mean 'Poland'?"),
    ],
)
def test_what_can_not_be_used_is_said_before_anything_is_paid(
    outlast: Outlast, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], sentence: str
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    said = outlast("play", "--secret", "Potatoland", "--stateless", *words)
    assert said.code in (1, 2)
    assert sentence in said.err


def test_a_cost_budget_needs_a_price(outlast: Outlast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    words = ("--model", "openai:nobody-1", "--max-cost-usd", "1")
    said = outlast("play", "--secret", "potato", "--stateless", *words)
    assert said.code == 1
    assert "The model 'openai:nobody-1' has no known price, so budget.maxCostUSD can't be kept" in said.err
