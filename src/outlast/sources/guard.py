"""The guard on outgoing requests: a link in a page, or a URL in a configuration, must not lead into our own network.

It reads the URL once, resolves the name once, and whoever connects uses the addresses that were checked: a name that
answers differently the next time gains nothing. Redirects go through it again.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace
from urllib.parse import urlsplit, urlunsplit

from outlast.errors import SettingsError, SourceUnavailableError
from outlast.sources.addresses import why_refused
from outlast.sources.failures import RefusedURLError

__all__ = ["Guard", "Resolve", "Target"]

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Finds the addresses of a host name and port."""

RESOLVE_SECONDS = 10.0
"""How long a name server may take."""

MAX_URL_CHARACTERS = 4_096

_PORTS = {"http": 80, "https": 443}
_HOST_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
_NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be fetched, and where it is."""

    url: str
    """Written anew from what was checked, so that no client can read it differently."""
    scheme: str
    host: str
    """Lower case, ASCII, no final dot; an IPv6 address without its brackets."""
    port: int
    addresses: tuple[str, ...]
    """The only addresses to connect to."""


class Guard:
    """Decides which URLs this process may fetch.

    Args:
        private_hosts: hosts that may have private addresses and any port: set by an administrator, never by a job.
        resolve: finds addresses; the system's resolver by default.

    Raises:
        SettingsError: one of `private_hosts` is neither a name nor an address.
    """

    def __init__(self, private_hosts: Collection[str] = (), *, resolve: Resolve | None = None) -> None:
        self._private_hosts = frozenset(map(_listed_host, private_hosts))
        self._resolve = resolve or _system_resolve

    async def check(self, url: str) -> Target:
        """Find out where a URL leads.

        Raises:
            RefusedURLError: it leads where nobody should go, or can't be read in one way only.
            SourceUnavailableError: its host name has no address at the moment.
        """
        target = self.read(url)
        if target.addresses:
            return target
        return replace(target, addresses=self._allowed(target, await self._addresses(target.host, target.port)))

    def read(self, url: str) -> Target:
        """What can be said without asking a name server: `addresses` is empty when the host is a name.

        Raises:
            RefusedURLError: it leads where nobody should go, or can't be read in one way only.
        """
        scheme, host, port, rest = self._parts(url)
        if host not in self._private_hosts and port not in _PORTS.values():
            raise RefusedURLError(f"{_shown(url)} is refused: port {port}; 80 and 443 are allowed. {_REMEDY}")
        shown_host = f"[{host}]" if ":" in host else host
        netloc = shown_host if port == _PORTS[scheme] else f"{shown_host}:{port}"
        target = Target(urlunsplit((scheme, netloc, *rest, "")), scheme, host, port, ())
        return replace(target, addresses=self._allowed(target, [host])) if _is_address(host) else target

    def _allowed(self, target: Target, addresses: list[str]) -> tuple[str, ...]:
        """The addresses, all of which must be allowed: who mixes in a private one means no good."""
        for address in addresses:
            if reason := why_refused(address, private_allowed=target.host in self._private_hosts):
                raise RefusedURLError(f"{_shown(target.url)} is refused: its address {address} is {reason}. {_REMEDY}")
        return tuple(addresses)

    def _parts(self, url: str) -> tuple[str, str, int, tuple[str, str]]:
        """Scheme, host, port, and path with query."""
        if len(url) > MAX_URL_CHARACTERS:
            raise RefusedURLError(f"{_shown(url)} is refused: it is longer than {MAX_URL_CHARACTERS} characters.")
        if _UNSAFE.search(url):
            raise RefusedURLError(f"{_shown(url)} is refused: it holds blanks, control characters or backslashes.")
        try:
            parts = urlsplit(url)
            port = parts.port
            host = _plain_host(parts.hostname or "")
        except ValueError as error:
            raise RefusedURLError(f"{_shown(url)} is refused: {error}.") from None
        scheme = parts.scheme.lower()
        if scheme not in _PORTS:
            raise RefusedURLError(f"{_shown(url)} is refused: {scheme or 'no'} scheme; http and https are allowed.")
        if "@" in parts.netloc:
            raise RefusedURLError(f"{_shown(url)} is refused: it holds a user name.")
        if not host:
            raise RefusedURLError(f"{_shown(url)} is refused: it names no host, or none that can be read.")
        return scheme, host, _PORTS[scheme] if port is None else port, (_ascii(parts.path or "/"), _ascii(parts.query))

    async def _addresses(self, host: str, port: int) -> list[str]:
        try:
            async with asyncio.timeout(RESOLVE_SECONDS):
                addresses = await self._resolve(host, port)
        except TimeoutError:
            raise SourceUnavailableError(f"The address of {host} was not found within {RESOLVE_SECONDS:g} s.") from None
        except (OSError, UnicodeError) as error:
            raise SourceUnavailableError(f"The address of {host} was not found: {error}.") from None
        if not addresses:
            raise SourceUnavailableError(f"{host} has no address.")
        return addresses


_REMEDY = "OUTLAST_PRIVATE_HOSTS lists hosts for which that is meant."


def _listed_host(host: str) -> str:
    try:
        plain = _plain_host(host)
    except UnicodeError:
        plain = ""
    if not plain:
        raise SettingsError(
            f"OUTLAST_PRIVATE_HOSTS: {host!r} is neither a host name nor an address. Leave scheme, port and path away,"
            " and name each host: ranges are not known here."
        )
    return plain


async def _system_resolve(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _plain_host(host: str) -> str:
    """A host in its one spelling; empty when there is none.

    A name that ends in a number is read as an address by some programs (`127.1`, `0x7f.1`, `2130706433`), so it has to
    be a complete one.
    """
    host = host.strip("[]")
    if not host.isascii():
        host = host.encode("idna").decode("ascii")
    host = host.lower().removesuffix(".")
    if _is_address(host):
        return str(ipaddress.ip_address(host))
    if len(host) > 253 or not _HOST_NAME.fullmatch(host) or _NUMBER.fullmatch(host.rpartition(".")[2]):
        return ""
    return host


def _is_address(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return not (isinstance(address, ipaddress.IPv6Address) and address.scope_id)


def _ascii(text: str) -> str:
    """Percent-encode what is not ASCII."""
    return "".join(char if char.isascii() else "".join(f"%{byte:02X}" for byte in char.encode()) for char in text)


def _shown(url: str) -> str:
    return repr(url if len(url) <= 200 else f"{url[:200]}...")
