"""Which IP addresses are public hosts of the internet, for protection against server-side request forgery."""

import ipaddress
from ipaddress import IPv4Address, IPv6Address, IPv6Network

GLOBAL_UNICAST = IPv6Network("2000::/3")
"""The only IPv6 block from which addresses of hosts are assigned (IANA, IPv6 address space)."""
SPECIAL_GLOBAL_UNICAST = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # IETF protocol assignments, such as Teredo, ORCHID and AMT
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
EMBEDDED_IPV4 = tuple(IPv6Network(network) for network in ("::ffff:0:0/96", "64:ff9b::/96"))
"""IPv4-mapped addresses and the well-known prefix of NAT64 (RFC 6052), the way to IPv4 hosts in networks without IPv4:
the address ends with the IPv4 address of the machine that is reached. The others that embed one (IPv4-compatible,
IPv4-translated, 6to4, Teredo, local prefixes of NAT64) are no addresses of hosts on the internet."""
SPECIAL_IPV4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "192.0.0.0/24",  # IETF protocol assignments
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # relays of 6to4
        "192.175.48.0/24",  # AS112
    )
)
"""Blocks of special use that Python counts as global."""


def is_public_address(address: str) -> bool:
    """Whether an IP address belongs to a host of the public internet.

    Args:
        address: IPv4 or IPv6, with or without a zone.

    Raises:
        ValueError: it is not an IP address.
    """
    ip = ipaddress.ip_address(address)
    if isinstance(ip, IPv4Address):
        return _is_public_ipv4(ip)
    if ip.scope_id is not None:
        return False
    if any(ip in network for network in EMBEDDED_IPV4):
        return _is_public_ipv4(IPv4Address(int(ip) & 0xFFFF_FFFF))
    return _is_public_ipv6(ip)


def _is_public_ipv4(ip: IPv4Address) -> bool:
    is_special = ip.is_multicast or ip.is_reserved or any(ip in network for network in SPECIAL_IPV4)
    return ip.is_global and not is_special


def _is_public_ipv6(ip: IPv6Address) -> bool:
    return ip.is_global and ip in GLOBAL_UNICAST and not any(ip in network for network in SPECIAL_GLOBAL_UNICAST)
