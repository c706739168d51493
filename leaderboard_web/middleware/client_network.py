"""The networks for which an address counts in limits."""

from ipaddress import IPv6Address, ip_network

from leaderboard_web.middleware.trusted_proxies import parse_address

HOUSEHOLD_PREFIX, SITE_PREFIX = 64, 48
"""Lengths of IPv6 prefixes: what one household has for itself, and the largest that a provider usually gives away."""


def client_network(host: str | None) -> str:
    """The network that is counted for an address: itself, or the /64 of IPv6, which one household has for itself."""
    return client_networks(host)[0]


def client_networks(host: str | None) -> tuple[str, ...]:
    """The networks that are counted for an address, the smallest first; what is not an address is one network."""
    address = parse_address(host or "")
    if address is None:
        return ("unknown",)
    if not isinstance(address, IPv6Address):
        return (str(address),)
    household, site = (ip_network((address.packed, n), strict=False) for n in (HOUSEHOLD_PREFIX, SITE_PREFIX))
    return str(household.network_address), str(site)
