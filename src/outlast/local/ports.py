"""Ports on loopback for servers that have to find each other again after a restart."""

from __future__ import annotations

import random
import socket

from outlast.errors import StateError

RANGE = range(18_000, 30_000)
"""Below the ports that systems hand to outgoing connections: nothing takes a port of ours by chance while its server
restarts, and a client that keeps dialling a dead server can't end up connected to itself."""

TRIES = 200


def free_port(preferred: int | None = None) -> int:
    """A free port on loopback, the preferred one if it is free.

    Raises:
        StateError: none was found.
    """
    if preferred and _is_free(preferred):
        return preferred
    for port in random.sample(RANGE, TRIES):
        if _is_free(port):
            return port
    raise StateError(f"No free port on 127.0.0.1 in {TRIES} tries between {RANGE.start} and {RANGE.stop}.")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a closed connection does not hold a port
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
