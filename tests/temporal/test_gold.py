"""A sample of the gold set through the whole pipeline; `make evals` runs all of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from outlast.durable.jobs import Jobs
from outlast.evals import GoldCase, altered_corpus, corpus_passages, embedded_corpus, gold_cases, twin_cases
from outlast.local.temporal import TemporalServer
from tests.evals.pipeline import judge, pipeline

SEED = 7
EACH = 25
"""Every so manieth case: all kinds of questions are among them."""


@pytest.fixture
async def embedded(temporal: TemporalServer, tmp_path: Path) -> AsyncIterator[Jobs]:
    address = f"127.0.0.1:{temporal.ports.frontend}"
    async with pipeline(tmp_path, address, corpus_passages(embedded_corpus()), queue="gold-sample") as jobs:
        yield jobs


@pytest.fixture
async def altered(temporal: TemporalServer, tmp_path: Path) -> AsyncIterator[Jobs]:
    address = f"127.0.0.1:{temporal.ports.frontend}"
    async with pipeline(tmp_path, address, corpus_passages(altered_corpus(SEED)), queue="twin-sample") as jobs:
        yield jobs


async def _wrong(jobs: Jobs, cases: tuple[GoldCase, ...], prefix: str) -> list[str]:
    return [
        f"{judged.case.question} {judged.score.reason}"
        async for judged in judge(jobs, cases, model="offline:large", prefix=prefix)
        if not judged.good
    ]


async def test_every_answer_is_right_and_every_citation_holds(embedded: Jobs) -> None:
    cases = gold_cases()[::EACH]
    assert any(case.unanswerable for case in cases)
    assert await _wrong(embedded, cases, "gold-sample") == []


async def test_over_altered_figures_the_answers_follow_the_passages(altered: Jobs) -> None:
    assert await _wrong(altered, twin_cases(SEED)[::EACH], "twin-sample") == []


async def test_what_a_model_invents_gets_into_no_report(embedded: Jobs) -> None:
    cases = [case for case in gold_cases() if not case.unanswerable][::60]
    judged = [done async for done in judge(embedded, cases, model="offline:inventor", prefix="invented")]
    assert [done.report.claims for done in judged] == [[]] * len(cases)
    assert all(done.report.cut for done in judged)
