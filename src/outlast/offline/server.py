"""The server: where it listens, what stands at which path, how it starts and stops.

What a chat completion goes through is in `chat`, everything else that is served in `admin`.
"""

from __future__ import annotations

import asyncio
import importlib
from types import TracebackType
from typing import Self

from aiohttp import web

from outlast.errors import ModelSetupError, StateError
from outlast.ledger import Ledger, LedgerRow
from outlast.offline.admin import Admin, as_openai, list_models, name_itself, show_model
from outlast.offline.chat import Chat, Responder
from outlast.offline.config import OfflineConfig
from outlast.offline.faults import FaultConfig
from outlast.offline.injector import FaultInjector
from outlast.offline.listening import listen
from outlast.offline.recorder import Recorder


class OfflineServer:
    """One offline model server; a process may run several.

    Args:
        config: how it is set up.
        responder: the rules; None for those in `outlast.offline.roles`.
    """

    def __init__(self, config: OfflineConfig | None = None, *, responder: Responder | None = None) -> None:
        self.config = config or OfflineConfig()
        self.url = ""
        """Root of a running server, such as `http://127.0.0.1:4011`; `/ledger` and `/faults` are below it."""
        self._responder = responder
        self._injector = FaultInjector(self.config.faults, self.config.seed)
        self._stopping = asyncio.Event()
        self._recorder: Recorder | None = None
        self._runner: web.AppRunner | None = None

    @property
    def base_url(self) -> str:
        """What OpenAI clients call `base_url`."""
        return f"{self.url}/v1"

    async def start(self, host: str | None = None, port: int | None = None) -> str:
        """Listen; returns `url`.

        Args:
            host: instead of the configured one.
            port: instead of the configured one; 0 picks a free one.

        Raises:
            StateError: the address can't be had, or the ledger can't be written.
            ModelSetupError: the rules are not installed.
        """
        if self._runner:
            raise StateError(f"This offline model server already runs at {self.url}.")
        host = self.config.host if host is None else host
        port = self.config.port if port is None else port
        responder = self._responder or _default_responder()
        ledger = await asyncio.to_thread(Ledger, self.config.ledger)
        self._recorder = Recorder(ledger, name=self.config.name, proof=self.config.proof)
        self._stopping.clear()
        self._runner = web.AppRunner(
            self._application(self._recorder, responder),
            access_log=None,
            handler_cancellation=True,  # work on a request ends when its client goes away
            shutdown_timeout=self.config.drain_seconds,
        )
        try:
            self.url = await listen(self._runner, host, port, who="offline model server")
        except StateError:
            await self.stop()
            raise
        return self.url

    async def stop(self) -> None:
        """Let requests finish for `drain_seconds`, end the rest, close the ledger. Stopping twice is no error."""
        self._stopping.set()
        if self._runner:
            await self._runner.cleanup()
            self._runner = None
        if self._recorder:
            await self._recorder.close()
            self._recorder = None

    def set_faults(self, faults: FaultConfig) -> None:
        """Change what goes wrong, from the next request on."""
        self._injector.replace(faults)

    async def rows(self, job: str | None = None) -> list[LedgerRow]:
        """The ledger of a running server.

        Raises:
            StateError: the server does not run, or its ledger can't be read.
        """
        if self._recorder is None:
            raise StateError("The offline model server does not run: read its ledger file instead.")
        return await self._recorder.rows(job, after=0, limit=None)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _application(self, recorder: Recorder, responder: Responder) -> web.Application:
        application = web.Application(client_max_size=self.config.max_body_bytes, middlewares=[as_openai])
        application.on_response_prepare.append(name_itself)
        chat = Chat(self.config, responder, recorder, self._injector, self._stopping)
        admin = Admin(self.config, recorder, self._injector)
        for prefix in ("/v1", ""):  # clients that were given the root find their way too
            application.router.add_post(f"{prefix}/chat/completions", chat.handle)
            application.router.add_get(f"{prefix}/models", list_models)
            application.router.add_get(f"{prefix}/models/{{id}}", show_model)
        application.router.add_get("/healthz", admin.health)
        application.router.add_get("/ledger", admin.ledger)
        application.router.add_get("/faults", admin.get_faults)
        application.router.add_put("/faults", admin.put_faults)
        return application


def _default_responder() -> Responder:
    try:
        respond: Responder = importlib.import_module("outlast.offline.roles").respond
    except ModuleNotFoundError as error:
        raise ModelSetupError(f"The offline model has no rules to answer by: {error}.") from None
    return respond
