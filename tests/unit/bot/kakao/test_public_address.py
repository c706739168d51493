"""Which addresses count as hosts of the public internet."""

from ipaddress import IPv4Address, IPv6Address

import pytest

from bot.kakao.public_address import is_public_address

PUBLIC_IPV4 = ("211.231.100.1", "8.8.8.8", "1.1.1.1", "223.255.255.254")
PRIVATE_IPV4 = (
    *("127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
    *("0.0.0.0", "0.1.2.3", "192.0.0.8", "192.0.0.170", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1"),
    *("203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
)
IPV4_PREFIXES = {
    "mapped": "::ffff:0:0",
    "NAT64": "64:ff9b::",
}
"""Prefixes with which an IPv6 address stands for the IPv4 address in its last 32 bits."""
DEAD_PREFIXES = {
    "compatible": "::",
    "translated": "::ffff:0:0:0",
    "local NAT64": "64:ff9b:1::",
    "Teredo": "2001:0:4136:e378::",
    "6to4": "2002:808:808::",
    "ISATAP": "fe80::5efe:0:0",
}
"""Prefixes of transition mechanisms, none of which leads to a host of the internet."""


def embed(prefix: str, ipv4: str) -> str:
    """The IPv6 address with a prefix that ends with an IPv4 address."""
    return str(IPv6Address(int(IPv6Address(prefix)) | int(IPv4Address(ipv4))))


@pytest.mark.parametrize(
    "address", [*PUBLIC_IPV4, "2606:4700::1111", "2a00:1450:4001:81b::200e", "2001:4860:4860::8888"]
)
def test_address_of_a_host_is_public(address: str) -> None:
    assert is_public_address(address)


@pytest.mark.parametrize("address", PRIVATE_IPV4)
def test_private_ipv4_address_is_not_public(address: str) -> None:
    assert not is_public_address(address)


@pytest.mark.parametrize(
    "address",
    [
        *("::", "::1", "fe80::1", "fe80::1%eth0", "2606:4700::1111%eth0", "fec0::1", "fc00::1", "fd00:ec2::254"),
        *("ff02::1", "ff0e::1", "100::1", "100:0:0:1::1", "2001:db8::1", "3fff::1", "2001:2::1", "2001:10::1"),
        *("2001:20::1", "5f00::1", "4000::1", "e000::1", "f000::1", "200::1", "1::1"),
    ],
)
def test_special_or_reserved_ipv6_address_is_not_public(address: str) -> None:
    assert not is_public_address(address)


@pytest.mark.parametrize("prefix", IPV4_PREFIXES)
def test_embedded_ipv4_address_decides(prefix: str) -> None:
    assert [ip for ip in PRIVATE_IPV4 if is_public_address(embed(IPV4_PREFIXES[prefix], ip))] == []
    assert [ip for ip in PUBLIC_IPV4 if not is_public_address(embed(IPV4_PREFIXES[prefix], ip))] == []


@pytest.mark.parametrize("prefix", DEAD_PREFIXES)
def test_address_of_another_transition_mechanism_is_not_public(prefix: str) -> None:
    addresses = (*PRIVATE_IPV4, *PUBLIC_IPV4)
    assert [ip for ip in addresses if is_public_address(embed(DEAD_PREFIXES[prefix], ip))] == []


def test_text_that_is_no_address_is_an_error() -> None:
    for text in ("", "localhost", "0x7f.1", "127.1"):
        with pytest.raises(ValueError):
            is_public_address(text)
