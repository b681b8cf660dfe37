"""Datasets: what is off about one is said in a sentence, and what comes along is right."""

from __future__ import annotations

from pathlib import Path

import pytest

from outlast.errors import UsageError
from outlast.evals.dataset import fingerprint, read_dataset, read_text
from outlast.evals.task import job_id
from outlast.evals.tasks import find_task
from outlast.job.spec import Budget
from scripts import factbook_dataset

RESEARCH = find_task("deep-research")

CASE = "- {name: a, inputs: {question: What}, expected_output: {kind: figure, number: 1}}"


def cases(*lines: str) -> str:
    return "cases:\n" + "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cases: [", r"d.yaml is no valid YAML: .*line 1, column 9"),
        ("", "d.yaml is empty: a dataset has a list of `cases`"),
        ("- 1", "d.yaml holds a list: a dataset is a mapping"),
        ("cases: []", "d.yaml has no cases: there is nothing to compare models by"),
        ("name: x", "no dataset for deep-research: cases: Field required"),
        (
            cases("- {name: a, inputs: {qestion: What}, expected_output: {kind: figure}}"),
            r"no dataset for deep-research: case 'a': inputs\.question: Field required; "
            r"case 'a': inputs\.qestion: Extra inputs are not permitted, found 'What'",
        ),
        (cases(CASE.replace("figure", "guess")), r"case 'a': expected_output\.kind: Input should be 'figure'"),
        (cases("- {name: a, inputs: {question: What}}"), "the case 'a' has no expected_output"),
        (cases("- {inputs: {question: What}}"), "the case 'case-1' has no expected_output"),
        (cases(CASE, CASE), "Duplicate case name: 'a'"),
        (cases(CASE, CASE.replace("name: a", "name: b")), "the cases 'a', 'b' have the same inputs; --repeat"),
        (f"{cases(CASE)}evaluators: [Nonsense]", "Nonsense"),
    ],
)
def test_what_is_off_is_said(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=f"(?s){said}"):
        read_dataset(text, RESEARCH, origin="d.yaml")


@pytest.mark.parametrize("content", [None, b"\xff\xfe\xfa"])
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "d.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=r"The dataset .*d\.yaml (can't be read|is no text)"):
        read_text(path, RESEARCH)


def test_an_unknown_task_is_refused() -> None:
    with pytest.raises(UsageError, match=r"No task is called 'deep-reserch'\. Did you mean 'deep-research'"):
        find_task("deep-reserch")


def test_the_shipped_questions_are_those_that_the_data_answer() -> None:
    assert read_text(None, RESEARCH) == factbook_dataset.text(), "run `python -m scripts.factbook_dataset`"
    dataset = read_dataset(read_text(None, RESEARCH), RESEARCH, origin="factbook.yaml")
    assert dataset.name == "factbook"
    assert {RESEARCH.aspect(case) for case in dataset.cases} == set(RESEARCH.aspects)


def test_the_fingerprint_is_of_the_cases_and_not_of_the_layout() -> None:
    one = read_dataset(cases(CASE), RESEARCH, origin="d.yaml")
    laid_out = "# a remark\nname: d\ncases:\n- name: a\n  expected_output:\n    number: 1.0\n    kind: figure\n"
    laid_out += "  inputs: {question: 'What'}\n"
    assert fingerprint(one) == fingerprint(read_dataset(laid_out, RESEARCH, origin="e.yaml"))
    other = read_dataset(cases(CASE.replace("number: 1", "number: 2")), RESEARCH, origin="d.yaml")
    assert fingerprint(one) != fingerprint(other)


def test_the_id_of_a_run_is_made_of_what_is_run() -> None:
    (case,) = read_dataset(cases(CASE), RESEARCH, origin="d.yaml").cases

    def named(model: str = "m:x", repeat: int = 1, **budget: int) -> str:
        return job_id("c", "a", repeat, model, RESEARCH.spec(case.inputs, model, Budget(**budget), 0))

    assert named() == named()
    assert named().startswith("c-m-x-a-")
    assert len({named(), named(model="m:y"), named(repeat=2), named(max_requests=3)}) == 4
