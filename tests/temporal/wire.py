"""A stand-in between models and who asks them: keeps every request body, byte for byte, and hands it on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web

from tests.loopback import LoopbackServer


class Wire(LoopbackServer):
    """Listens, keeps, hands on.

    Args:
        target: Root of the server that answers.
    """

    def __init__(self, target: str) -> None:
        self._target = target
        self.bodies: list[bytes] = []

    def application(self) -> web.Application:
        """What is served."""
        application = web.Application()
        application.router.add_post("/v1/chat/completions", self._pass)
        application.cleanup_ctx.append(self._calling)
        return application

    async def _calling(self, _: web.Application) -> AsyncIterator[None]:
        async with aiohttp.ClientSession() as self._client:
            yield

    async def _pass(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.read())
        headers = {name: value for name, value in request.headers.items() if name.lower().startswith("x-outlast")}
        headers["content-type"] = "application/json"
        async with self._client.post(f"{self._target}{request.path}", data=self.bodies[-1], headers=headers) as answer:
            return web.Response(body=await answer.read(), status=answer.status, content_type="application/json")
