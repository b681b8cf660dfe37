"""What the workflow of every job has: a set-up, a deadline that stands still while it is suspended, a budget that can
be replaced, and progress that visibility lists.

Workflow code: deterministic, no I/O. It runs outside the SDK's sandbox (docs/adr/0002).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from pydantic_ai.durable_exec.temporal import PydanticAIWorkflow
from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeKey
from temporalio.exceptions import ActivityError, ApplicationError, FailureError

from outlast.errors import JobFailedError
from outlast.hosting.progress import PROGRESS_ATTRIBUTE, STAGE_ATTRIBUTE
from outlast.job.spec import Budget
from outlast.usage.budget import Exceeded

STAGE = SearchAttributeKey.for_keyword(STAGE_ATTRIBUTE)
PROGRESS = SearchAttributeKey.for_keyword(PROGRESS_ATTRIBUTE)

ResultT = TypeVar("ResultT")


class JobSpec(Protocol):
    """What the workflow of any job asks of its spec."""

    budget: Budget
    active_deadline_seconds: int | None
    backoff_limit: int


class JobWorkflow(PydanticAIWorkflow):
    """Base of the workflows of jobs, and the part of their host that they have in common."""

    step_failures: tuple[type[Exception], ...] = (FailureError,)

    def begin(self, spec: JobSpec, *, suspended: bool = False, started_at: datetime | None = None) -> None:
        """Take the job's bounds in; called from `__init__`.

        Args:
            spec: A copy that is this workflow's own: its budget may be replaced.
            suspended: Whether it begins suspended.
            started_at: When the first run began; a run that continues another one has a start of its own.
        """
        self.backoff_limit = spec.backoff_limit
        self.started_at = started_at or workflow.info().workflow_start_time
        self._bounds = spec
        self._suspended_since = workflow.now() if suspended else None
        self._deadline: asyncio.Timeout | None = None
        self._published = ""

    async def ended(self, work: Awaitable[ResultT]) -> ResultT:
        """What the work comes to within its deadline; every failure becomes one that Temporal does not try again."""
        try:
            async with asyncio.timeout(None) as self._deadline:
                self._count_down()
                result = await work
        except TimeoutError:
            raise ApplicationError(
                f"The job was active for longer than activeDeadlineSeconds, {self._bounds.active_deadline_seconds}.",
                type="DeadlineExceeded",
                non_retryable=True,
            ) from None
        except JobFailedError as error:
            raise ApplicationError(str(error), type=type(error).__name__, non_retryable=True) from error
        await workflow.wait_condition(workflow.all_handlers_finished)
        return result

    async def checked(self, activity: str, spec: JobSpec, result_type: type[ResultT]) -> ResultT:
        """Check what the job needs, where the worker's settings are."""
        try:
            # No local activity: a query that arrives while one runs splits its workflow task, and after that a replay
            # misses the SDK's patch marker behind it (docs/adr/0002).
            chosen: ResultT = await workflow.execute_activity(
                activity,
                spec,
                result_type=result_type,
                start_to_close_timeout=timedelta(seconds=10),  # reads settings, asks no network; bounds a death
                retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=30)),
            )
        except ActivityError as error:
            raise JobFailedError(getattr(error.cause, "message", None) or str(error)) from error
        return chosen

    async def budget_raised(self, bound: Exceeded) -> None:
        """Wait until the budget is another one."""
        before = self._bounds.budget
        await workflow.wait_condition(lambda: self._bounds.budget != before)

    async def may_proceed(self) -> None:
        """Wait while the job is suspended."""
        if self._suspended_since is not None:
            await workflow.wait_condition(lambda: self._suspended_since is None)

    def publish(self, stage: str, word: str) -> None:
        """Let visibility know where the job is."""
        if word != self._published:
            self._published = word
            changes: list[Any] = [STAGE.value_set(stage), PROGRESS.value_set(word)]
            workflow.upsert_search_attributes(changes)

    @workflow.update
    def set_budget(self, budget: Budget) -> None:
        """Replace the budget; a paused job goes on when the new one has room."""
        self._bounds.budget = budget

    @workflow.update
    def suspend(self, suspended: bool) -> None:
        """Suspend or resume: steps under way finish, no new ones start, and the deadline stands still."""
        if suspended and self._suspended_since is None:
            self._suspended_since = workflow.now()
        elif not suspended and self._suspended_since is not None:
            self.started_at += workflow.now() - self._suspended_since
            self._suspended_since = None
        self._count_down()

    def _count_down(self) -> None:
        """Let the deadline run while the job is active, and stand still while it is suspended."""
        seconds = self._bounds.active_deadline_seconds
        if self._deadline is None or seconds is None:
            return
        if self._suspended_since is not None:
            self._deadline.reschedule(None)
            return
        left = max(0.0, seconds - (workflow.now() - self.started_at).total_seconds())
        self._deadline.reschedule(asyncio.get_running_loop().time() + left)
