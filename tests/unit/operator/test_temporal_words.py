"""What stands in search attributes and failures, read back."""

from __future__ import annotations

import pytest
from temporalio.exceptions import ApplicationError

from outlast.control.temporal import _failure, parse_progress
from outlast.job.observed import FailureKind
from outlast.research.state import Progress, SearchProgress, SearchState, Stage
from outlast.usage.meter import Usage


def test_what_the_workflow_writes_is_read_back() -> None:
    searches = [
        SearchProgress(query="q", state=state) for state in (SearchState.DONE, SearchState.CUT, SearchState.RUNNING)
    ]
    usage = Usage(requests=12, input_tokens=3456, output_tokens=789, cost_usd="0.0123")
    word = Progress(stage=Stage.SEARCHING, searches=searches, usage=usage).word
    progress, used = parse_progress(word)
    assert progress is not None
    assert used is not None
    assert (progress.stage, progress.searches, progress.searches_done, progress.searches_planned) == (
        "Searching",
        "2/3",
        2,
        3,
    )
    assert (used.requests, used.input_tokens, used.output_tokens, used.cost_usd) == (12, 3456, 789, 0.0123)


@pytest.mark.parametrize(
    "word", ["", "Searching", "a b c d e f", "Searching 1/x 1 1 1 1", "S 1/2 1 1 1 x", "S -1/2 1 1 1 1"]
)
def test_what_cannot_be_read_is_not_there(word: str) -> None:
    assert parse_progress(word) == (None, None)


def chained(outer: str, inner: str) -> ApplicationError:
    error = ApplicationError("outer", type=outer)
    error.__cause__ = ApplicationError("inner", type=inner)
    return error


@pytest.mark.parametrize(
    ("error", "requests", "kind"),
    [
        pytest.param(chained("JobFailedError", "ModelSetupError"), 0, FailureKind.MODEL_UNUSABLE, id="a model"),
        pytest.param(chained("JobFailedError", "SourceError"), 0, FailureKind.SOURCE_UNUSABLE, id="a source"),
        pytest.param(chained("JobFailedError", "SourceError"), 3, FailureKind.OTHER, id="a source after requests"),
        pytest.param(ApplicationError("x", type="DeadlineExceeded"), 3, FailureKind.DEADLINE, id="a deadline"),
        pytest.param(ApplicationError("x", type="RejectedError"), 1, FailureKind.REJECTED, id="a rejection"),
        pytest.param(chained("JobFailedError", "BudgetEndedError"), 3, FailureKind.BUDGET, id="a budget"),
        pytest.param(ApplicationError("x", type="Else"), 0, FailureKind.OTHER, id="anything else"),
    ],
)
def test_a_failure_is_told_apart(error: ApplicationError, requests: int, kind: FailureKind) -> None:
    assert _failure(error, requests=requests).kind is kind
