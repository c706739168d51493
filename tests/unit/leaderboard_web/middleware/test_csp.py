"""Security headers: strict by default, extended by one page for exactly the sources that it names."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Response
from fastapi.testclient import TestClient

from leaderboard_web.middleware.csp import SECURITY_HEADERS, SecurityHeadersMiddleware, extend_csp

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
    assert "strict-transport-security" not in browser.get("/strict").headers
