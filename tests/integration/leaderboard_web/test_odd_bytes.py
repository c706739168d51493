"""Bytes that no browser sends, in every place of a request to every route: never an error of the server."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from core.db.looks import Look
from core.resources import Resources
from leaderboard_web.app import create_app
from leaderboard_web.cookies import FLASH_COOKIE, LOGIN_COOKIE
from leaderboard_web.viewer import LANGUAGE_COOKIE, VISITOR_COOKIE
from tests.factories import create_person, make_classifier
from tests.harness import make_application, serve_on_free_port
from tests.integration.leaderboard_web.account.conftest import add_look
from tests.routes import ROUTES, SiteRoute
from webhooks.app import create_webhook_app

ODD = (
    b"%00",
    b"%ff%fe",
    b"%ed%a0%80",
    b"%F0%9F%92%A9",
    b"%0d%0a",
    b"\xff\xfe",
    b"9" * 400,
    b"-1",
    b"1e309",
    b"%E2%80%AE",
    b"%25",
    b"%zz",
    b"NaN",
    b"\xef\xbf\xbf",
    b"%f4%90%80%80",
    b"a" * 5000,
)
"""Zero bytes, invalid UTF-8, surrogates, numbers out of range, broken escapes."""
COOKIES = (VISITOR_COOKIE, LANGUAGE_COOKIE, FLASH_COOKIE, LOGIN_COOKIE)
HEADERS = (
    *(f"Cookie: {name}=".encode() for name in COOKIES),
    b"Accept-Language: ",
    b"User-Agent: ",
    b"X-Forwarded-For: ",
    b"X-Forwarded-Proto: ",
    b"Origin: ",
    b"Accept: ",
    b"Accept-Encoding: ",
    b"If-None-Match: ",
    b"Range: ",
    b"Content-Type: ",
)
FORM = b"Content-Type: application/x-www-form-urlencoded"
BEYOND_PARAMETERS = (b"lang", b"said", b"look", b"preview", b"next", b"x")
"""Query parameters that pages read without declaring them."""
CONTENT_TYPES = (
    b"multipart/form-data",
    b"multipart/form-data; boundary=",
    b"multipart/form-data; boundary=" + b"b" * 5000,
    b'multipart/form-data; boundary="\xff"',
    b"multipart/form-data; charset=nope; boundary=b",
    b"multipart/form-data; charset=idna; boundary=b",
    b"multipart/form-data; charset=undefined; boundary=b",
)
TOGETHER = 8
"""Connections at once."""

Request = tuple[bytes, bytes, tuple[bytes, ...], bytes]
"""Method, target, headers and body."""


@pytest.fixture
async def look(resources: Resources) -> Look:
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
    return await add_look(resources, person.id, shared=True)


@pytest.fixture
async def port(resources: Resources, samples: Path) -> AsyncIterator[int]:
    classifier = make_classifier()
    limits = dict.fromkeys(("writes_per_minute", "new_visitors_per_ip_per_hour", "photos_per_ip_per_day"), 10**6)
    application = make_application(
        resources,
        classifier,
        telegram_token=SecretStr("1:token"),
        telegram_webhook_secret=SecretStr("secret"),
        kakao_admin_key=SecretStr("key"),
        **limits,
    )
    site = create_webhook_app(application, create_app(application, samples=samples))
    async with serve_on_free_port(site) as url:
        yield int(urlsplit(url).port or 0)


def route_requests(route: SiteRoute, look_id: bytes) -> Iterator[Request]:
    """The route with each odd value in each of its parts; the other parts are as they should be."""
    known = {"look_id": look_id.decode(), "target_id": look_id.decode(), "operation": "heart", "language": "en"}
    method = route.method.encode()
    for odd in ODD:
        # In latin-1 every byte is a letter, and the same byte again on the wire.
        text = odd.decode("latin-1")
        for parameter in route.parameters:
            yield method, route.fill(known | {parameter: text}).encode("latin-1"), (), b""
        path = route.fill(known).encode()
        if route.method == "GET":
            beyond = [name for name in BEYOND_PARAMETERS if name.decode() not in route.query]
            for names in (*([name.encode()] for name in route.query), beyond):
                yield method, path + b"?" + b"&".join(name + b"=" + odd for name in names), (), b""
        for name in route.form:
            rest = b"&".join(b"%s=%s" % (other.encode(), look_id) for other in route.form if other != name)
            yield method, path, (FORM,), b"%s=%s&%s" % (name.encode(), odd, rest)
    yield method, path, (b"Content-Type: application/json",), b'{"look": "\xff"'


def header_requests(look_id: bytes) -> Iterator[Request]:
    targets = ((b"GET", b"/"), (b"GET", b"/try"), (b"POST", b"/looks/%s/heart" % look_id), (b"POST", b"/api/judge"))
    for odd in ODD:
        for header in HEADERS:
            for method, target in targets:
                yield method, target, (header + odd,), b""
        # No other pages read it.
        yield b"GET", b"/login/join", (f"Cookie: {LOGIN_COOKIE}=".encode() + odd,), b""


def multipart_requests() -> Iterator[Request]:
    for target in (b"/try", b"/api/judge"):
        for odd in ODD:
            body = (
                b'--b\r\nContent-Disposition: form-data; name="photo"; filename="' + odd + b'"\r\n\r\nx\r\n'
                b'--b\r\nContent-Disposition: form-data; name="attempt"\r\n\r\n' + odd + b"\r\n--b--\r\n"
            )
            yield b"POST", target, (b"Content-Type: multipart/form-data; boundary=b",), body
        for content_type in CONTENT_TYPES:
            body = (
                b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff..\xff\r\n--b\r\n'
                b"Content-Disposition: form-data; name=\"photo\"; filename*=x''%ff\r\n\r\nx\r\n--b--\r\n"
            )
            yield b"POST", target, (b"Content-Type: " + content_type,), body


def webhook_requests() -> Iterator[Request]:
    for target in (b"/telegram/webhook", b"/kakao/unlink", b"/healthz", b"/readyz", b"/metrics"):
        for odd in ODD:
            yield b"POST", target, (b"X-Telegram-Bot-Api-Secret-Token: " + odd,), odd
            yield b"POST", target, (b"Authorization: KakaoAK " + odd, FORM), b"user_id=" + odd
            yield b"GET", target + b"?user_id=" + odd, (b"Authorization: " + odd,), b""
    signed = b"X-Telegram-Bot-Api-Secret-Token: secret"
    for body in (
        b"[" * 50_000,
        b'{"update_id":1,"message":' + b'{"a":' * 20_000 + b"1" + b"}" * 20_001,
        b'{"update_id":NaN}',
        b'{"update_id":' + b"9" * 4000 + b"}",
        b"[]",
        b'{"update_id":1.5}',
        b'{"update_id":true,"message":{}}',
        b'{"update_id":1,"message":{"text":"\\ud800"}}',
        b'{"update_id":2,"message":{"text":"\\u0000","chat":{"id":1}}}',
    ):
        yield b"POST", b"/telegram/webhook", (signed,), body


async def send(port: int, request: Request) -> str:
    """The status code; empty if the server closed the connection without a response."""
    method, target, headers, body = request
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        lines = [method + b" " + target + b" HTTP/1.1", b"Host: 127.0.0.1", *headers, b"Connection: close"]
        lines.append(b"Content-Length: %d" % len(body))
        writer.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        async with asyncio.timeout(60):
            return (await reader.read(12))[9:12].decode("latin-1")
    except ConnectionError:
        return ""
    finally:
        writer.close()


async def expect_no_server_error(port: int, requests: list[Request]) -> Counter[str]:
    """Send all of them; how often each status came."""
    pending, statuses, wrong = iter(requests), Counter[str](), list[tuple[str, Request]]()

    async def send_some() -> None:
        for request in pending:
            status = await send(port, request)
            statuses[status] += 1
            if not status or status.startswith("5"):
                wrong.append((status, request))

    await asyncio.gather(*(send_some() for _ in range(TOGETHER)))
    assert not [(status, request[:2], request[2:]) for status, request in wrong][:10]
    assert await send(port, (b"GET", b"/about", (), b"")) == "200", "the server still answers"
    return statuses


async def test_odd_paths_queries_and_fields_are_no_server_error(port: int, look: Look) -> None:
    look_id = str(look.id).encode()
    # HEAD calls the function of GET.
    requests = [request for route in ROUTES if route.method != "HEAD" for request in route_requests(route, look_id)]
    statuses = await expect_no_server_error(port, requests)
    assert statuses["404"]
    assert statuses["200"] > len(ODD), "some requests reached the pages"


async def test_odd_headers_and_uploads_are_no_server_error(port: int, look: Look) -> None:
    look_id = str(look.id).encode()
    statuses = await expect_no_server_error(port, [*header_requests(look_id), *multipart_requests()])
    assert statuses["200"]
    assert statuses["400"]


async def test_odd_calls_of_webhooks_are_no_server_error(port: int) -> None:
    statuses = await expect_no_server_error(port, list(webhook_requests()))
    assert statuses["401"]
