"""The page cache in the application: anonymous pages may be old, pages of visitors are current."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from core.db import looks, people
from core.db.looks import Look
from core.db.schema import IdentityProvider
from core.i18n.translations import Language
from core.resources import Resources
from core.signing import VisitorTokenSigner
from core.vision.classifier import BUNDLED_MODEL_DIR, StyleClassifier
from core.vision.fake_backend import FakeBackend
from core.vision.model_card import load_model_card
from leaderboard_web.app import create_app
from leaderboard_web.urls import static_url
from leaderboard_web.viewer import VISITOR_COOKIE
from tests.factories import create_look, create_person, store_images
from tests.harness import make_application, serve_on_free_port
from tests.html import attributes, texts


@pytest.fixture
async def transport(resources: Resources, samples: Path) -> AsyncIterator[httpx.ASGITransport]:
    classifier = StyleClassifier(FakeBackend([]), load_model_card(BUNDLED_MODEL_DIR / "model.json"))
    yield httpx.ASGITransport(
        create_app(make_application(resources, classifier, page_cache_seconds=60), samples=samples)
    )


async def share_look_of_mina(resources: Resources) -> Look:
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
        await people.update_display_name(connection, person.id, "Mina")
        look = await store_images(resources, await create_look(connection, person.id))
        assert await looks.share(connection, look.id)
        return look


async def test_only_anonymous_visitors_get_cached_pages(transport: httpx.ASGITransport, resources: Resources) -> None:
    look = await share_look_of_mina(resources)
    anonymous, visitor = (httpx.AsyncClient(transport=transport, base_url="http://eva") for _ in range(2))
    async with anonymous, visitor:
        assert texts(await visitor.get("/"), ".heart .count") == [""]
        await visitor.post(f"/looks/{look.id}/heart")
        for path in ("/", f"/looks/{look.id}"):
            page = await visitor.get(path)
            assert texts(page, ".heart .count") == ["1"]
            assert attributes(page, ".heart button", "aria-pressed") == ["true"]
        page = await anonymous.get("/")
        assert texts(page, ".heart .count") == [""]
        assert attributes(page, ".heart button", "aria-pressed") == ["false"]
        assert texts(await anonymous.get(f"/looks/{look.id}"), ".heart .count") == ["1"]


async def test_a_page_with_blocks_is_not_cached(transport: httpx.ASGITransport, resources: Resources) -> None:
    look = await share_look_of_mina(resources)
    anonymous, visitor = (httpx.AsyncClient(transport=transport, base_url="http://eva") for _ in range(2))
    async with anonymous, visitor:
        paths = ("/", "/?when=new", "/styles", "/styles/street", f"/looks/{look.id}", "/people/Mina")
        assert all([str(look.id) in (await anonymous.get(path)).text for path in paths])
        assert (await visitor.post(f"/looks/{look.id}/block")).status_code == 303
        assert not any([str(look.id) in (await visitor.get(path)).text.replace(path, "") for path in paths])
        assert all([str(look.id) in (await anonymous.get(path)).text for path in paths])


async def share_look_of_a_visitor(resources: Resources) -> tuple[Look, str]:
    """A public look and the token of its owner's browser."""
    visitors = VisitorTokenSigner(b"secret" * 6)
    token = visitors.issue()
    async with resources.database.transaction() as connection:
        mina = await people.get_or_create_by_identity(
            connection, IdentityProvider.WEB, visitors.verify(token) or "", language=Language.EN
        )
        look = await store_images(resources, await create_look(connection, mina.id))
        assert await looks.share(connection, look.id)
    return look, token


async def test_an_unshared_look_disappears_for_its_owner_at_once(
    transport: httpx.ASGITransport, resources: Resources
) -> None:
    look, token = await share_look_of_a_visitor(resources)
    cookies = {VISITOR_COOKIE: token}
    async with httpx.AsyncClient(transport=transport, base_url="http://eva", cookies=cookies) as visitor:
        assert str(look.id) in (await visitor.get("/")).text
        await visitor.post(f"/me/looks/{look.id}", data={"do": "unshare"})
        assert str(look.id) not in (await visitor.get("/")).text


async def test_a_client_that_reads_nothing_delays_no_page_of_others(resources: Resources, samples: Path) -> None:
    classifier = StyleClassifier(FakeBackend([]), load_model_card(BUNDLED_MODEL_DIR / "model.json"))
    app = create_app(make_application(resources, classifier, page_cache_seconds=0.05), samples=samples)
    large = static_url("card-ko.jpg")
    async with serve_on_free_port(app) as address, httpx.AsyncClient(base_url=address, timeout=60) as others:
        host = httpx.URL(address).netloc.decode()
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", httpx.URL(address).port))
            for _ in range(15):
                for path in (large, "/"):
                    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
                await asyncio.sleep(0.1)
                assert (await others.get("/")).status_code == 200


async def test_a_second_cookie_header_brings_no_page_of_a_visitor_into_the_cache(
    transport: httpx.ASGITransport, resources: Resources
) -> None:
    look, token = await share_look_of_a_visitor(resources)
    url, session = f"http://eva/looks/{look.id}", ("Cookie", f"{VISITOR_COOKIE}={token}")
    async with httpx.AsyncClient(transport=transport) as client:
        public = (await client.get(url)).text
        own = (await client.get(url, headers=[session])).text
        assert own != public
        for first in ("", "lang=en", "a=b; lang=en"):
            page = (await client.get(url, headers=[("Cookie", first), session])).text
            cookies = {} if not first else {"Cookie": first}
            assert page == own
            assert (await client.get(url, headers=cookies)).text != own
            assert (await client.get(url)).text == public
