"""`outlast prove` from its words to its exit code, with recorded histories in place of a server."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from outlast.chaos.interruptions import Interruption, Target, note
from outlast.chaos.records import JobRecord
from outlast.cli.entry import call
from outlast.errors import StateError, UnknownJobError, UnreachableError
from outlast.ledger import Ledger as LedgerFile
from outlast.ledger import LedgerRow, Outcome
from outlast.offline.config import OfflineConfig
from outlast.offline.server import OfflineServer

from .evidence import Evidence

DATA = Path(__file__).parent / "data"
CALM, STORMY = Evidence.load(DATA / "calm.json"), Evidence.load(DATA / "stormy.json")


@pytest.fixture(autouse=True)
def histories(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, JobRecord]:
    """The jobs there are; a test may change them."""
    for name in ("OUTLAST_LEDGER", "OUTLAST_OFFLINE_URL", "OUTLAST_TEMPORAL_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OUTLAST_STATE_DIR", str(tmp_path / "state"))
    found = {story.job: asyncio.run(story.record()) for story in (CALM, STORMY)}

    @asynccontextmanager
    async def linked(*_: Any, **__: Any) -> AsyncIterator[Any]:
        yield SimpleNamespace(client=None)

    async def read_job(_: Any, job: str) -> JobRecord:
        if job not in found:
            raise UnknownJobError(f"No job {job!r}.")
        return found[job]

    monkeypatch.setattr("outlast.cli.link.linked", linked)
    monkeypatch.setattr("outlast.chaos.history.read_job", read_job)
    return found


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Rows of both jobs, in the place where the embedded platform keeps them."""
    return write(tmp_path / "state" / "ledger.db", [*CALM.rows, *STORMY.rows])


def write(path: Path, rows: list[LedgerRow]) -> Path:
    """A ledger file of these rows."""
    file = LedgerFile(path)
    for row in rows:
        request = file.begin(
            kind="model" if row.kind == "model" else "source",
            name=row.name,
            subject=row.subject,
            sha256=row.sha256,
            step=row.step,
            fault=row.fault,
            started=row.started,
        )
        if row.outcome is not None:
            usage = (row.status, row.input_tokens, row.output_tokens, row.cost_micro_usd)
            file.end(request, Outcome(row.outcome, *usage), ended=row.ended)
    file.close()
    return path


def test_clean_is_0_and_says_what_was_looked_at(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["prove", STORMY.job, CALM.job, "--twin", CALM.job]) == 0
    text = capsys.readouterr().out
    assert f"proof of {STORMY.job}, {CALM.job}: ok" in text
    assert "2  cut: worker died" in text


def test_violated_is_1_and_names_the_row(ledger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    late = [dataclasses.replace(row, started=row.started + 999, ended=None, outcome=None) for row in CALM.rows[:1]]
    forged = write(tmp_path / "forged.db", [*late, *CALM.rows[1:]])
    assert call(["prove", CALM.job, "--ledger", str(forged), "--json"]) == 1
    proof = json.loads(capsys.readouterr().out)
    violated = {one["name"] for one in proof["invariants"] if one["verdict"] == "false"}
    assert (proof["verdict"], violated) == ("false", {"nothing-after", "answered"})


def test_no_such_job_is_2(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["prove", "nobody"]) == 2
    assert "No job 'nobody'" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["--ledger", "/none/ledger.db"]])
def test_without_a_ledger_it_is_3(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["prove", CALM.job, *words]) == 3
    assert f"proof of {CALM.job}: unknown" in capsys.readouterr().out


@pytest.mark.parametrize("error", [UnreachableError("Temporal does not answer."), StateError("The disk is full.")])
def test_what_can_not_be_looked_at_is_3(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def read_job(*_: Any) -> JobRecord:
        raise error

    monkeypatch.setattr("outlast.chaos.history.read_job", read_job)
    assert call(["prove", CALM.job]) == 3
    assert f"Nothing is proved: {error}" in capsys.readouterr().err


def test_a_twin_with_another_report_is_1(ledger: Path, histories: dict[str, JobRecord]) -> None:
    histories["twin"] = dataclasses.replace(histories[CALM.job], report_sha256="0" * 64)
    assert call(["prove", CALM.job, "--twin", "twin"]) == 1


def test_a_twin_without_a_report_is_3(ledger: Path, histories: dict[str, JobRecord]) -> None:
    histories["twin"] = dataclasses.replace(histories[CALM.job], report_sha256=None)
    assert call(["prove", CALM.job, "--twin", "twin"]) == 3


def test_deaths_that_were_noted_explain_what_history_does_not(
    ledger: Path, histories: dict[str, JobRecord], tmp_path: Path
) -> None:
    (run,) = histories[STORMY.job].runs
    silent = tuple(dataclasses.replace(step, failures={}) for step in run.steps)
    histories[STORMY.job] = dataclasses.replace(histories[STORMY.job], runs=(dataclasses.replace(run, steps=silent),))
    assert call(["prove", STORMY.job]) == 3
    for row in STORMY.rows:
        note(tmp_path / "state" / "interruptions.jsonl", Interruption(Target.WORKER, row.started, row.started + 5))
    assert call(["prove", STORMY.job]) == 0


def test_clocks_that_differ_are_granted(ledger: Path, tmp_path: Path) -> None:
    ahead = [
        dataclasses.replace(row, started=row.started - 0.5, ended=row.ended and row.ended - 0.5) for row in CALM.rows
    ]
    skewed = write(tmp_path / "skewed.db", ahead)
    assert call(["prove", CALM.job, "--ledger", str(skewed)]) == 1
    assert call(["prove", CALM.job, "--ledger", str(skewed), "--skew", "0.6"]) == 0


async def test_a_ledger_is_read_from_its_server_too(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with OfflineServer(OfflineConfig(ledger=ledger)) as server:
        assert await asyncio.to_thread(call, ["prove", CALM.job, "--ledger", server.base_url]) == 0
        monkeypatch.setenv("OUTLAST_OFFLINE_URL", server.url)
        assert await asyncio.to_thread(call, ["prove", CALM.job]) == 0
