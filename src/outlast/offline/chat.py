"""One chat completion from arrival to the last byte: record, strike, work, answer, record.

The order is the point. The row is written before anything else happens, and its end before the last byte leaves, so a
caller that holds an answer finds the row complete.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from aiohttp import web

from outlast.errors import StateError
from outlast.ledger import Outcome
from outlast.offline.answer import Answer, completion, render
from outlast.offline.characters import PROFILES
from outlast.offline.config import OfflineConfig
from outlast.offline.faults import Fault, FaultKind
from outlast.offline.injector import FaultInjector
from outlast.offline.recorder import OpenRow, Recorder
from outlast.offline.refused import WireError
from outlast.offline.stream import Event, events
from outlast.offline.strike import REQUEST_ID, SSE_HEADERS, break_off, error_response, refusal
from outlast.offline.turn import Reply, Turn
from outlast.offline.wire import Body, Request, parse_request, read_body
from outlast.steps import Step

_log = logging.getLogger(__name__)

Responder = Callable[[Turn], Reply]
"""The rules: what a model answers. Called on a thread, for several requests at a time."""

LARGE_BODY_BYTES = 256 * 1024
"""Bodies above are parsed on a thread, as they would hold up the loop for milliseconds."""


@dataclass(frozen=True, slots=True)
class Chat:
    """Answers chat completions; every part of it is shared by all requests."""

    config: OfflineConfig
    responder: Responder
    recorder: Recorder
    injector: FaultInjector
    stopping: asyncio.Event

    async def handle(self, http: web.Request) -> web.StreamResponse:
        """Answer one request and record it."""
        started = time.time()
        raw = await http.read()
        body = await asyncio.to_thread(read_body, raw) if len(raw) > LARGE_BODY_BYTES else read_body(raw)
        step = _step(http)
        fault = self.injector.next(body.sha256, step)
        try:
            row = await self.recorder.begin(body, step=step, fault=fault, started=started)
        except StateError as error:
            text = f"Refused, since it can't be recorded. {error}"
            return error_response(WireError(503, text, code="ledger_unwritable"), {"Retry-After": "1"})
        http[REQUEST_ID] = row.request_id or ""
        try:
            return await self._serve(http, body, row, fault)
        except (asyncio.CancelledError, ConnectionError):
            row.end_soon(Outcome("error:stopped" if self.stopping.is_set() else "cut"))
            raise
        except WireError as error:
            await row.end(Outcome(f"error:{error.code or error.status}", error.status))
            return error_response(error)
        except Exception as error:  # noqa: BLE001 - a bug in a rule must not look like a dead server
            _log.exception("the rules failed on request %s", row.request_id)
            name = type(error).__name__
            await row.end(Outcome(f"error:{name}", 500))
            return error_response(
                WireError(500, f"The rules failed on this request ({name}); the server's log has more.")
            )

    async def _serve(self, http: web.Request, body: Body, row: OpenRow, fault: Fault | None) -> web.StreamResponse:
        if fault and fault.at_once:
            response = refusal(fault)
            await row.end(Outcome(f"fault:{fault.kind}", response.status))
            return response
        if fault and fault.kind is FaultKind.STALL:
            await self._stall(fault.stall_seconds)
        request = parse_request(body)
        answer = await self._work(request)
        outcome = _outcome(request, answer)
        created = int(time.time())
        if request.stream:
            stream = events(request, answer, created)
            frames = [event.data for event in stream]
        else:
            stream = []
            frames = [json.dumps(completion(request, answer, created), separators=(",", ":")).encode()]
        if fault and fault.kind is not FaultKind.STALL:
            await row.end(replace(outcome, name=f"fault:{fault.kind}"))
            return await break_off(http, fault, frames, streamed=request.stream)
        if request.stream:
            return await self._stream(http, row, request, stream, outcome)
        await row.end(outcome)
        return web.Response(body=frames[0], content_type="application/json")

    async def _work(self, request: Request) -> Answer:
        """Let the rules answer, and take the time that a model would."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        answer = render(request, await asyncio.to_thread(self.responder, request.turn))
        profile = PROFILES[request.model]
        seconds = profile.first_token_seconds(request.sha256, self.config.seed)
        if not request.stream:
            seconds += profile.seconds_per_token * answer.output_tokens
        left = started + seconds * self.config.latency_scale - loop.time()
        if left > 0:
            await asyncio.sleep(left)
        return answer

    async def _stream(
        self, http: web.Request, row: OpenRow, request: Request, stream: list[Event], outcome: Outcome
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers=SSE_HEADERS)
        pace = PROFILES[request.model].seconds_per_token * self.config.latency_scale
        await response.prepare(http)
        for event in stream[:-1]:
            await response.write(event.data)
            if pace and event.tokens:
                await asyncio.sleep(pace * event.tokens)
        await row.end(outcome)
        await response.write(stream[-1].data)
        await response.write_eof()
        return response

    async def _stall(self, seconds: float | None) -> None:
        try:
            await asyncio.wait_for(self.stopping.wait(), seconds)
        except TimeoutError:
            return
        raise WireError(503, "The server stops.", code="stopped")


def _step(http: web.Request) -> Step | None:
    # Header bytes that are no UTF-8 arrive as surrogates, which no ledger stores.
    readable = {key: value.encode("utf-8", "replace").decode() for key, value in http.headers.items()}
    step = Step.from_headers(readable)
    return step if step and abs(step.attempt) < 2**31 else None


def _outcome(request: Request, answer: Answer) -> Outcome:
    cost = PROFILES[request.model].cost_micro_usd(request.input_tokens, answer.output_tokens)
    return Outcome("ok", 200, request.input_tokens, answer.output_tokens, cost)
