"""The operator computes a job's trace by itself, where tracing is asked for, and tells of visits that did something."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflow.v1 import WorkflowExecutionInfo

from outlast.control.temporal import seen
from outlast.telemetry.ids import root_span_id, trace_id

INFO = WorkflowExecutionInfo(execution=WorkflowExecution(workflow_id="ns/peru/1", run_id="run-2"), first_run_id="run-1")

VISITS = """
import json, sys
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
import logfire
exporter, configure = InMemorySpanExporter(), logfire.configure
logfire.configure = lambda **options: configure(
    **{**options, "send_to_logfire": False}, additional_span_processors=[SimpleSpanProcessor(exporter)]
)
from outlast.settings import Settings
from outlast.telemetry.visits import VisitSpans
spans = VisitSpans(Settings())
with spans.visit("ns/peru/1", [], None):
    pass
with spans.visit("ns/peru/1", ["StartWorkflow"], None):
    pass
try:
    with spans.visit("ns/peru/1", ["UpdateStatus"], sys.argv[1]):
        raise ValueError("canary")
except ValueError:
    pass
print(json.dumps([
    {"actions": span.attributes["outlast.actions"], "error": span.attributes.get("error.type"),
     "events": len(span.events), "links": [[link.context.trace_id, link.context.span_id] for link in span.links]}
    for span in exporter.get_finished_spans()
]))
"""


def test_the_trace_of_a_job_is_known_where_tracing_is_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOGFIRE_TOKEN", raising=False)
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    assert seen(INFO, "default").trace is None
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    assert seen(INFO, "default").trace == f"{trace_id('default', 'ns/peru/1', 'run-1'):032x}"
    assert seen(WorkflowExecutionInfo(execution=INFO.execution), "default").trace is None


def test_a_visit_that_did_something_is_a_span_linked_to_the_job() -> None:
    trace = trace_id("default", "ns/peru/1", "run-1")
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", VISITS, f"{trace:032x}"],
        env={"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_TRACES_EXPORTER": "none", "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(told.stdout.splitlines()[-1]) == [
        {"actions": ["StartWorkflow"], "error": None, "events": 0, "links": []},
        {"actions": ["UpdateStatus"], "error": "ValueError", "events": 0, "links": [[trace, root_span_id(trace)]]},
    ]
