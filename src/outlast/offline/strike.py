"""Carries faults out on the wire: refusals, answers that break off, connections that are reset."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Sequence

from aiohttp import web

from outlast.offline.faults import Fault, FaultKind
from outlast.offline.refused import WireError

REQUEST_ID = web.RequestKey("request_id", str)
"""By which the ledger knows a request; every response to it carries the id as `x-request-id`."""

SSE_HEADERS = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"}

_REFUSALS = {
    FaultKind.RATE_LIMIT: WireError(429, "Rate limit reached (injected fault).", code="rate_limit_exceeded"),
    FaultKind.SERVER_ERROR: WireError(500, "The server had an error (injected fault)."),
    FaultKind.UNAVAILABLE: WireError(503, "The server is overloaded (injected fault)."),
}


def error_response(error: WireError, headers: dict[str, str] | None = None) -> web.Response:
    """An error as clients expect it."""
    return web.json_response(error.body(), status=error.status, headers=headers)


def refusal(fault: Fault) -> web.Response:
    """The answer to a request that is refused at once."""
    asks_to_wait = fault.kind in (FaultKind.RATE_LIMIT, FaultKind.UNAVAILABLE)
    return error_response(
        _REFUSALS[fault.kind], {"Retry-After": f"{fault.retry_after_seconds:g}"} if asks_to_wait else None
    )


async def break_off(http: web.Request, fault: Fault, frames: Sequence[bytes], *, streamed: bool) -> web.StreamResponse:
    """Send half of an answer, then end it the way the fault says.

    Args:
        http: the request.
        fault: one of `reset`, `malformed` and `half-stream`.
        frames: the whole answer: events of a stream, or one JSON document.
        streamed: whether these are events.
    """
    whole = b"".join(frames)
    sent = b"".join(frames[: len(frames) // 2]) if streamed else whole[: len(whole) // 2]
    if fault.kind is FaultKind.MALFORMED and streamed:
        sent += frames[0][: len(frames[0]) // 2] + b"\n\n"
    response = web.StreamResponse(headers=SSE_HEADERS if streamed else {"Content-Type": "application/json"})
    if not streamed:
        # A malformed answer looks complete to HTTP; the others promise more than they send.
        response.content_length = len(sent if fault.kind is FaultKind.MALFORMED else whole)
    await response.prepare(http)
    await response.write(sent)
    if fault.kind is FaultKind.MALFORMED:
        await response.write_eof()
    elif http.transport is not None:
        _hang_up(http.transport, reset=fault.kind is FaultKind.RESET)
    return response


def _hang_up(transport: asyncio.Transport, *, reset: bool) -> None:
    if not reset:
        transport.close()  # sends what is buffered, then FIN
        return
    sock = transport.get_extra_info("socket")
    # Lingering for 0 s makes the kernel send RST instead of FIN.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
