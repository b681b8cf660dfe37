from pathlib import Path

import pytest

from outlast.errors import ManifestError
from outlast.job.manifest import parse_job, read_job

HEAD = "apiVersion: outlast.dev/v1alpha1\nkind: ResearchJob\n"


def test_an_example_reads() -> None:
    job = read_job(Path(__file__).parents[3] / "k8s" / "examples" / "neighbours.yaml")
    assert job.metadata.name == "neighbours"
    assert job.spec.sources == ["factbook"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(HEAD + "spec: {query: Q, maxSearchs: 3}", "did you mean 'maxSearches'", id="misspelt field"),
        pytest.param(
            HEAD + "spec: {query: Q, colour: red}", "spec.colour: unknown field; known: query", id="unknown field"
        ),
        pytest.param(HEAD + "spec: {query: '  '}", "spec.query", id="empty query"),
        pytest.param(HEAD + "spec: {}", "spec.query: required", id="no query"),
        pytest.param(HEAD + "spec: {query: Q, maxSearches: many}", "found 'many'", id="wrong type"),
        pytest.param(
            HEAD + "spec: {query: Q, budget: {maxCostUSD: -1}}", "spec.budget.maxCostUSD", id="negative budget"
        ),
        pytest.param(
            HEAD + "spec: {query: Q, budget: {maxCostUsd: 1}}", "mean 'maxCostUSD'", id="misspelt nested field"
        ),
        pytest.param(HEAD + "spec: {query: Q, sources: [a, a]}", "names one twice", id="a source twice"),
        pytest.param(HEAD + "spec: {query: Q, sources: []}", "spec.sources", id="no source"),
        pytest.param("kind: Job\napiVersion: batch/v1", "'batch/v1' 'Job'", id="another kind"),
        pytest.param("- a\n- b", "holds a list", id="no mapping"),
        pytest.param("a: [", "no valid YAML", id="no YAML"),
        pytest.param("", "0 documents", id="empty"),
        pytest.param(HEAD + "---\n" + HEAD, "2 documents", id="two documents"),
    ],
)
def test_a_bad_manifest_is_refused_with_a_sentence(text: str, said: str) -> None:
    with pytest.raises(ManifestError) as refused:
        parse_job(text, origin="job.yaml")
    assert said in str(refused.value)
    assert str(refused.value).startswith("job.yaml ")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="can't be read: No such file"):
        read_job(tmp_path / "none.yaml")


def test_a_binary_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "job.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ManifestError, match="no UTF-8 text: byte 0 is 0xff"):
        read_job(path)


def test_what_a_server_adds_to_metadata_is_let_pass() -> None:
    job = parse_job(HEAD + "metadata: {name: a, managedFields: [], resourceVersion: '1'}\nspec: {query: Q}", origin="x")
    assert job.metadata.name == "a"
