"""Faults of a model over a real wire: retried within bounds, never twice over, and named when they are final."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from temporalio.client import Client

from outlast.durable.retries import MALFORMED_RESPONSE
from outlast.durable.takeover import take_over
from outlast.errors import JobFailedError, SourceUnavailableError
from outlast.job.spec import ResearchJobSpec
from outlast.ledger import LedgerRow
from outlast.offline.faults import AimedFault, FaultConfig, FaultKind
from outlast.sources.registry import SearchResult

from .lab import Lab, finish, history, job_id, until
from .script import ScriptedSources

Serve = Callable[[int, Any], Awaitable[str]]

PLANNER = "agent__planner__model_request"


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """A provider that refuses every request the same way."""
    runners: list[web.AppRunner] = []

    async def start(status: int, body: Any) -> str:
        async def refuse(_request: web.Request) -> web.Response:
            return web.json_response(body, status=status)

        application = web.Application()
        application.router.add_post("/{path:.*}", refuse)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        runners.append(runner)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}/v1"

    yield start
    for runner in runners:
        await runner.cleanup()


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(FaultKind.RATE_LIMIT, id="429"),
        pytest.param(FaultKind.SERVER_ERROR, id="500"),
        pytest.param(FaultKind.UNAVAILABLE, id="503"),
        pytest.param(FaultKind.STALL, id="silence"),
        pytest.param(FaultKind.RESET, id="connection reset"),
        pytest.param(FaultKind.MALFORMED, id="half a JSON document"),
        pytest.param(FaultKind.HALF_STREAM, id="half an answer"),
    ],
)
async def test_a_fault_that_passes_changes_nothing_in_the_report(lab: Lab, kind: FaultKind) -> None:
    lab.offline.set_faults(aimed((kind, 3), steps="agent__*__model_request", retry_after_seconds=0.05))
    async with lab.running(request_timeout_seconds=0.5) as jobs:
        result = await finish(jobs)
    rows = await lab.offline.rows()
    # Each struck request was sent once more, by the next attempt at its step: nothing below Temporal retries.
    assert len([row for row in rows if row.fault]) == 3
    assert len(rows) == 8 + 3
    assert all(row.attempt == 1 + earlier_sends(rows, row) for row in rows)
    lab.offline.set_faults(FaultConfig())
    assert result == await lab.undisturbed()
    assert sum(used.requests for used in result.usage.values()) == 8


async def test_retry_after_is_waited_for(lab: Lab) -> None:
    lab.offline.set_faults(aimed((FaultKind.RATE_LIMIT, 1), retry_after_seconds=2))
    await lab.run()
    refused, again = [row for row in await lab.offline.rows() if row.step_kind == PLANNER]
    assert 2.0 <= again.started - refused.started < 4.0


async def test_attempts_end_at_the_backoff_limit(lab: Lab) -> None:
    lab.offline.set_faults(aimed((FaultKind.SERVER_ERROR, 99)))
    with pytest.raises(
        JobFailedError,
        match=r"No plan could be made: The provider of the model 'large' failed \(HTTP 500: The server had an error "
        r"\(injected fault\)\)\. It failed 3 times; backoffLimit is 2\.$",
    ):
        await lab.run(spec={"backoff_limit": 2})
    assert [row.attempt for row in await lab.offline.rows()] == [1, 2, 3]


async def test_a_death_is_no_failure(lab: Lab) -> None:
    # Fails, dies, fails, answers: two failures are within a limit of two, although the third attempt failed.
    lab.offline.set_faults(aimed((FaultKind.SERVER_ERROR, 1), (FaultKind.STALL, 1), (FaultKind.SERVER_ERROR, 1)))
    async with lab.running() as jobs:
        name = job_id()
        await jobs.start(name, ResearchJobSpec(query="areas", backoff_limit=2))
        await until(lambda: dies_at(jobs.client, name, attempt=2))
        await jobs.result(name)
    attempts = [row.attempt for row in await lab.offline.rows(name) if row.step_kind == PLANNER]
    assert attempts == [1, 2, 3, 4]


async def test_deaths_never_raise_the_number_of_failures_that_are_borne(lab: Lab) -> None:
    lab.offline.set_faults(aimed((FaultKind.STALL, 1), (FaultKind.SERVER_ERROR, 99)))
    async with lab.running() as jobs:
        name = job_id()
        await jobs.start(name, ResearchJobSpec(query="areas", backoff_limit=1))
        await until(lambda: dies_at(jobs.client, name, attempt=1))
        with pytest.raises(JobFailedError, match="It failed 2 times; backoffLimit is 1"):
            await jobs.result(name)
    assert [row.attempt for row in await lab.offline.rows(name)] == [1, 2, 3]


async def test_a_malformed_answer_has_a_type_that_is_retried(lab: Lab) -> None:
    lab.offline.set_faults(aimed((FaultKind.MALFORMED, 1)))
    async with lab.running() as jobs:
        name = job_id()
        await jobs.start(name, ResearchJobSpec(query="areas"))
        await jobs.result(name)
        failures = [
            event.activity_task_started_event_attributes.last_failure
            for event in await history(jobs.client, name)
            if event.activity_task_started_event_attributes.HasField("last_failure")
        ]
    (failure,) = failures
    assert failure.application_failure_info.type == MALFORMED_RESPONSE
    assert failure.message.startswith("The answer of the model 'large' can't be read: ")


async def test_malformed_answers_without_end_fail_the_job_with_their_reason(lab: Lab) -> None:
    lab.offline.set_faults(aimed((FaultKind.MALFORMED, 99)))
    with pytest.raises(JobFailedError, match=r"The answer of the model 'large' can't be read: .* It failed 2 times"):
        await lab.run(spec={"backoff_limit": 1})


async def test_silence_is_given_up(lab: Lab) -> None:
    lab.offline.set_faults(aimed((FaultKind.STALL, 99)))
    with pytest.raises(JobFailedError, match=r"did not answer in time \(OUTLAST_REQUEST_TIMEOUT_SECONDS\)"):
        await lab.run(spec={"backoff_limit": 0}, request_timeout_seconds=0.3)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        pytest.param(400, "The provider of the model 'm' refused the request (HTTP 400: no good).", id="400"),
        pytest.param(401, "refused the key: check the one that the worker has (HTTP 401: no good).", id="401"),
        pytest.param(403, "refused the key: check the one that the worker has (HTTP 403: no good).", id="403"),
        pytest.param(404, "knows no model 'm': check its name and the base URL (HTTP 404: no good).", id="404"),
    ],
)
async def test_what_cannot_heal_is_sent_once(lab: Lab, serve: Serve, status: int, said: str) -> None:
    url = await serve(status, {"error": {"message": "no good", "type": "x", "code": None, "param": None}})
    with pytest.raises(JobFailedError) as failed:
        await lab.run(spec={"model": "openai:m"}, base_urls={"openai": url})
    assert said in str(failed.value)
    assert "It failed" not in str(failed.value)


async def test_a_used_up_quota_is_no_rate_limit(lab: Lab, serve: Serve) -> None:
    url = await serve(
        429, {"error": {"message": "pay first", "type": "insufficient_quota", "code": "insufficient_quota"}}
    )
    with pytest.raises(JobFailedError, match="The quota or credit for the model 'm' is used up"):
        await lab.run(spec={"model": "openai:m"}, base_urls={"openai": url})


async def test_a_source_that_does_not_answer_is_asked_again(lab: Lab) -> None:
    sources = Unsteady(failures=2)
    lab.sources = sources
    result = await lab.run("areas searches=1")
    assert len(result.report.claims) == 1
    assert len(sources.asked) == 3


async def test_a_source_that_cannot_be_searched_is_asked_once(lab: Lab) -> None:
    result = await lab.run("areas nothing")
    (cut,) = [cut for cut in result.report.cut if cut.reason == "SearchFailed"]
    assert cut.detail.startswith("The source has no index for 'nothing'.")
    assert lab.sources.asked.count("nothing") == 1


class Unsteady(ScriptedSources):
    """Does not answer the first few times."""

    def __init__(self, failures: int) -> None:
        super().__init__()
        self.failures = failures

    async def search(self, names: Any, query: str, *, limit: int) -> SearchResult:
        if len(self.asked) < self.failures:
            self.asked.append(query)
            raise SourceUnavailableError("It does not answer.")
        return await super().search(names, query, limit=limit)


def aimed(*faults: tuple[FaultKind, int], steps: str = PLANNER, **more: Any) -> FaultConfig:
    """Faults that strike one after the other."""
    return FaultConfig(aimed=tuple(AimedFault(kind=kind, steps=steps, count=count) for kind, count in faults), **more)


def earlier_sends(rows: list[LedgerRow], row: LedgerRow) -> int:
    return len([other for other in rows if other.activity == row.activity and other.seq < row.seq])


async def dies_at(client: Client, name: str, attempt: int) -> bool:
    """Declare the worker of an attempt dead, once that attempt is under way."""
    taken = await take_over(client, name, lambda _worker: True)
    return any(one.attempt == attempt for one in taken)
