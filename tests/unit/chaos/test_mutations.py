"""The checker is clean on honest evidence, and every way to falsify it is noticed."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outlast.chaos.check import check
from outlast.chaos.join import LedgerCopy
from outlast.chaos.proof import Proof
from outlast.chaos.verdict import Verdict

from .evidence import Evidence
from .mutations import MUTATIONS

DATA = Path(__file__).parent / "data"

STORIES = {path.stem: Evidence.load(path) for path in sorted(DATA.glob("*.json"))}
"""Recorded jobs: one that nothing disturbed, one with faults and five deaths of workers."""


def prove(evidence: Evidence, expected: str | None) -> Proof:
    record = asyncio.run(evidence.record())
    ledger = LedgerCopy("ledger", tuple(evidence.rows))
    return check([record], [ledger], evidence.known, report_sha256=expected)


@pytest.fixture(scope="module")
def expected() -> str:
    """Digest of the undisturbed report."""
    sha256 = asyncio.run(STORIES["calm"].record()).report_sha256
    assert sha256 is not None
    return sha256


@pytest.mark.parametrize("story", STORIES)
def test_honest_evidence_is_clean(story: str, expected: str) -> None:
    proof = prove(STORIES[story], expected)
    assert proof.verdict is Verdict.TRUE, proof.as_text()


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("name", MUTATIONS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1))
def test_every_falsification_is_found(story: str, name: str, expected: str, seed: int) -> None:
    evidence = STORIES[story].copy()
    what = MUTATIONS[name](evidence, random.Random(seed))
    if what is None:
        return
    proof = prove(evidence, expected)
    assert proof.verdict is not Verdict.TRUE, f"not found: {what}\n{proof.as_text()}"
