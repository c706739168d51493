"""The live board: what open pages are told, by whom they may be displaced, and how streams end."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from structlog.testing import capture_logs

from core.db import looks, people, reactions, relations
from core.db.account_merge import merge_people
from core.db.schema import IdentityProvider
from core.i18n.translations import Language
from core.resources import Resources
from core.runtime import GracefulShutdown
from core.services import accounts
from leaderboard_web.app import create_app
from leaderboard_web.board_feed import MAX_PENDING, RESYNC, BoardFeed, BoardStream, FeedTimings, StreamViewer
from leaderboard_web.routes.live_board import LIVE_PATH
from tests.factories import create_look, create_person, make_classifier, remove_look, store_images
from tests.harness import make_application, serve_on_free_port

MESSAGE = bytes(100)
FAST = FeedTimings(collect=0.01, reconnect=0.01)
LISTENERS = "SELECT {} FROM pg_stat_activity WHERE application_name = 'eva board' AND datname = current_database()"


@pytest.fixture
async def feed(resources: Resources) -> AsyncIterator[BoardFeed]:
    opened = BoardFeed(resources.database, max_streams=4, timings=FAST)
    yield opened
    opened.close()


async def ask(resources: Resources, column: str) -> Any:
    async with resources.database.connection() as connection:
        return (await connection.execute(text(LISTENERS.format(column)))).scalar_one()


async def wait_for_listener(resources: Resources, count: int) -> None:
    async with asyncio.timeout(60):
        while await ask(resources, "count(*) FILTER (WHERE query LIKE 'LISTEN%' AND state = 'idle')") != count:  # noqa: ASYNC110  (PostgreSQL tells nobody)
            await asyncio.sleep(0.01)


async def share_look(resources: Resources) -> UUID:
    async with resources.database.transaction() as connection:
        look = await store_images(resources, await create_look(connection, (await create_person(connection)).id))
        assert await looks.share(connection, look.id)
    return look.id


async def give_heart(resources: Resources, look_id: UUID) -> UUID:
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
        await reactions.create_heart(connection, look_id, person.id)
    return person.id


class FindPerson:
    """Reads whom a person sees, as the route does; tells when it has."""

    def __init__(self, resources: Resources, person_id: UUID) -> None:
        self.has_found = asyncio.Event()
        self._database, self._person_id = resources.database, person_id

    async def __call__(self) -> StreamViewer:
        async with self._database.connection() as connection:
            hidden = await relations.list_hidden(connection, self._person_id)
        self.has_found.set()
        return StreamViewer(person_id=self._person_id, hidden=hidden)


async def collect(stream: BoardStream) -> list[bytes]:
    """All messages of a stream that ends."""
    async with asyncio.timeout(60):
        return [message async for message in stream]


async def read_change(stream: BoardStream) -> Mapping[str, Any]:
    """The next change, without the kinds that are empty."""
    async with asyncio.timeout(60):
        async for message in stream:
            prefix, _, content = message.partition(b"data: ")
            assert prefix == b""
            return {kind: value for kind, value in json.loads(content).items() if value}
    raise AssertionError("the stream has ended")


async def test_pages_learn_of_hearts_new_looks_and_looks_that_are_gone(resources: Resources, feed: BoardFeed) -> None:
    with feed.open("a") as stream, feed.open("b") as other:
        await wait_for_listener(resources, 1)
        look_id = await share_look(resources)
        assert await read_change(stream) == {"new": {str(look_id): "street"}}
        assert await read_change(other) == {"new": {str(look_id): "street"}}
        giver = await give_heart(resources, look_id)
        assert await read_change(stream) == {"hearts": {str(look_id): 1}}
        async with resources.database.transaction() as connection:
            await people.delete_person(connection, giver)
        assert await read_change(stream) == {"hearts": {str(look_id): 0}}
        assert await remove_look(resources, look_id)
        assert await read_change(stream) == {"gone": [str(look_id)]}

        second = await share_look(resources)
        assert await read_change(stream) == {"new": {str(second): "street"}}
        async with resources.database.transaction() as connection:
            look = await looks.get(connection, second)
            assert look is not None
            await people.delete_person(connection, look.person_id)
        assert await read_change(stream) == {"gone": [str(second)]}
    await wait_for_listener(resources, 0)


async def test_nothing_is_told_of_private_looks(resources: Resources, feed: BoardFeed) -> None:
    with feed.open("a") as stream:
        await wait_for_listener(resources, 1)
        async with resources.database.transaction() as connection:
            private = await create_look(connection, (await create_person(connection)).id)
            await looks.delete(connection, private.id)
        look_id = await share_look(resources)
        assert await read_change(stream) == {"new": {str(look_id): "street"}}


async def test_a_viewer_is_not_told_of_people_whom_they_do_not_see(resources: Resources, feed: BoardFeed) -> None:
    async with resources.database.transaction() as connection:
        reader, owner = [(await create_person(connection)).id for _ in range(2)]
        assert await relations.create_block(connection, owner, reader)
    find = FindPerson(resources, reader)
    with feed.open("a", find) as stream, feed.open("b") as other:
        first = asyncio.create_task(read_change(stream))
        await find.has_found.wait()
        async with resources.database.transaction() as connection:
            look = await store_images(resources, await create_look(connection, owner))
            assert await looks.share(connection, look.id)
        seen = await share_look(resources)
        told = [await read_change(other)]
        if len(told[0]["new"]) == 1:  # the two were shared too far apart to be one message
            told.append(await read_change(other))
        assert {key for change in told for key in change["new"]} == {str(look.id), str(seen)}
        assert await first == {"new": {str(seen): "street"}}
        await give_heart(resources, look.id)
        assert await read_change(other) == {"hearts": {str(look.id): 1}}
        await give_heart(resources, seen)
        assert await read_change(stream) == {"hearts": {str(seen): 1}}

        # Their page opens another stream when whom they see changes.
        async with resources.database.transaction() as connection:
            assert await relations.delete_block(connection, owner, reader)
        assert await collect(stream) == []
        assert feed.count == 2


async def test_no_block_is_missed_while_a_stream_opens(resources: Resources, feed: BoardFeed) -> None:
    async with resources.database.transaction() as connection:
        reader, owner = [(await create_person(connection)).id for _ in range(2)]
        look = await store_images(resources, await create_look(connection, owner))
        assert await looks.share(connection, look.id)
    listeners, is_blocked = [], asyncio.Event()

    async def find_too_early() -> StreamViewer:
        listeners.append(await ask(resources, "count(*)"))
        viewer = await FindPerson(resources, reader)()
        async with resources.database.transaction() as connection:
            assert await relations.create_block(connection, owner, reader)
        is_blocked.set()
        await asyncio.sleep(0.2)  # the feed hears of the block
        return viewer

    with feed.open("a", find_too_early) as stream:
        ended = asyncio.create_task(collect(stream))
        await is_blocked.wait()
        await give_heart(resources, look.id)
        assert await ended == []
    assert listeners == [1], "the viewer is read when blocks are heard of"


async def test_a_page_asks_again_for_what_happened_while_its_viewer_was_read(
    resources: Resources, feed: BoardFeed
) -> None:
    look_id, told = await share_look(resources), asyncio.Event()

    async def find_slowly() -> StreamViewer:
        await told.wait()
        return StreamViewer(person_id=uuid4(), hidden=frozenset())

    with feed.open("a", find_slowly) as stream, feed.open("b") as other:
        first = asyncio.ensure_future(anext(aiter(stream)))
        await wait_for_listener(resources, 1)
        await give_heart(resources, look_id)
        assert await read_change(other) == {"hearts": {str(look_id): 1}}
        told.set()
        async with asyncio.timeout(60):
            assert await first == RESYNC


async def test_the_stream_of_a_person_who_was_merged_or_logged_out_ends(resources: Resources, feed: BoardFeed) -> None:
    async with resources.database.transaction() as connection:
        source, target, leaver, other = [
            await people.get_or_create_by_identity(connection, IdentityProvider.WEB, name, language=Language.EN)
            for name in ("source", "target", "leaver", "other")
        ]
    finds = [FindPerson(resources, person.id) for person in (source, leaver, other)]
    with feed.open("a", finds[0]) as of_source, feed.open("b", finds[1]) as of_leaver, feed.open("c", finds[2]) as kept:
        reads = [asyncio.create_task(collect(stream)) for stream in (of_source, of_leaver, kept)]
        await asyncio.gather(*(find.has_found.wait() for find in finds))
        async with resources.database.transaction() as connection:
            assert await merge_people(connection, source=source.id, target=target.id)
            await accounts.end_session(connection, "leaver")
        assert await asyncio.gather(*reads[:2]) == [[], []]
        assert not reads[2].done()
        kept.end()
        assert await reads[2] == []


async def test_the_stream_of_a_session_is_that_of_its_person(resources: Resources, samples: Path) -> None:
    classifier = make_classifier()
    site = create_app(make_application(resources, classifier), samples=samples)
    look_id, hidden_id = await share_look(resources), await share_look(resources)
    async with serve_on_free_port(site) as url, httpx.AsyncClient(base_url=url, timeout=60) as client:
        assert (await client.post(f"/looks/{look_id}/heart")).is_redirect
        async with resources.database.transaction() as connection:
            reader = (await connection.execute(text("SELECT person_id FROM hearts"))).scalar_one()
            owners = text("SELECT person_id FROM looks WHERE id = :look_id")
            owner = (await connection.execute(owners, {"look_id": hidden_id})).scalar_one()
            assert await relations.create_block(connection, owner, reader)
        async with open_live(client) as (_, lines):
            assert await anext(lines) == "retry: 5000"
            await wait_for_listener(resources, 1)
            await give_heart(resources, hidden_id)
            await give_heart(resources, look_id)
            async for line in lines:
                assert line != "event: visitor"
                if line.startswith("data:"):
                    assert json.loads(line.removeprefix("data: "))["hearts"] == {str(look_id): 2}
                    break


async def test_pages_ask_again_after_an_outage(resources: Resources, feed: BoardFeed) -> None:
    look_id = await share_look(resources)
    find = FindPerson(resources, uuid4())
    with feed.open("a") as stream, feed.open("b", find) as of_a_person:
        ended = asyncio.create_task(collect(of_a_person))
        await find.has_found.wait()
        assert await ask(resources, "pg_terminate_backend(pid)")
        async with asyncio.timeout(60):
            assert await anext(aiter(stream)) == RESYNC
            # A block that began meanwhile was not heard of: their page opens another stream.
            assert await ended == []
        await wait_for_listener(resources, 1)
        await give_heart(resources, look_id)
        assert await read_change(stream) == {"hearts": {str(look_id): 1}}


async def test_an_unexpected_error_is_logged_and_the_board_lives_on(
    resources: Resources, feed: BoardFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect, failed = asyncpg.Connection.add_listener, asyncio.Event()
    connections = []

    async def fail_once(connection: "asyncpg.Connection[asyncpg.Record]", *values: Any) -> None:
        connections.append(connection)
        if not failed.is_set():
            failed.set()
            raise asyncpg.InsufficientPrivilegeError("no")
        await connect(connection, *values)

    monkeypatch.setattr(asyncpg.Connection, "add_listener", fail_once)
    with feed.open("a") as stream, capture_logs() as logs:
        async with asyncio.timeout(60):
            assert await anext(aiter(stream)) == RESYNC, "the page may have missed a change"
        await wait_for_listener(resources, 1)
        look_id = await share_look(resources)
        assert await read_change(stream) == {"new": {str(look_id): "street"}}
    assert [each["event"] for each in logs if each["log_level"] == "error"] == ["board_feed_failed"]
    assert connections[0].is_closed(), "the connection of the failed attempt is given back"


async def test_many_pages_of_one_network_displace_their_own(feed: BoardFeed) -> None:
    with feed.open("a") as first, feed.open("crowd") as oldest, feed.open("crowd"), feed.open("crowd"):
        with feed.open("b") as last:
            assert [message async for message in oldest] == []
            for stream in (first, last):
                stream.put(b"x")
                assert await anext(aiter(stream)) == b"x"
        assert feed.count == 3


async def test_a_page_that_reads_nothing_is_ended(feed: BoardFeed) -> None:
    with feed.open("a") as stream:
        for _ in range(MAX_PENDING + 1):
            stream.put(b"x")
        kept = sys.getrefcount(MESSAGE)
        for _ in range(100):
            stream.put(MESSAGE)
        assert sys.getrefcount(MESSAGE) == kept, "a stream that has ended keeps nothing"
        assert [message async for message in stream] == []


@asynccontextmanager
async def open_live(client: httpx.AsyncClient) -> AsyncIterator[tuple[httpx.Response, AsyncIterator[str]]]:
    async with client.stream("GET", LIVE_PATH, headers={"Accept-Encoding": "gzip, br, zstd"}) as response:
        yield response, response.aiter_lines()


async def test_the_stream_ends_with_the_process(resources: Resources, samples: Path) -> None:
    shutdown = GracefulShutdown(60)
    classifier = make_classifier()
    site = create_app(make_application(resources, classifier), samples=samples, shutdown=shutdown)
    look_id = await share_look(resources)
    async with serve_on_free_port(site) as url, httpx.AsyncClient(base_url=url, timeout=60) as client:
        async with open_live(client) as (response, lines):
            assert response.headers["content-type"] == "text/event-stream"
            assert "content-encoding" not in response.headers
            assert "set-cookie" not in response.headers
            start = ["retry: 5000", "", "event: visitor", "data:", ""]
            assert [await anext(lines) for _ in start] == start, "the page is told that its browser has no session"
            await wait_for_listener(resources, 1)
            await give_heart(resources, look_id)
            async for line in lines:
                if line.startswith("data:"):
                    assert json.loads(line.removeprefix("data: "))["hearts"] == {str(look_id): 1}
                    break
            shutdown.begin(signal.SIGTERM)
            assert [line async for line in lines if line] == []
        await wait_for_listener(resources, 0)
        assert (await client.get(LIVE_PATH)).status_code == 204
        assert (await client.post(LIVE_PATH)).status_code in {404, 405}
        async with client.stream("GET", "/") as page:
            assert page.status_code == 200


async def test_a_request_for_the_headers_alone_opens_no_stream(site: FastAPI) -> None:
    transport = httpx.ASGITransport(site)
    async with httpx.AsyncClient(transport=transport, base_url="http://eva") as client, asyncio.timeout(60):
        response = await client.head(LIVE_PATH)
    assert response.headers["content-type"] == "text/event-stream"


async def test_a_client_that_leaves_gives_its_place_back(resources: Resources, samples: Path) -> None:
    classifier = make_classifier()
    site = create_app(make_application(resources, classifier), samples=samples)
    async with serve_on_free_port(site) as url, httpx.AsyncClient(base_url=url, timeout=60) as client:
        async with open_live(client) as (_, lines):
            assert await anext(lines) == "retry: 5000"
            await wait_for_listener(resources, 1)
        await wait_for_listener(resources, 0)
