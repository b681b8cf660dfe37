"""Ids of traces that follow from the job, so that nothing has to be handed around or remembered to find them.

Every worker that has a part in a job computes the same trace and the same root span, and so does whoever shows a link
to it. Deterministic ids are also why a replay can't add a second root.
"""

from __future__ import annotations

import hashlib


def trace_id(namespace: str, workflow_id: str, first_run_id: str) -> int:
    """The trace of a job; the id of its first run keeps jobs of the same name apart."""
    return _number("trace", namespace, workflow_id, first_run_id, size=16)


def root_span_id(trace: int) -> int:
    """The span of the job itself, under which every step lies."""
    return _number("job", f"{trace:032x}", size=8)


def agent_span_id(trace: int, agent_run: str) -> int:
    """The span of one run of an agent, between the job's and those of its steps."""
    return _number("agent", f"{trace:032x}", agent_run, size=8)


def traceparent(trace: int, span: int) -> str:
    """A sampled parent as W3C Trace Context writes it."""
    return f"00-{trace:032x}-{span:016x}-01"


def _number(*parts: str, size: int) -> int:
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return int.from_bytes(digest[:size]) or 1  # zero is no id
