"""What a worker tells: one trace a job through every restart, metrics and health over HTTP, and nothing private."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from prometheus_client.parser import text_string_to_metric_families

from outlast.durable.jobs import Jobs
from outlast.errors import UnreachableError
from outlast.job.spec import ResearchJobSpec
from outlast.local.temporal import Ports, TemporalServer, free_port
from outlast.offline.faults import AimedFault, FaultConfig, FaultKind
from outlast.offline.server import OfflineServer
from outlast.telemetry.ids import root_span_id, trace_id
from outlast.usage.meter import Usage

from .collector import Collector
from .lab import DEADLINE, Lab, job_id, until, worker_process
from .test_codec import awaits_approval

APPROVAL = {"approval": {"plan": "Required"}}


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    async with Collector() as collector:
        yield collector


async def test_a_job_is_one_trace_through_a_restart_of_its_worker(lab: Lab, collector: Collector) -> None:
    name = job_id()
    jobs = await lab.jobs()
    async with worker_process(lab, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url):
        spec = {"query": "areas searches=1", **APPROVAL}
        await jobs.start(name, ResearchJobSpec.model_validate(spec))
        await until(lambda: is_planned(jobs, name))
    before = len(collector.spans)
    async with worker_process(lab, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url):
        await until(lambda: answers_for(jobs, name))  # a replay that answers a question resumes nothing
        assert len(collector.spans) == before
        await jobs.approve(name)
        result = await jobs.result(name)

    ((trace, spans),) = collector.traces().items()
    run = await first_run(jobs, name)
    assert int.from_bytes(trace) == trace_id("default", name, run)
    assert 0 < before < len(spans)
    assert len({span.span_id for span in spans}) == len(spans)
    assert without_resumption(collector.tree(spans)) == [
        "research job",
        "  outlast__setup",
        "  invoke_agent planner",
        "    agent__planner__model_request",
        "      chat large",
        "  invoke_agent searcher",
        "    agent__searcher__model_request",
        "      chat large",
        "    agent__searcher__toolset__sources__call_tool",
        "      execute_tool search",
        "    agent__searcher__model_request",
        "      chat large",
        "  invoke_agent analyst",
        "    agent__analyst__model_request",
        "      chat large",
    ]
    named = {span.name: span for span in spans}
    root = named["research job"]
    assert int.from_bytes(root.span_id) == root_span_id(int.from_bytes(trace))
    assert root.start_time_unix_nano <= min(span.start_time_unix_nano for span in spans)
    assert root.end_time_unix_nano >= max(span.end_time_unix_nano for span in spans)
    assert attribute(named["resumed"], "outlast.replayed_steps") == 2

    total = sum(result.usage.values(), Usage())
    assert attribute(root, "outlast.cost_usd") == f"{total.cost_usd:f}"
    assert attribute(root, "outlast.input_tokens") == total.input_tokens
    agents = [span for span in spans if span.name.startswith("invoke_agent")]
    assert sum(Decimal(attribute(span, "outlast.cost_usd")) for span in agents) == total.cost_usd
    chats = [span for span in spans if span.name.startswith("chat")]
    assert sum(attribute(span, "operation.cost") for span in chats) == pytest.approx(float(total.cost_usd))
    assert sum(attribute(span, "gen_ai.usage.output_tokens") for span in chats) == total.output_tokens


async def test_each_attempt_is_a_span_with_its_cause_through_a_kill(lab: Lab, collector: Collector) -> None:
    name = job_id()
    searcher, tool = "agent__searcher__model_request", "agent__searcher__toolset__sources__call_tool"
    kinds = (FaultKind.SERVER_ERROR, FaultKind.STALL)
    lab.offline.set_faults(FaultConfig(aimed=tuple(AimedFault(kind=kind, steps=searcher) for kind in kinds)))
    jobs = await lab.jobs()
    async with worker_process(lab, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, OTEL_BSP_SCHEDULE_DELAY="50") as worker:
        await jobs.start(name, ResearchJobSpec(query="areas searches=1"))
        await until(lambda: sends(lab, name, 3))
        await until(lambda: [span for span in collector.spans if span.name == searcher])
        worker.kill()
        await worker.wait()
    before = collector.tree(collector.spans)
    assert [line.strip() for line in before] == [
        "outlast__setup",
        "agent__planner__model_request",
        "chat large",
        searcher,
        "chat large",
    ]
    async with worker_process(lab, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url):
        await jobs.result(name)

    ((_, spans),) = collector.traces().items()
    assert without_resumption(collector.tree(spans)) == [
        "research job",
        "  outlast__setup",
        "  invoke_agent planner",
        "    agent__planner__model_request",
        "      chat large",
        "  invoke_agent searcher",
        f"    {searcher}",
        "      chat large",
        f"    {searcher}",
        "      chat large",
        f"    {tool}",
        "      execute_tool search",
        f"    {searcher}",
        "      chat large",
        "  invoke_agent analyst",
        "    agent__analyst__model_request",
        "      chat large",
    ]
    told = [span for span in spans if span.name == searcher and span.events]
    failed, again = sorted(told, key=lambda span: span.start_time_unix_nano)
    assert (attribute(failed, "outlast.attempt"), attribute(again, "outlast.attempt")) == (1, 3)
    assert attribute(failed, "error.type") == "ModelHTTPError"
    assert failed.status.code == 2
    assert again.status.code == 0
    assert [causes(span) for span in (failed, again)] == [["http_500"], ["cut"]]
    assert all(span.parent_span_id or span.name == "research job" for span in spans)


def without_resumption(tree: list[str]) -> list[str]:
    """A tree but for the one resumption, which is written at any time after the restart."""
    assert tree.count("  resumed") == 1
    return [line for line in tree if line != "  resumed"]


async def is_planned(jobs: Jobs, name: str) -> bool:
    return (await jobs.summary(name)).stage == "AwaitingApproval"


async def answers_for(jobs: Jobs, name: str) -> bool:
    """Whether a worker answers a question about a job; one that only starts needs its time."""
    try:
        await jobs.progress(name)
    except UnreachableError:
        return False
    return True


def causes(span: Span) -> list[str]:
    """Why a step was attempted again, as the events of an attempt tell."""
    return [item.value.string_value for event in span.events if event.name == "retry" for item in event.attributes]


@pytest.mark.parametrize("told", [False, True], ids=["by default", "opted in"])
async def test_spans_hold_texts_for_who_opts_in_alone(lab: Lab, collector: Collector, told: bool) -> None:
    name = job_id()
    jobs = await lab.jobs()
    canary = "canary-span-0c5e"
    lab.offline.set_faults(FaultConfig(aimed=(AimedFault(kind=FaultKind.MALFORMED, steps="*planner*"),)))
    content = {"OUTLAST_TRACE_CONTENT": "true"} if told else {}
    async with worker_process(lab, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, **content):
        # It is in the question, in passages, in a source's error, and in half an answer that can't be read.
        await jobs.start(name, ResearchJobSpec(query=f"{canary} nothing seed={canary}"))
        await jobs.result(name)
    assert collector.spans
    assert (canary.encode() in collector.raw) is told


async def test_metrics_count_what_happened(lab: Lab) -> None:
    name = job_id()
    jobs = await lab.jobs()
    planner = "agent__planner__model_request"
    lab.offline.set_faults(FaultConfig(aimed=(AimedFault(kind=FaultKind.RATE_LIMIT, steps=planner),)))
    async with pages(lab) as (url, _):
        await jobs.start(name, ResearchJobSpec.model_validate({"query": "areas searches=2", **APPROVAL}))
        await until(lambda: awaits_approval(jobs, name))
    async with pages(lab) as (url, _):
        await jobs.approve(name)
        result = await jobs.result(name)
        found = await metrics(url)
    searcher, tool = "agent__searcher__model_request", "agent__searcher__toolset__sources__call_tool"
    assert found["outlast_steps_total", ("kind", searcher), ("outcome", "ok")] == 4
    assert found["outlast_steps_total", ("kind", tool), ("outcome", "ok")] == 2
    assert found["outlast_step_seconds_count", ("kind", searcher)] == 4
    used = [result.usage["searcher"], result.usage["analyst"]]
    for direction in ("input", "output"):
        counted = sum(getattr(usage, f"{direction}_tokens") for usage in used)
        assert found["outlast_tokens_total", ("direction", direction), ("model", "offline:large")] == counted
    cost = sum(usage.cost_usd for usage in used)
    assert found["outlast_cost_usd_total", ("model", "offline:large")] == pytest.approx(float(cost))
    # The second worker rebuilt the job from its history: setup and plan were there.
    assert found["outlast_replays_total",] == 1
    assert found["outlast_replayed_steps_total",] == 2
    assert found["outlast_slots_used",] == 0
    assert found["outlast_slots_free",] == 50
    assert any(key[0].startswith("temporal_") for key in found)


async def test_retries_are_counted_by_their_cause(lab: Lab) -> None:
    jobs = await lab.jobs()
    planner = "agent__planner__model_request"
    lab.offline.set_faults(FaultConfig(aimed=(AimedFault(kind=FaultKind.STALL, steps=planner),)))
    async with worker_process(lab) as first:
        name = job_id()
        await jobs.start(name, ResearchJobSpec(query="areas searches=1"))
        await until(lambda: sends(lab, name, 1))
        first.kill()
    aims = (AimedFault(kind=FaultKind.RATE_LIMIT, steps=planner), AimedFault(kind=FaultKind.RESET, steps=planner))
    lab.offline.set_faults(FaultConfig(aimed=aims))
    async with pages(lab) as (url, _):
        await jobs.result(name)
        found = await metrics(url)
    causes = {key[1][1]: value for key, value in found.items() if key[0] == "outlast_retries_total"}
    assert causes == {"cut": 1, "http_429": 1, "connection": 1}
    assert found["outlast_steps_total", ("kind", planner), ("outcome", "http_429")] == 1


async def test_a_worker_is_ready_while_temporal_sees_it_poll(lab: Lab) -> None:
    aims = (AimedFault(kind=FaultKind.STALL, steps="*planner*"),)
    lab.offline.set_faults(FaultConfig(aimed=aims, stall_seconds=2))
    jobs = await lab.jobs()
    async with pages(lab) as (url, process):
        await until(lambda: answers(url, "readyz", 200))
        name = job_id()
        await jobs.start(name, ResearchJobSpec(query="areas"))
        await until(lambda: sends(lab, name, 1))
        process.terminate()
        assert "draining" in await until(lambda: answers(url, "readyz", 503))
        assert await answers(url, "healthz", 200)


async def test_a_worker_that_lost_temporal_is_alive_and_not_ready(offline: OfflineServer, tmp_path: Path) -> None:
    """The kubelet takes it out of service and lets it live: a restart would not bring Temporal back."""
    server = TemporalServer(database=tmp_path / "t.db", log=tmp_path / "t.log", ports=Ports(free_port(), free_port()))
    await server.start()
    try:
        async with pages(Lab(server, offline, tmp_path)) as (url, process):
            await until(lambda: answers(url, "readyz", 200))
            await server.stop()
            assert "Temporal does not answer" in await until(lambda: answers(url, "readyz", 503))
            assert await answers(url, "healthz", 200)
            process.kill()
    finally:
        await server.stop()


@asynccontextmanager
async def pages(lab: Lab) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    """A worker process and the root of its pages."""
    async with worker_process(lab, OUTLAST_HTTP_PORT="0") as process:
        assert process.stdout
        async with asyncio.timeout(DEADLINE):
            url = (await process.stdout.readline()).decode().strip()
        yield url, process


async def answers(url: str, page: str, status: int) -> str | None:
    """What a page says, if it says it with this status."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/{page}") as response:
        text = await response.text()
        return text if response.status == status else None


async def metrics(url: str) -> dict[tuple[Any, ...], float]:
    """Every sample of `/metrics` by its name and its labels in alphabetical order."""
    text = await answers(url, "metrics", 200)
    assert text
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def sends(lab: Lab, name: str, count: int) -> bool:
    """Whether so many requests of a job reached the model."""
    return len(await lab.offline.rows(name)) >= count


async def first_run(jobs: Jobs, name: str) -> str:
    run = (await jobs.client.get_workflow_handle(name).describe()).run_id
    assert run
    return run


def attribute(span: Span, name: str) -> Any:
    (value,) = [item.value for item in span.attributes if item.key == name]
    return getattr(value, value.WhichOneof("value") or "string_value")
