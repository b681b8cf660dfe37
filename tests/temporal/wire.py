"""A stand-in between models and who asks them: keeps every request body, byte for byte, and hands it on."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web


class Wire:
    """Listens, keeps, hands on.

    Args:
        target: Root of the server that answers.
    """

    def __init__(self, target: str) -> None:
        self._target = target
        self.bodies: list[bytes] = []
        self.url = ""

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.router.add_post("/v1/chat/completions", self._pass)
        self._client = aiohttp.ClientSession()
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()
        await self._client.close()

    async def _pass(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.read())
        headers = {name: value for name, value in request.headers.items() if name.lower().startswith("x-outlast")}
        headers["content-type"] = "application/json"
        async with self._client.post(f"{self._target}{request.path}", data=self.bodies[-1], headers=headers) as answer:
            return web.Response(body=await answer.read(), status=answer.status, content_type="application/json")
