"""A server of a test's own on the loopback, up as long as a block."""

from types import TracebackType
from typing import Self

from aiohttp import web


class LoopbackServer:
    """Serves what `application` says, on a free port."""

    url: str = ""
    """Where, once it is up."""

    def application(self) -> web.Application:
        """What is served."""
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        self._runner = web.AppRunner(self.application(), access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()
