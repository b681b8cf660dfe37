"""Traces through Logfire or any OpenTelemetry collector, for who asks for them: `LOGFIRE_TOKEN`, or
`OTEL_EXPORTER_OTLP_ENDPOINT` and the other variables of OpenTelemetry.

Without any of these nothing is imported, configured or sent. Prompts, answers, passages and error texts stay out of
spans unless `OUTLAST_TRACE_CONTENT` is on.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING

from outlast import __version__
from outlast.settings import Settings

if TYPE_CHECKING:
    from logfire import Logfire
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace.id_generator import IdGenerator
    from opentelemetry.trace import Tracer
    from pydantic_ai.models import Model

ASKED_FOR_BY = ("LOGFIRE_TOKEN", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
"""Variables that turn tracing on; their own libraries document and read them."""

_given_ids: ContextVar[tuple[int, int] | None] = ContextVar("outlast_given_ids", default=None)


def tracing(settings: Settings) -> Tracing | None:
    """Tracing as this process's environment asks for it, None when it does not. Configured once a process."""
    if not is_asked_for():
        return None
    return _configured(settings.trace_content)


def is_asked_for() -> bool:
    """Whether this process's environment asks for tracing."""
    return any(os.environ.get(name) for name in ASKED_FOR_BY)


class Tracing:
    """Tracing that is on.

    Args:
        instance: Logfire, configured.
        content: Whether spans may hold texts.
    """

    def __init__(self, instance: Logfire, *, content: bool) -> None:
        self._instance = instance
        self._content = content
        self.tracer: Tracer = instance.config.get_tracer_provider().get_tracer("outlast", __version__)

    def instrumented(self, model: Model) -> Model:
        """The same model with a span around each request, named and filled as OpenTelemetry's GenAI conventions say."""
        from pydantic_ai.models.instrumented import InstrumentationSettings, InstrumentedModel

        options = InstrumentationSettings(
            tracer_provider=self._instance.config.get_tracer_provider(),
            include_content=self._content,
            include_binary_content=False,
            include_model_request_parameters=False,  # kilobytes of schema that are the same in each request
        )
        return InstrumentedModel(model, options)

    async def flush(self) -> None:
        """Send what waits to be sent."""
        await asyncio.to_thread(self._instance.force_flush)


@contextmanager
def given_ids(trace_id: int, span_id: int) -> Iterator[None]:
    """Have the span that is started in the block carry these ids."""
    token = _given_ids.set((trace_id, span_id))
    try:
        yield
    finally:
        _given_ids.reset(token)


def under(trace_id: int, span_id: int | None) -> Context:
    """The context of a span under another one that is written elsewhere or later; at the root of a trace for None."""
    from opentelemetry.context import Context
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

    if span_id is None:
        return Context()
    parent = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    return set_span_in_context(NonRecordingSpan(parent), Context())


@cache
def _configured(content: bool) -> Tracing:
    import logfire

    instance = logfire.configure(
        send_to_logfire="if-token-present",
        service_name="outlast",
        service_version=__version__,
        console=False,
        metrics=False,  # Prometheus has them
        inspect_arguments=False,
        distributed_tracing=True,  # a step takes its parent from the job on purpose
        advanced=logfire.AdvancedOptions(id_generator=_ids()),
    )
    return Tracing(instance, content=content)


def _ids() -> IdGenerator:
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class Ids(RandomIdGenerator):
        """Random, except where a span's ids are given."""

        def generate_trace_id(self) -> int:
            given = _given_ids.get()
            return given[0] if given else super().generate_trace_id()

        def generate_span_id(self) -> int:
            given = _given_ids.get()
            return given[1] if given else super().generate_span_id()

    return Ids()
