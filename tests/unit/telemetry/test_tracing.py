"""Tracing is off unless it is asked for, and its ids follow from the job."""

from __future__ import annotations

import os
import subprocess
import sys

from outlast.telemetry.ids import agent_span_id, root_span_id, trace_id, traceparent

OFF = """
import sys
from outlast.settings import Settings
from outlast.telemetry.tracing import tracing
assert tracing(Settings()) is None
assert "logfire" not in sys.modules
"""


def test_nothing_is_imported_unless_it_is_asked_for() -> None:
    asked_for_by = ("LOGFIRE", "OTEL")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(asked_for_by)}
    subprocess.run([sys.executable, "-c", OFF], env=environment, check=True)


def test_a_job_has_the_same_trace_wherever_it_is_computed() -> None:
    job = ("default", "job-1", "run-1")
    assert f"{trace_id(*job):032x}" == "fa4067d06b5d005d9b8bf26ec8ad395f"  # links to traces that exist depend on it
    assert len({trace_id(*job), trace_id("default", "job-1", "run-2"), trace_id("other", "job-1", "run-1")}) == 3
    assert root_span_id(trace_id(*job)) < 2**64
    assert len({root_span_id(trace_id(*job)), *(agent_span_id(trace_id(*job), run) for run in ("a", "b"))}) == 3


def test_a_parent_is_written_as_the_standard_says() -> None:
    assert traceparent(1, 2) == "00-00000000000000000000000000000001-0000000000000002-01"
