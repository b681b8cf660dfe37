"""How a server for models gets its address, and what it says when the address can't be had."""

from __future__ import annotations

import errno

from aiohttp import web

from outlast.errors import StateError


async def listen(runner: web.AppRunner, host: str, port: int, *, who: str) -> str:
    """Listen; returns the root under which clients on this machine reach it.

    Args:
        runner: what to serve; to be cleaned up by the caller, whatever comes of this.
        host: address to listen on.
        port: 0 picks a free one.
        who: what errors call the server.

    Raises:
        StateError: the address can't be had.
    """
    try:
        await runner.setup()
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        raise StateError(_no_address(who, host, port, error)) from error
    return f"http://{_reachable(host)}:{runner.addresses[0][1]}"


def _no_address(who: str, host: str, port: int, error: OSError) -> str:
    where = f"The {who} can't listen on {host}:{port}"
    if error.errno == errno.EADDRINUSE:
        return f"{where}: the port is in use. Stop what listens there, or give another port (0 picks a free one)."
    if error.errno == errno.EACCES:
        return f"{where}: permission denied. Give a port above 1023 (0 picks a free one)."
    return f"{where}: {error.strerror or error}. Give an address of this machine, such as 127.0.0.1."


def _reachable(host: str) -> str:
    """A host that clients on this machine can use: wildcards are for listening only."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104 - read, not listened on
    return f"[{host}]" if ":" in host else host
