"""The link between workers and Temporal, so that it can be cut without any right to touch the machine's network."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

CHUNK = 64 * 1024


class Relay:
    """Passes bytes on, until it is cut: then it keeps connections open and swallows them, as a lost network does.

    Args:
        port: Where workers connect to.
        to: Port of the server.
    """

    def __init__(self, port: int, to: int) -> None:
        self._port = port
        self._to = to
        self._whole = asyncio.Event()
        self._whole.set()
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def address(self) -> str:
        """As host:port, for workers."""
        return f"127.0.0.1:{self._port}"

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Relay while the block runs."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", self._port)
        try:
            yield
        finally:
            server.close()
            self.heal()
            await asyncio.sleep(0)  # lets the ends of connections be handled

    def cut(self) -> None:
        """Let nothing through, either way."""
        self._whole.clear()

    def heal(self) -> None:
        """Let new connections through; what stood still is lost, and both sides hear of it."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()
        self._whole.set()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        await self._whole.wait()
        try:
            onward, back = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:
            writer.transport.abort()
            return
        self._writers.add(back)
        there = asyncio.create_task(self._pass(reader, back))
        try:
            await self._pass(onward, writer)
        finally:
            there.cancel()
            for one in (writer, back):
                self._writers.discard(one)
                one.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(CHUNK):
                if not self._whole.is_set():
                    continue
                writer.write(chunk)
                await writer.drain()
        writer.transport.abort()
