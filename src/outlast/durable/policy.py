"""Every activity policy, and which failure each number bounds. Temporal is the only layer that tries again."""

from __future__ import annotations

from datetime import timedelta

from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityConfig

STICKY_TIMEOUT = timedelta(seconds=1)
"""How long a workflow task waits for the worker that knows its history. A dead worker costs this once a workflow."""

WORKFLOW_TASKS = 16
"""Workflow tasks at once. They are Python code and share one lock: more of them end no sooner, and each comes nearer to
the two seconds after which the SDK takes it for stuck."""

CACHED_JOBS = 300
"""Jobs that stay in memory between their tasks, some 0.2 MB each; one more is replayed when it goes on."""


def step_policy(heartbeat_seconds: float) -> ActivityConfig:
    """The policy of every step: model requests and tool calls alike.

    Args:
        heartbeat_seconds: How long the death of a worker goes unnoticed when nobody reports it.
    """
    return ActivityConfig(
        start_to_close_timeout=timedelta(hours=1),  # an analysis may take as long; death is noticed by heartbeat
        schedule_to_close_timeout=timedelta(days=1),  # the provider outage that a job sits out before it fails
        heartbeat_timeout=timedelta(seconds=heartbeat_seconds),
        retry_policy=RetryPolicy(
            initial_interval=timedelta(milliseconds=200),  # a dead worker's step goes on elsewhere almost at once
            backoff_coefficient=2.0,
            maximum_interval=timedelta(seconds=30),  # how soon a healed provider is noticed
            maximum_attempts=0,  # failures are bounded by backoffLimit in `retries.py`; deaths end no job
        ),
    )
