"""Who a request comes from, where a proxy stands between the client and this process.

`X-Forwarded-For` and `X-Forwarded-Proto` are believed only from the networks of EVA_TRUSTED_PROXIES, since anyone else
can write anything into them. Each proxy appends the address that it received the request from, so the list is read from
its end, as long as the address at which it was written is trusted. What is not an address ends the list.

Limits count the network of a client.
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MAX_HOPS = 16
"""Entries of `X-Forwarded-For` that are read."""
MAX_ENTRY_LENGTH = 64
"""Characters of an address with a port; longer entries are no addresses."""
HOUSEHOLD_PREFIX, SITE_PREFIX = 64, 48
"""Lengths of IPv6 prefixes: what one household has for itself, and the largest that a provider usually gives away."""

log = structlog.get_logger()


class TrustedProxiesMiddleware:
    """ASGI middleware, the outermost, that replaces `client` and `scheme` of requests from trusted proxies."""

    def __init__(self, app: ASGIApp, *, networks: Sequence[Network], expects_proxy: bool = False) -> None:
        """Wrap an application.

        Args:
            app: receives the requests.
            networks: of the proxies that are trusted.
            expects_proxy: whether a forwarded header from another address is a sign of a missing setting, which is
                logged once.
        """
        self.app, self._networks, self._warns = app, tuple(networks), expects_proxy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http":
            self._apply_forwarded_headers(scope)
        await self.app(scope, receive, send)

    def _apply_forwarded_headers(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        forwarded = headers.getlist("x-forwarded-for")
        peer = parse_address(scope["client"][0]) if scope.get("client") else None
        if peer is None or not is_in_networks(peer, self._networks):
            if forwarded and self._warns:
                self._warns = False
                log.warning("forwarded_header_ignored")
            return
        client = find_client(peer, forwarded, self._networks)
        if client != peer:
            scope["client"] = str(client), 0
        scheme = ",".join(headers.getlist("x-forwarded-proto")).rpartition(",")[2].strip().lower()
        if scheme in {"http", "https"}:
            scope["scheme"] = scheme


def find_client(peer: Address, forwarded: Iterable[str], networks: Sequence[Network]) -> Address:
    """The address that a request comes from.

    Args:
        peer: the other end of the connection.
        forwarded: values of `X-Forwarded-For`, in the order of the request.
        networks: of the proxies that are trusted.

    Returns:
        The last address that is not a trusted proxy's; if all are, the first one of the list.
    """
    client = peer
    for entry in reversed(",".join(forwarded).rsplit(",", MAX_HOPS)[-MAX_HOPS:]):
        if not is_in_networks(client, networks):
            break
        address = parse_address(entry)
        if address is None:
            break
        client = address
    return client


def parse_address(text: str) -> Address | None:
    """An IP address that may have a port (`192.0.2.1:80`, `[2001:db8::1]:80`); None for anything else."""
    text = text.strip()
    if len(text) > MAX_ENTRY_LENGTH:
        return None
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or IPv6Address(address.packed)
    return address


def is_in_networks(address: Address, networks: Iterable[Network]) -> bool:
    """Whether an address belongs to one of the networks."""
    return any(address in network for network in networks)


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
