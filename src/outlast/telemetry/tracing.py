"""Traces."""
from outlast.settings import Settings
from typing import Any
import os
def tracing_plugins(settings: Settings) -> list[Any]:
    if not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"): return []
    import logfire
    from pydantic_ai.durable_exec.temporal import LogfirePlugin
    def setup():
        i=logfire.configure(send_to_logfire="if-token-present",console=False,metrics=False,service_name="outlast")
        i.instrument_pydantic_ai(include_content=settings.trace_content)
        return i
    global PL
    if not PL: PL=[LogfirePlugin(setup, metrics=False, replay_safe=True)]
    return PL
PL=[]
