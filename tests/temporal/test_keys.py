"""A key of a provider stays where it is used: in the worker's environment, and in the requests to that provider."""

from __future__ import annotations

import asyncio
import base64
import json
from urllib.parse import quote

import pytest

from outlast.chaos.history import read_job
from outlast.job.spec import ResearchJobSpec
from outlast.offline.faults import AimedFault, FaultConfig, FaultKind
from outlast.trace.build import build_timeline
from outlast.trace.jsontrace import timeline_json

from .collector import Collector
from .lab import DEADLINE, Lab, history, job_id
from .test_telemetry import answers, pages

KEY = "sk-canary/8b1f+a77e29c4"


def forms(key: str) -> list[bytes]:
    """How the key might stand in something: as it is, and as other text, numbers or bytes."""
    raw = key.encode()
    shifted = [base64.b64encode(b"x" * by + raw)[4 if by else 0 : -4] for by in range(3)]  # wherever it begins
    return [raw, raw[::-1], quote(key, safe="").encode(), raw.hex().encode(), json.dumps(key).encode()[1:-1], *shifted]


@pytest.mark.parametrize("content", ["false", "true"], ids=["by default", "with texts in spans"])
async def test_no_key_is_told_by_anything(
    lab: Lab, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    name = job_id()
    jobs = await lab.jobs()
    model = "openai-chat:large"
    kinds = (FaultKind.RATE_LIMIT, FaultKind.SERVER_ERROR, FaultKind.MALFORMED, FaultKind.RESET)
    lab.offline.set_faults(FaultConfig(aimed=tuple(AimedFault(kind=kind, steps="*planner*") for kind in kinds)))
    environment = {
        "OPENAI_API_KEY": KEY,
        "OUTLAST_MODEL": model,
        "OUTLAST_BASE_URLS": json.dumps({"openai-chat": f"{lab.offline.url}/v1"}),
        "OUTLAST_TRACE_CONTENT": content,
    }
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    async with Collector() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        async with pages(lab) as (url, _):
            await jobs.start(name, ResearchJobSpec(query="areas searches=1"))
            async with asyncio.timeout(DEADLINE):
                result = await jobs.result(name)
            metrics = await answers(url, "metrics", 200)
    assert result.models["planner"] == model
    assert collector.spans
    said = capfd.readouterr()
    events = b"".join([event.SerializeToString() for event in await history(jobs.client, name)])
    drawn = timeline_json(build_timeline([await read_job(jobs.client, name)]))
    told = {
        "history": events,
        "spans": bytes(collector.raw),
        "metrics": str(metrics).encode(),
        "log": (said.out + said.err).encode(),
        "trace": drawn.encode(),
        "report": result.model_dump_json().encode(),
    }
    assert {where: found for where, text in told.items() if (found := [f for f in forms(KEY) if f in text])} == {}


def test_the_key_would_be_found_in_every_form() -> None:
    header = f'{{"Authorization": "Bearer {KEY}"}}'
    for written in (header.encode(), header.encode().hex().encode(), quote(header, safe="").encode()):
        assert any(form in written for form in forms(KEY))
    for before in range(3):
        assert any(form in base64.b64encode(b"?" * before + header.encode()) for form in forms(KEY))
