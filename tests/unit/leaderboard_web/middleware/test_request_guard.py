import pytest
from starlette.types import Message, Receive, Scope, Send

from leaderboard_web.errors import LocalizedHTTPError
from leaderboard_web.middleware.csrf import is_same_origin
from leaderboard_web.middleware.request_guard import RequestGuard


async def is_allowed(public_url: str | None, *hosts: str) -> bool:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive, send

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        del message

    scope = {"type": "http", "method": "GET", "headers": [(b"host", host.encode()) for host in hosts]}
    try:
        await RequestGuard(app, public_url=public_url)(scope, receive, send)
    except LocalizedHTTPError as error:
        assert error.status_code == 421
        return False
    return True


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("eva.example", True),
        ("EVA.example:443", True),
        ("eva.example.", True),
        ("localhost:8000", True),
        ("127.0.0.1", True),
        ("[::1]:8000", True),
        ("evil.example", False),
        ("eva.example.evil.example", False),
        ("eva.example@evil.example", False),
        ("", False),
    ],
)
async def test_only_the_host_of_the_public_url_is_served(host: str, allowed: bool) -> None:
    assert await is_allowed("https://eva.example", host) is allowed


@pytest.mark.parametrize(
    "host", ['evil.example"><script>', "a/b?c", "x\ty", "a b", "host:port", "[::1", "é", "a" * 300]
)
async def test_a_malformed_host_is_never_served(host: str) -> None:
    assert not await is_allowed(None, host)


async def test_without_a_public_url_every_name_is_served_once() -> None:
    assert await is_allowed(None, "anything.example:1")
    assert not await is_allowed(None, "a.example", "b.example")
    assert not await is_allowed(None)


@pytest.mark.parametrize(
    ("scheme", "host", "public_url", "origin", "same"),
    [
        ("http", "eva.example", None, "http://eva.example", True),
        ("http", "eva.example:80", None, "http://eva.example", True),
        ("https", "eva.example", None, "https://eva.example:443", True),
        ("https", "eva.example", None, "http://eva.example", False),
        ("http", "eva.example", None, "https://eva.example", False),
        ("http", "eva.example", "https://eva.example", "https://eva.example", True),
        ("http", "eva.example:8000", None, "http://eva.example:8001", False),
        ("http", "eva.example", None, "null", False),
        ("http", "eva.example", None, "http://eva.example.evil.example", False),
        ("http", "eva.example", None, "http://[", False),
        ("http", "eva.example", None, "http://eva.example:99999", False),
        ("http", "", None, "", False),
    ],
)
def test_the_origin_has_scheme_host_and_port_of_the_site(
    scheme: str, host: str, public_url: str | None, origin: str, same: bool
) -> None:
    headers = [(b"host", host.encode()), (b"origin", origin.encode())]
    assert is_same_origin({"type": "http", "scheme": scheme, "headers": headers}, public_url) is same
