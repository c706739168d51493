import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message

from leaderboard_web.middleware.page_cache import MAX_PAGES, AnonymousPageCache


class Desk:
    """Counts how often it was asked, and answers with that number."""

    def __init__(self) -> None:
        self.asked, self.fails = 0, False
        self.gate = asyncio.Event()
        self.gate.set()

    async def answer(self, request: Request) -> Response:
        self.asked += 1
        number = self.asked
        await self.gate.wait()
        if self.fails:
            return PlainTextResponse("trouble", 500)
        answer = PlainTextResponse(f"{number} {request.headers.get('accept-language')}")
        if "lang" in request.query_params:
            answer.set_cookie("lang", request.query_params["lang"])
        return answer


@pytest.fixture
def desk() -> Desk:
    return Desk()


def a_client(desk: Desk, seconds: float) -> httpx.AsyncClient:
    app = Starlette(routes=[Route("/{path:path}", desk.answer, methods=["GET", "POST"])])
    transport = httpx.ASGITransport(AnonymousPageCache(app, ttl=seconds))
    return httpx.AsyncClient(transport=transport, base_url="http://eva")


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    async with a_client(desk, 600) as it:
        yield it


async def test_the_next_stranger_gets_the_same_page_with_the_same_headers(client: httpx.AsyncClient) -> None:
    first, second = await client.get("/looks/1"), await client.get("/looks/1")
    assert (first.text, first.headers) == (second.text, second.headers)


@pytest.mark.parametrize("path", ["/me", "/me/looks", "/try", "/static/eva.css", "/api/judge", "/admin", "/pictures/a"])
async def test_only_public_pages_are_kept(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).text != (await client.get(path)).text


@pytest.mark.parametrize(
    "headers",
    [
        [("Cookie", "visitor=x")],
        [("Cookie", "lang=ko; __Host-visitor=x")],
        [("Cookie", "lang=en"), ("Cookie", "visitor=x")],
        [("Cookie", ""), ("Cookie", "visitor=x")],
        [("Authorization", "Basic x")],
    ],
)
async def test_a_request_with_a_cookie_or_credentials_bypasses_the_cache(
    client: httpx.AsyncClient, headers: list[tuple[str, str]]
) -> None:
    kept = (await client.get("/")).text
    assert (
        len({kept, (await client.get("/", headers=headers)).text, (await client.get("/", headers=headers)).text}) == 3
    )
    assert (await client.get("/")).text == kept


async def test_each_language_and_address_has_its_own(client: httpx.AsyncClient) -> None:
    wishes = [("/", "ko"), ("/", "en"), ("/?when=all", "ko"), ("/styles/mode", "ko")]
    pages = [(await client.get(path, headers={"Accept-Language": wish})).text for path, wish in wishes]
    assert len(set(pages)) == len(wishes)
    korean = (await client.get("/", headers={"Accept-Language": "ko-KR,ko;q=0.9"})).text
    assert korean == pages[0]
    assert (await client.get("/", headers={"Cookie": "lang=en", "Accept-Language": "ko"})).text != korean


async def test_a_page_that_sets_a_cookie_or_failed_is_not_kept(client: httpx.AsyncClient, desk: Desk) -> None:
    for _ in range(2):
        assert "set-cookie" in (await client.get("/?lang=ko")).headers
        client.cookies.clear()
    desk.fails = True
    assert (await client.get("/")).status_code == 500
    desk.fails = False
    assert (await client.get("/")).status_code == 200
    assert (await client.post("/")).text != (await client.post("/")).text


async def test_a_crowd_waits_for_one_page(client: httpx.AsyncClient, desk: Desk) -> None:
    desk.gate.clear()
    crowd = [asyncio.create_task(client.get("/")) for _ in range(20)]
    await asyncio.sleep(0.05)
    desk.gate.set()
    assert {(await each).text for each in crowd} == {"1 None"}


async def test_a_crowd_is_not_let_down_by_one_failure(client: httpx.AsyncClient, desk: Desk) -> None:
    desk.gate.clear()
    crowd = [asyncio.create_task(client.get("/")) for _ in range(3)]
    await asyncio.sleep(0.05)
    crowd[0].cancel()
    desk.gate.set()
    assert [(await each).status_code for each in crowd[1:]] == [200, 200]


async def test_a_client_that_does_not_read_delays_nobody(desk: Desk) -> None:
    app = AnonymousPageCache(Starlette(routes=[Route("/{path:path}", desk.answer)]), ttl=600)
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

    await asyncio.wait_for(app(dict(scope), receive, send), 1)
    assert sent[1]["body"] == b"1 None"
    stalled.cancel()


async def test_pages_end_and_are_not_hoarded(desk: Desk) -> None:
    async with a_client(desk, 0.05) as client:
        first = (await client.get("/")).text
        await asyncio.sleep(0.1)
        assert (await client.get("/")).text != first
    async with a_client(desk, 600) as client:
        first = (await client.get("/")).text
        for number in range(MAX_PAGES):
            await client.get(f"/looks/{number}")
        assert (await client.get("/")).text != first


async def test_nothing_is_kept_where_that_is_not_wished(desk: Desk) -> None:
    async with a_client(desk, 0) as client:
        assert (await client.get("/")).text != (await client.get("/")).text
