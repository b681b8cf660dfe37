"""The server that clients see: checks a request, then hands it on to llama.cpp's and hands back what comes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from outlast.offline.admin import as_openai
from outlast.offline.answer import model_card
from outlast.offline.listening import listen
from outlast.offline.refused import WireError
from outlast.offline.wire import read_body
from outlast.small.limits import NAME, NOTICE, NOTICE_HEADER, check, check_name

MAX_BODY_BYTES = 1024 * 1024
"""Some thirty times what the model can read."""

DRAIN_SECONDS = 2.0


class Front:
    """Hands requests on.

    Args:
        session: for requests to the engine.
        url: root of the engine's server.
        key: what the engine wants to see.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str, key: str) -> None:
        self._session = session
        self._target = f"{url}/v1/chat/completions"
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def application(self) -> web.Application:
        """What stands at which path."""
        application = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[as_openai])
        application.on_response_prepare.append(_label)
        for prefix in ("/v1", ""):
            application.router.add_post(f"{prefix}/chat/completions", self._chat)
            application.router.add_get(f"{prefix}/models", _list_models)
            application.router.add_get(f"{prefix}/models/{{id}}", _show_model)
        application.router.add_get("/healthz", _health)
        return application

    async def _chat(self, http: web.Request) -> web.StreamResponse:
        raw = await http.read()
        check(read_body(raw))
        try:
            # A client that goes away cancels this, which closes the connection, by which llama.cpp stops computing.
            async with self._session.post(self._target, data=raw, headers=self._headers) as answer:
                response = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.content_type})
                await response.prepare(http)
                async for piece in answer.content.iter_any():
                    await response.write(piece)
                await response.write_eof()
                return response
        except aiohttp.ClientConnectorError as error:
            raise WireError(503, f"llama.cpp does not answer: {error}.", code="engine_gone") from None


@asynccontextmanager
async def served(url: str, key: str, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve while the block runs; gives the root under which it is reached.

    Args:
        url: root of the engine's server.
        key: what the engine wants to see.
        host: address to listen on; nobody is asked for a key.
        port: 0 picks a free one.

    Raises:
        StateError: the address can't be had.
    """
    # No timeout: a request may wait for all those before it, and its own client knows how long.
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session:
        runner = web.AppRunner(
            Front(session, url, key).application(),
            access_log=None,
            handler_cancellation=True,
            shutdown_timeout=DRAIN_SECONDS,
        )
        try:
            yield await listen(runner, host, port, who="small model's server")
        finally:
            await runner.cleanup()


async def _list_models(_http: web.Request) -> web.Response:
    return web.json_response({"object": "list", "data": [model_card(NAME, NOTICE)]})


async def _show_model(http: web.Request) -> web.Response:
    check_name(http.match_info["id"])
    return web.json_response(model_card(NAME, NOTICE))


async def _health(_http: web.Request) -> web.Response:
    return web.json_response({"status": "ok", "model": NOTICE})


async def _label(_http: web.Request, response: web.StreamResponse) -> None:
    response.headers[NOTICE_HEADER] = NOTICE
