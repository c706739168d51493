from ipaddress import ip_address, ip_network

import pytest
from starlette.types import Message, Receive, Scope, Send
from structlog.testing import capture_logs

from leaderboard_web.middleware.client_address import TrustedProxiesMiddleware, find_client, parse_address

PROXIES = [ip_network("127.0.0.1"), ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["1.1.1.1, 198.51.100.1, 10.1.2.3"], "198.51.100.1"),
        ("127.0.0.1", ["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["10.0.0.5, 10.0.0.6"], "10.0.0.5"),
        ("127.0.0.1", ["198.51.100.1:1234"], "198.51.100.1"),
        ("127.0.0.1", ["[2001:db8::1]:80"], "2001:db8::1"),
        ("fd00::1", ["2001:db8::1"], "2001:db8::1"),
        ("127.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["junk"], "127.0.0.1"),
        ("127.0.0.1", [""], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.1, unknown"], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.1, junk, 10.0.0.1"], "10.0.0.1"),
        ("127.0.0.1", ["1.1.1.1," * 100_000 + "10.0.0.1"], "1.1.1.1"),
        ("127.0.0.1", ["10.0.0.1," * 100_000 + "10.0.0.1"], "10.0.0.1"),
    ],
)
def test_the_client_is_the_last_address_that_no_trusted_proxy_has(peer: str, forwarded: list[str], client: str) -> None:
    assert find_client(ip_address(peer), forwarded, PROXIES) == ip_address(client)


@pytest.mark.parametrize(
    "text",
    ["", "junk", "1.2.3", "1.2.3.4.5", "999.1.1.1", "1" * 70, "a:b:c", "fe80::1%eth0" * 9, "[", "_hidden", "0x7f.1"],
)
def test_junk_is_no_address(text: str) -> None:
    assert parse_address(text) is None


def make_middleware(seen: list[Scope], **options: object) -> TrustedProxiesMiddleware:
    """The middleware around an application that notes the scopes that it gets."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)

    return TrustedProxiesMiddleware(app, **({"networks": PROXIES} | options))  # type: ignore[arg-type]


async def send_request(middleware: TrustedProxiesMiddleware, **scope: object) -> None:
    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        del message

    await middleware({"type": "http", "scheme": "http", "client": None, "headers": []} | scope, receive, send)


async def seen_scope(**scope: object) -> Scope:
    """The scope that an application gets through the middleware."""
    seen: list[Scope] = []
    await send_request(make_middleware(seen), **scope)
    return seen[0]


@pytest.mark.parametrize(
    ("peer", "proto", "scheme"),
    [
        ("127.0.0.1", b"https", "https"),
        ("127.0.0.1", b"http, https", "https"),
        ("127.0.0.1", b"http, HTTPS ", "https"),
        ("127.0.0.1", b"javascript", "http"),
        ("203.0.113.9", b"https", "http"),
    ],
)
async def test_the_scheme_is_that_of_the_nearest_trusted_proxy(peer: str, proto: bytes, scheme: str) -> None:
    scope = await seen_scope(client=(peer, 1), headers=[(b"x-forwarded-proto", proto)])
    assert scope["scheme"] == scheme


async def test_a_missing_setting_is_logged_once_and_without_addresses() -> None:
    seen: list[Scope] = []
    client = {"client": ("127.0.0.1", 1)}
    forwarded = client | {"headers": [(b"x-forwarded-for", b"198.51.100.1")]}
    middleware = make_middleware(seen, networks=[], expects_proxy=True)
    with capture_logs() as events:
        await send_request(make_middleware(seen, networks=[]), **forwarded)
        await send_request(middleware, **client)
        assert not events, "no proxy is expected, or none has sent the request"
        await send_request(middleware, **forwarded)
        await send_request(middleware, **forwarded)
    assert [scope["client"] for scope in seen] == [("127.0.0.1", 1)] * 4
    assert events == [{"event": "forwarded_header_ignored", "log_level": "warning"}]


async def test_a_connection_without_an_address_is_passed_on() -> None:
    assert (await seen_scope(client=None, headers=[(b"x-forwarded-for", b"1.1.1.1")]))["client"] is None
