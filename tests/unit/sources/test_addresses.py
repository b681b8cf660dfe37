"""Addresses that no link may lead to, compared with the list that Pydantic AI keeps for itself."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_ai._ssrf import (
    _CLOUD_METADATA_IPV4,
    _CLOUD_METADATA_IPV6,
    _PRIVATE_NETWORKS,
    is_cloud_metadata_ip,
    is_private_ip,
)

from outlast.sources.addresses import why_refused

REFUSED = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 168.63.129.16
169.254.0.1 169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1 192.88.99.1
192.168.0.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
:: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:0:127.0.0.1 64:ff9b::7f00:1 64:ff9b::808:808
64:ff9b:1::a00:1 100::1 2001::1 2001:2::1 2001:10::1 2001:db8::1 2002:7f00:1:: 2002:808:808:: 3fff::1 5f00::1
fc00::1 fd00:ec2::254 fd12:3456::1 fe80::1 fe80::1%eth0 fec0::1 ff02::1 2606:4700::5efe:10.0.0.1
2606:4700::200:5efe:10.0.0.1 4000::1 8000::1
"""

ALLOWED = """
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 172.15.255.255 172.32.0.0 192.88.98.255 192.169.0.0
223.255.255.255 2001:200::1 2001:4860:4860::8888 2003::1 2606:4700:4700::1111 2a00:1450::1
"""

PRIVATE = "10.0.0.1 127.0.0.1 100.64.0.1 172.16.0.1 192.168.1.1 ::1 fd12::1"

NEVER = """
169.254.169.254 168.63.129.16 100.100.100.200 fd00:ec2::254 fe80::1 0.0.0.0 224.0.0.1 255.255.255.255
::ffff:127.0.0.1 2002:7f00:1:: 64:ff9b::a00:1 ::
"""


@pytest.mark.parametrize("address", REFUSED.split())
def test_refused(address: str) -> None:
    assert why_refused(address)


@pytest.mark.parametrize("address", ALLOWED.split())
def test_allowed(address: str) -> None:
    assert why_refused(address) is None


@pytest.mark.parametrize("address", ["", "localhost", "1.2.3", "0x7f.1", "127.1", "256.1.1.1", "1.2.3.4.5"])
def test_what_is_no_address_is_refused(address: str) -> None:
    assert why_refused(address) == "no address"


@pytest.mark.parametrize("address", PRIVATE.split())
def test_an_allow_listed_host_may_be_private(address: str) -> None:
    assert why_refused(address, private_allowed=True) is None


@pytest.mark.parametrize("address", NEVER.split())
def test_an_allow_listed_host_may_not_be_anything(address: str) -> None:
    assert why_refused(address, private_allowed=True)


@pytest.mark.parametrize("network", _PRIVATE_NETWORKS, ids=str)
def test_every_network_that_pydantic_ai_refuses_is_refused(
    network: ipaddress.IPv4Network | ipaddress.IPv6Network,
) -> None:
    assert why_refused(str(network[0]))
    assert why_refused(str(network[-1]))


@pytest.mark.parametrize("address", sorted(map(str, _CLOUD_METADATA_IPV4 | _CLOUD_METADATA_IPV6)))
def test_every_metadata_service_is_refused_even_to_listed_hosts(address: str) -> None:
    assert why_refused(address, private_allowed=True)


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
@settings(max_examples=1_000, deadline=None)
def test_whatever_pydantic_ai_refuses_is_refused(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if is_private_ip(str(address)) or is_cloud_metadata_ip(str(address)):
        assert why_refused(str(address))


@given(st.ip_addresses(v=4))
@settings(max_examples=500, deadline=None)
def test_no_transition_form_passes(address: ipaddress.IPv4Address) -> None:
    value = int(address)
    forms = [
        ipaddress.IPv6Address(value),
        ipaddress.IPv6Address(0xFFFF << 32 | value),
        ipaddress.IPv6Address(0x64_FF9B << 96 | value),
        ipaddress.IPv6Address(0x2002 << 112 | value << 80),
        ipaddress.IPv6Address(0x2001 << 112 | value ^ 0xFFFFFFFF),
        ipaddress.IPv6Address(0x2606_4700 << 96 | 0x5EFE << 32 | value),
    ]
    assert [str(form) for form in forms if why_refused(str(form)) is None] == []
