"""Security headers, strict by default and extended by one page for exactly the sources that it names; and the host."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Response
from fastapi.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from leaderboard_web.errors import LocalizedHTTPError
from leaderboard_web.middleware.security import (
    SECURITY_HEADERS,
    HostCheckMiddleware,
    SecurityHeadersMiddleware,
    extend_csp,
)

POLICY = "Content-Security-Policy"
OPENER = "Cross-Origin-Opener-Policy"


@pytest.fixture
def browser() -> Iterator[TestClient]:
    """A client of an application with a strict and an extended page."""
    app = FastAPI()
    app.add_middleware(SecurityHeadersMiddleware, is_https=False)

    @app.get("/strict")
    async def strict() -> Response:
        return Response("page")

    @app.get("/wide")
    async def wide() -> Response:
        page = Response("page")
        extend_csp(
            page, {"script-src": ["https://one.example"], "frame-src": ["https://two.example"]}, allow_popups=True
        )
        extend_csp(page, {"script-src": ["https://three.example", "https://one.example"]})
        return page

    @app.get("/scripted")
    async def scripted() -> Response:
        page = Response("page", headers={"Set-Cookie": "a=b"})
        extend_csp(page, {"script-src": ["https://one.example"]})
        return page

    with TestClient(app) as client:
        yield client


def test_an_extension_adds_exactly_the_named_sources(browser: TestClient) -> None:
    headers = browser.get("/wide").headers
    strict = SECURITY_HEADERS[POLICY].split("; ")
    wide = headers[POLICY].split("; ")
    assert [directive for directive in wide if directive not in strict] == [
        "script-src 'self' https://one.example https://three.example",
        "frame-src https://two.example",
    ]
    assert [directive for directive in strict if directive not in wide] == ["script-src 'self'"]
    assert headers[OPENER] == "same-origin-allow-popups"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_an_extension_alone_lets_no_window_talk_back(browser: TestClient) -> None:
    assert browser.get("/scripted").headers[OPENER] == "same-origin"


def test_other_pages_stay_strict(browser: TestClient) -> None:
    browser.get("/wide")
    for path in ("/strict", "/nothing"):
        headers = browser.get(path).headers
        assert {name: headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS


@pytest.mark.parametrize(
    ("cookie", "sent"),
    [
        ("a=b; Path=/", "a=b; Path=/; Secure"),
        ("a=secure", "a=secure; Secure"),
        ("a=b; secure; HttpOnly", "a=b; secure; HttpOnly"),
        ("a=b; Secure", "a=b; Secure"),
    ],
)
def test_over_https_every_cookie_is_secure(cookie: str, sent: str) -> None:
    app = FastAPI()
    app.add_middleware(SecurityHeadersMiddleware, is_https=True)

    @app.get("/")
    async def page() -> Response:
        return Response("page", headers={"Set-Cookie": cookie})

    with TestClient(app) as client:
        headers = client.get("/").headers
    assert headers["set-cookie"] == sent
    assert headers["strict-transport-security"] == "max-age=31536000"


def test_over_http_nothing_demands_https(browser: TestClient) -> None:
    headers = browser.get("/scripted").headers
    assert "strict-transport-security" not in headers
    assert headers["set-cookie"] == "a=b", "over http, browsers would drop a cookie that is secure"


def test_behind_a_proxy_that_speaks_https_cookies_are_secure(browser: TestClient) -> None:
    assert browser.get("https://testserver/scripted").headers["set-cookie"] == "a=b; Secure"


async def is_allowed(public_url: str | None, *hosts: str) -> bool:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive, send

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        del message

    scope = {"type": "http", "method": "GET", "headers": [(b"host", host.encode()) for host in hosts]}
    try:
        await HostCheckMiddleware(app, public_url=public_url)(scope, receive, send)
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
