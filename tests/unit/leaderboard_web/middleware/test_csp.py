"""What browsers are told: strict everywhere, and wider only on the page that says so, by exactly what it names."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Response
from fastapi.testclient import TestClient

from leaderboard_web.middleware.csp import SECURITY_HEADERS, SecurityHeadersMiddleware, extend_csp

POLICY = "Content-Security-Policy"
OPENER = "Cross-Origin-Opener-Policy"


@pytest.fixture
def browser() -> Iterator[TestClient]:
    """Pages of both kinds."""
    app = FastAPI()
    app.add_middleware(SecurityHeadersMiddleware)

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


def test_a_page_opens_exactly_what_it_names(browser: TestClient) -> None:
    """Each place is added where it was named, once, and nothing else changes."""
    headers = browser.get("/wide").headers
    strict = SECURITY_HEADERS[POLICY].split("; ")
    wide = headers[POLICY].split("; ")
    assert [each for each in wide if each not in strict] == [
        "script-src 'self' https://one.example https://three.example",
        "frame-src https://two.example",
    ]
    assert [each for each in strict if each not in wide] == ["script-src 'self'"]
    assert headers[OPENER] == "same-origin-allow-popups"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_the_others_stay_strict(browser: TestClient) -> None:
    """Also right after a wide one, and also where nothing was found."""
    browser.get("/wide")
    for path in ("/strict", "/nothing"):
        headers = browser.get(path).headers
        assert {name: headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
