"""The guard where libraries open connections for us: transports and resolvers that connect to checked addresses only.

They bound what an answer may weigh, too: a library that reads an endless answer into memory takes the worker with it.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator
from types import ModuleType
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

from outlast.sources.failures import RefusedURLError
from outlast.sources.guard import Guard, Target

__all__ = ["PinnedResolver", "guarded_transport"]


class PinnedResolver(AbstractResolver):
    """Hands aiohttp the addresses of one target and knows no others."""

    def __init__(self, target: Target) -> None:
        self._target = target

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The checked addresses."""
        if host.lower() != self._target.host:
            raise OSError(f"{host} was not checked")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._target.addresses
        ]

    async def close(self) -> None:
        """There is nothing to close."""


def guarded_transport(library: ModuleType, guard: Guard, *, max_bytes: int) -> Any:
    """A transport for `httpx` or `httpx2`, whose interfaces are the same, that sends every request through the guard.

    Args:
        library: the module that the client is of.
        guard: checks each URL, those of redirects too.
        max_bytes: bytes that one answer may have; the connection is cut after them.
    """

    class BoundedStream(library.AsyncByteStream):  # type: ignore[name-defined, misc]
        def __init__(self, stream: Any, url: str) -> None:
            self._stream = stream
            self._url = url

        async def __aiter__(self) -> AsyncIterator[bytes]:
            seen = 0
            async for chunk in self._stream:
                seen += len(chunk)
                if seen > max_bytes:
                    # The MCP client takes this error for one of the request; others end the whole session.
                    raise library.StreamError(f"the answer of {self._url} is longer than {max_bytes} bytes")
                yield chunk

        async def aclose(self) -> None:
            await self._stream.aclose()

    class GuardedTransport(library.AsyncHTTPTransport):  # type: ignore[name-defined, misc]
        async def handle_async_request(self, request: Any) -> Any:
            target = await guard.check(str(request.url))
            # Unpacked answers can't be bounded here, so they have to come as they are.
            headers = [item for item in request.headers.raw if item[0].lower() != b"accept-encoding"]
            headers.append((b"accept-encoding", b"identity"))
            *others, last = target.addresses
            for address in others:
                with contextlib.suppress(library.ConnectError, library.ConnectTimeout):
                    return await self._ask(request, target, address, headers)
            return await self._ask(request, target, last, headers)

        async def _ask(self, request: Any, target: Target, address: str, headers: list[tuple[bytes, bytes]]) -> Any:
            pinned = library.Request(
                request.method,
                request.url.copy_with(host=address),
                headers=headers,
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": target.host},
            )
            response = await super().handle_async_request(pinned)
            if response.headers.get("content-encoding", "identity").lower() != "identity":
                await response.aclose()
                raise RefusedURLError(f"{target.url} answered with a compression that nobody asked for.")
            return library.Response(
                status_code=response.status_code,
                headers=response.headers,
                stream=BoundedStream(response.stream, target.url),
                extensions=response.extensions,
            )

    return GuardedTransport(trust_env=False)
