import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from leaderboard_web.middleware.page_cache import MAX_PAGES, AnonymousPageCache


class Counter:
    """An application that counts its requests and responds with the number."""

    def __init__(self) -> None:
        self.requests, self.fails = 0, False
        self.gate = asyncio.Event()
        self.gate.set()

    async def respond(self, request: Request) -> Response:
        self.requests += 1
        number = self.requests
        await self.gate.wait()
        if self.fails:
            return PlainTextResponse("trouble", 500)
        response = PlainTextResponse(f"{number} {request.headers.get('accept-language')}")
        if "lang" in request.query_params:
            response.set_cookie("lang", request.query_params["lang"])
        return response


@pytest.fixture
def counter() -> Counter:
    return Counter()


def create_client(counter: Counter, ttl: float) -> httpx.AsyncClient:
    app = Starlette(routes=[Route("/{path:path}", counter.respond, methods=["GET", "POST"])])
    transport = httpx.ASGITransport(AnonymousPageCache(app, ttl=ttl))
    return httpx.AsyncClient(transport=transport, base_url="http://eva")


@pytest.fixture
async def client(counter: Counter) -> AsyncIterator[httpx.AsyncClient]:
    async with create_client(counter, 600) as client:
        yield client


async def test_a_hit_has_the_same_body_and_headers(client: httpx.AsyncClient) -> None:
    first, second = await client.get("/looks/1"), await client.get("/looks/1")
    assert (first.text, first.headers) == (second.text, second.headers)


@pytest.mark.parametrize("path", ["/me", "/me/looks", "/try", "/static/eva.css", "/api/judge", "/admin", "/pictures/a"])
async def test_only_public_pages_are_cached(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).text != (await client.get(path)).text


@pytest.mark.parametrize(
    "headers",
    [
        [("Cookie", "visitor=x")],
        [("Cookie", "lang=ko; __Host-visitor=x")],
        [("Cookie", "lang=en"), ("Cookie", "visitor=x")],
        [("Cookie", ""), ("Cookie", "visitor=x")],
        [("Authorization", "Basic x")],
        [("User-Agent", "facebookexternalhit/1.1; kakaotalk-scrap/1.0")],
    ],
)
async def test_a_request_with_a_cookie_or_credentials_or_of_a_crawler_bypasses_the_cache(
    client: httpx.AsyncClient, headers: list[tuple[str, str]]
) -> None:
    cached = (await client.get("/")).text
    assert (
        len({cached, (await client.get("/", headers=headers)).text, (await client.get("/", headers=headers)).text}) == 3
    )
    assert (await client.get("/")).text == cached


async def test_languages_and_urls_are_cached_separately(client: httpx.AsyncClient) -> None:
    requests = [("/", "ko"), ("/", "en"), ("/?when=all", "ko"), ("/styles/mode", "ko")]
    # A page names its own address, so that no visitor may choose the one that others get.
    requests += [("https://eva/", "ko"), ("http://evil.example/", "ko")]
    pages = [(await client.get(path, headers={"Accept-Language": language})).text for path, language in requests]
    assert len(set(pages)) == len(requests)
    korean = (await client.get("/", headers={"Accept-Language": "ko-KR,ko;q=0.9"})).text
    assert korean == pages[0]
    assert (await client.get("/", headers={"Cookie": "lang=en", "Accept-Language": "ko"})).text != korean


async def test_raw_headers_are_not_kept(counter: Counter) -> None:
    cache = AnonymousPageCache(Starlette(routes=[Route("/{path:path}", counter.respond)]), ttl=600)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(cache), base_url="http://eva") as client:
        for number in range(10):
            long = "x" * 20_000 + str(number)
            await client.get("/", headers={"Accept-Language": long, "Accept": long, "User-Agent": long, "X-Any": long})
            await client.get(f"/?x={long}")
            await client.get(f"/looks/{long}")
            await client.get("/", headers={"Host": long})
    assert len(cache._pages) == 1
    assert sum(len(str(key)) for key in cache._pages) < 300


async def test_errors_and_cookies_are_not_cached(client: httpx.AsyncClient, counter: Counter) -> None:
    pages = []
    for _ in range(2):
        pages.append(await client.get("/?lang=ko"))
        client.cookies.clear()
    assert all("set-cookie" in page.headers for page in pages)
    assert pages[0].text != pages[1].text
    counter.fails = True
    assert (await client.get("/")).status_code == 500
    counter.fails = False
    page = await client.get("/")
    assert page.status_code == 200
    assert (await client.get("/")).text == page.text, "the error does not keep later pages out of the cache"
    assert (await client.post("/")).text != (await client.post("/")).text


async def test_an_error_response_is_produced_once_per_request(client: httpx.AsyncClient, counter: Counter) -> None:
    counter.fails = True
    for count in (1, 2):
        assert (await client.get("/")).status_code == 500
        assert counter.requests == count


async def test_an_application_that_raises_is_asked_again() -> None:
    tried = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        tried.append(scope["path"])
        raise LookupError("a bug")

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(AnonymousPageCache(app, ttl=600)), base_url="http://eva"
    ) as client:
        for _ in range(2):
            with pytest.raises(LookupError, match="a bug"):
                await client.get("/")
    assert tried == ["/", "/"]


async def test_concurrent_requests_share_one_response(client: httpx.AsyncClient, counter: Counter) -> None:
    counter.gate.clear()
    clients = [asyncio.create_task(client.get("/")) for _ in range(20)]
    await asyncio.sleep(0.05)
    counter.gate.set()
    assert {(await response).text for response in clients} == {"1 None"}


async def test_a_cancelled_request_does_not_fail_the_others(client: httpx.AsyncClient, counter: Counter) -> None:
    counter.gate.clear()
    clients = [asyncio.create_task(client.get("/")) for _ in range(3)]
    await asyncio.sleep(0.05)
    clients[0].cancel()
    counter.gate.set()
    assert [(await response).status_code for response in clients[1:]] == [200, 200]


async def test_a_stalled_client_does_not_delay_others(counter: Counter) -> None:
    app = AnonymousPageCache(Starlette(routes=[Route("/{path:path}", counter.respond)]), ttl=600)
    scope = {"type": "http", "method": "GET", "path": "/", "scheme": "http", "query_string": b"", "headers": []}
    blocked = asyncio.Event()

    async def receive() -> Message:
        return {"type": "http.request"}

    async def never_sent(message: Message) -> None:
        blocked.set()
        await asyncio.Event().wait()

    stalled = asyncio.create_task(app(dict(scope), receive, never_sent))
    await blocked.wait()
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await asyncio.wait_for(app(dict(scope), receive, send), 60)
    assert sent[1]["body"] == b"1 None"
    stalled.cancel()


async def test_pages_expire_and_are_bounded(counter: Counter) -> None:
    async with create_client(counter, 0.05) as client:
        first = (await client.get("/")).text
        await asyncio.sleep(0.1)
        assert (await client.get("/")).text != first
    async with create_client(counter, 600) as client:
        first = (await client.get("/")).text
        for number in range(MAX_PAGES):
            await client.get(f"/looks/{number}")
        assert (await client.get("/")).text != first


async def test_pages_do_not_stay_in_memory(counter: Counter) -> None:
    app = Starlette(routes=[Route("/{path:path}", counter.respond)])
    cache = AnonymousPageCache(app, ttl=0.5)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(cache), base_url="http://eva") as client:
        await client.get("/people/Zebulon")
        assert len(cache._pages) == 1
        async with asyncio.timeout(30):
            while cache._pages:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
