"""Spans of the operator: one for each visit of a job that did something, linked to the trace of the job."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from outlast.settings import Settings
from outlast.telemetry.ids import root_span_id
from outlast.telemetry.tracing import tracing


class VisitSpans:
    """Writes them where tracing is on; elsewhere it does nothing.

    Args:
        settings: Of the operator.
    """

    def __init__(self, settings: Settings) -> None:
        self._tracing = tracing(settings)

    @contextmanager
    def visit(self, job: str, actions: Sequence[str], trace: str | None) -> Iterator[None]:
        """Put a visit into a span.

        Args:
            job: Id of the job's workflow.
            actions: What it does, by name; a visit that does nothing leaves no span.
            trace: Of the job; None before it has any.
        """
        if self._tracing is None or not actions:
            yield
            return
        from opentelemetry.trace import Link, StatusCode, get_current_span

        from outlast.telemetry.tracing import under

        job_span = get_current_span(under(int(trace, 16), root_span_id(int(trace, 16)))) if trace else None
        with self._tracing.tracer.start_as_current_span(
            "reconcile",
            context=under(0, None),
            links=[Link(job_span.get_span_context())] if job_span else [],
            attributes={"outlast.job": job, "outlast.actions": list(actions)},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except Exception as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(StatusCode.ERROR)
                raise

    async def flush(self) -> None:
        """Send what waits to be sent."""
        if self._tracing is not None:
            await self._tracing.flush()
