"""Which network addresses a link may lead to.

Every range here belongs to no site on the public internet. IPv6 is read the other way round: only global unicast
passes, so a transition form that carries an IPv4 address (mapped, 6to4, NAT64, Teredo, ISATAP) has nowhere to hide.
That shuts out networks that reach IPv4 through NAT64 alone.
"""

from __future__ import annotations

import ipaddress

__all__ = ["why_refused"]

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_PRIVATE: dict[str, str] = {
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "shared by carriers (CGNAT)",
    "127.0.0.0/8": "loopback",
    "172.16.0.0/12": "private",
    "192.168.0.0/16": "private",
    "::1/128": "loopback",
    "fc00::/7": "private (unique local)",
}
"""What an allow-listed host may have."""

_NEVER: dict[str, str] = {
    # Answer with a machine's credentials; 168.63.129.16 is the one of them that looks public.
    "168.63.129.16/32": "a cloud's metadata service",
    "100.100.100.200/32": "a cloud's metadata service",
    "192.0.0.192/32": "a cloud's metadata service",
    "fd00:ec2::254/128": "a cloud's metadata service",
    "fd00:ec2::23/128": "a cloud's metadata service",
    "fd20:ce::254/128": "a cloud's metadata service",
    "fd00:42::42/128": "a cloud's metadata service",
    "0.0.0.0/8": "this network",
    "169.254.0.0/16": "link-local, where clouds keep their metadata",
    "192.0.0.0/24": "reserved",
    "192.0.2.0/24": "for documentation",
    "192.88.99.0/24": "a 6to4 relay",
    "198.18.0.0/15": "for benchmarks",
    "198.51.100.0/24": "for documentation",
    "203.0.113.0/24": "for documentation",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
    "2001::/23": "reserved for protocols",
    "2001:db8::/32": "for documentation",
    "2002::/16": "6to4, which carries an IPv4 address",
    "3fff::/20": "for documentation",
}
"""What nobody may have."""

_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_ISATAP = (b"\x00\x00\x5e\xfe", b"\x02\x00\x5e\xfe")
"""Bytes 8-11 of an IPv6 address whose last four are an IPv4 address."""


def why_refused(address: str, *, private_allowed: bool = False) -> str | None:
    """What is wrong with an address, None when a link may lead there.

    Args:
        address: as a resolver returns it; a zone (`%eth0`) changes nothing.
        private_allowed: whether the host was allow-listed.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "no address"
    if kind := _kind(ip, _NEVER_NETWORKS):
        return kind
    if kind := _kind(ip, _PRIVATE_NETWORKS):
        return None if private_allowed else kind
    if isinstance(ip, ipaddress.IPv6Address):
        if ip not in _GLOBAL_V6:
            return "no global unicast address"
        if ip.packed[8:12] in _ISATAP:
            return "ISATAP, which carries an IPv4 address"
    return None


def _networks(table: dict[str, str]) -> list[tuple[_Network, str]]:
    return [(ipaddress.ip_network(network), kind) for network, kind in table.items()]


def _kind(ip: ipaddress.IPv4Address | ipaddress.IPv6Address, table: list[tuple[_Network, str]]) -> str | None:
    return next((kind for network, kind in table if ip in network), None)


_PRIVATE_NETWORKS = _networks(_PRIVATE)
_NEVER_NETWORKS = _networks(_NEVER)
