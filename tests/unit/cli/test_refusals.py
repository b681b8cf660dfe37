"""Bad input is a sentence that says what was wrong, the value seen and what to do; nothing is started and nothing lost.

What needs a server to be found out is in tests/temporal/test_cli_refusals.py.
"""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from .conftest import Outlast

MANIFEST = """\
apiVersion: outlast.dev/v1alpha1
kind: ResearchJob
metadata: {{name: x}}
spec:
  query: How large is X?
{spec}
"""


def manifest(folder: Path, spec: str) -> None:
    (folder / "job.yaml").write_text(MANIFEST.format(spec=spec))


@pytest.mark.parametrize(
    ("spec", "sentences"),
    [
        ("  maxSerches: 3", ["job.yaml is no valid ResearchJob", "spec.maxSerches: unknown field", "'maxSearches'"]),
        ("  budget: {maxCost: 3}", ["spec.budget.maxCost: unknown field", "'maxCostUSD'"]),
        ("  zzz: 1", ["spec.zzz: unknown field; known: query, model"]),
        ("  maxSearches: many", ["spec.maxSearches: Input should be a valid integer", "found 'many'"]),
        ("  budget: {maxCostUSD: -2}", ["spec.budget.maxCostUSD: Input should be greater than 0; found -2"]),
        ("  budget: 5", ["spec.budget: ", "found 5"]),
        ("  sources: [Fact Book]", ["spec.sources.0: String should match pattern", "found 'Fact Book'"]),
        ("  approval: {plan: Maybe}", ["spec.approval.plan: Input should be 'Automatic' or 'Required'; found 'Maybe'"]),
        ("  ]", ["job.yaml is no valid YAML"]),
    ],
)
def test_a_bad_manifest(outlast: Outlast, tmp_path: Path, spec: str, sentences: list[str]) -> None:
    manifest(tmp_path, spec)
    said = outlast("run", "job.yaml")
    assert said.code == 2
    assert said.err.startswith("outlast: job.yaml is no valid ")
    for sentence in sentences:
        assert sentence in said.err
    nothing_happened(tmp_path, said.err)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("apiVersion: v1\nkind: Pod\nspec: {}\n", "job.yaml is 'v1' 'Pod'; expected apiVersion 'outlast.dev/v1alpha1'"),
        ("[1, 2]", "job.yaml holds a list, not a ResearchJob."),
        ("", "job.yaml holds 0 documents; one ResearchJob is expected."),
        ("a: 1\n---\nb: 2\n", "job.yaml holds 2 documents"),
        (
            MANIFEST.format(spec="").replace("How large is X?", "''"),
            "spec.query: String should have at least 1 character",
        ),
        (MANIFEST.format(spec="").replace("How large is X?", "[1]"), "spec.query: Input should be a valid string"),
        (
            MANIFEST.format(spec="").replace("  query: How large is X?", "  model: a"),
            "spec.query: required, but not there",
        ),
    ],
)
def test_a_file_that_is_no_job(outlast: Outlast, tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "job.yaml").write_text(text)
    said = outlast("run", "job.yaml")
    assert (said.code, sentence in said.err) == (2, True), said.err
    nothing_happened(tmp_path, said.err)


def test_a_file_that_cannot_be_read(outlast: Outlast, tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    assert "folder.yaml can't be read: Is a directory" in outlast("run", "folder.yaml").err
    assert "binary.yaml is no UTF-8 text: byte 0 is 0xff" in outlast("run", "binary.yaml").err
    assert outlast("run", "missing.yaml").code == 2


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["run"], "What to find out is missing"),
        (["run", ""], "The question is empty"),
        (["run", "a question", "--max-cost-usd", "-1"], "spec.budget.maxCostUSD: Input should be greater than 0"),
        (["run", "a question", "--max-searches", "99"], "spec.maxSearches: Input should be less than or equal to 50"),
        (["run", "a question", "--max-searches", "few"], "Invalid value for '--max-searches'"),
        (["run", "a question", "--on-exceeded", "Panic"], "spec.budget.onExceeded: Input should be 'Conclude'"),
        (["run", "a question", "--id", "no/slash"], "--id 'no/slash' can't be an id"),
        (["run", "a question", "-o", "nowhere/report.md"], "there is no folder"),
        (["run", "a question", "-o", "."], "is a folder"),
        (["run", "a question", "--format", "pdf"], "'pdf' is not one of"),
        (["run", "a question", "--unknown"], "No such option: --unknown"),
        (["run", "--id", "x1", "--stateless"], "A stateless run keeps nothing, so there is no job 'x1'"),
        (["run", "a question", "--stateless", "--approve-plan"], "there is no terminal"),
        (["rum"], "No such command"),
        (["status"], "Missing argument"),
        (["approve", "x", "--plan", "none.yaml"], "The plan none.yaml can't be read: No such file or directory"),
        (["worker"], "OUTLAST_TEMPORAL_ADDRESS is not set"),
        (["corpus", "build", "nowhere"], "The folder nowhere can't be read"),
        (["corpus", "build", ".", "--name", "No Good"], "No Good"),
        (["offline", "serve", "--fault", "429"], "--fault '429' is neither KIND=RATE"),
        (["offline", "serve", "--fault", "429=often"], "'often' is no rate between 0 and 1"),
        (["offline", "serve", "--fault", "429=2"], "found 2.0"),
        (["offline", "serve", "--fault", "boom=0.1"], "boom"),
        (["offline", "serve", "--faults", "none.json"], "The faults file none.json can't be read"),
        (["offline", "serve", "--port", "70000"], "70000"),
        (["offline", "serve", "--latency-scale", "-1"], "latency_scale"),
    ],
)  # fmt: skip
def test_words_that_are_off(outlast: Outlast, tmp_path: Path, args: list[str], sentence: str) -> None:
    said = outlast(*args)
    assert said.code == 2
    assert sentence in " ".join(said.err.replace("│", " ").split())
    nothing_happened(tmp_path, said.err)


@pytest.mark.parametrize(
    ("args", "code", "sentence"),
    [
        (["corpus", "remove", "none"], 1, "There is no corpus 'none': `outlast corpus list`"),
        (["offline", "ledger"], 1, "There is no ledger at"),
    ],
)
def test_what_is_not_there(outlast: Outlast, tmp_path: Path, args: list[str], code: int, sentence: str) -> None:
    said = outlast(*args)
    assert (said.code, sentence in said.err) == (code, True), said.err


@pytest.mark.parametrize("verb", [["list"], ["run", "a question"], ["settings"], ["corpus", "list"]])
def test_an_unknown_variable(outlast: Outlast, monkeypatch: pytest.MonkeyPatch, verb: list[str]) -> None:
    monkeypatch.setenv("OUTLAST_MODLE", "x")
    said = outlast(*verb)
    assert said.code == 2
    assert "OUTLAST_MODLE is set, but outlast knows no such variable: did you mean OUTLAST_MODEL?" in said.err


def test_a_variable_that_does_not_parse(outlast: Outlast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTLAST_DRAIN_SECONDS", "soon")
    said = outlast("list")
    assert said.code == 2
    assert "OUTLAST_DRAIN_SECONDS='soon': Input should be a valid integer" in said.err


def test_a_port_in_use(outlast: Outlast) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = outlast("offline", "serve", "--port", str(port))
    assert said.code == 1
    assert f"can't listen on 127.0.0.1:{port}: the port is in use" in said.err


@pytest.mark.parametrize(
    "args", [["run", "a b", "--stateless", "--model", "offline:huge"], ["run", "a b", "--stateless", "-m", "nobody:x"]]
)
def test_an_unknown_model(outlast: Outlast, args: list[str]) -> None:
    said = outlast(*args)
    assert said.code == 1
    assert f"The model {args[-1]!r} can't be used" in said.err


def test_an_unknown_source(outlast: Outlast) -> None:
    said = outlast("run", "a question", "--stateless", "--source", "factbok")
    assert said.code == 1
    assert "factbok" in said.err
    assert "'factbook'" in said.err


@pytest.mark.parametrize("verb", ["ledger", "corpus"])
def test_a_corrupt_file(outlast: Outlast, tmp_path: Path, verb: str) -> None:
    state = tmp_path / "state"
    (state / "corpora").mkdir(parents=True)
    (state / "ledger.db").write_bytes(b"no database" * 1000)
    (state / "corpora" / "notes.db").write_bytes(b"no database" * 1000)
    if verb == "ledger":
        said = outlast("offline", "ledger")
        assert said.code == 1
        assert "is no SQLite database" in said.err
    else:
        assert "notes" in outlast("corpus", "list").out
        said = outlast("run", "a question", "--stateless", "--source", "notes")
        assert said.code == 1
        assert "notes" in said.err
    assert "Traceback" not in said.err


def test_an_error_for_machines_is_json(outlast: Outlast) -> None:
    said = outlast("run", "", "--json")
    assert said.code == 2
    assert said.err.startswith('{"error": {"type": "UsageError", "message": "The question is empty')
    assert '"exit_code": 2' in said.err


def test_control_characters_in_a_message_do_not_reach_the_terminal(outlast: Outlast, tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text('"\\e[31m": 1')
    said = outlast("run", "bad\x1b[2J.yaml")
    assert "\x1b" not in said.err
    assert "bad.yaml can't be read" in said.err


def nothing_happened(folder: Path, err: str) -> None:
    """No traceback, no server, no state."""
    assert "Traceback" not in err
    assert not (folder / "state" / "temporal.db").exists()
