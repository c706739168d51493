"""Pictures are shown to those with a link of Eva's, as long as it holds."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from bot.links import picture_url
from core.db import looks, moderation, reports
from core.memory import Memory
from core.settings import Settings
from core.storage import new_key
from core.vision.classifier import StyleClassifier
from core.vision.scripted import SCRIPTED_CARD, ScriptedEngine
from leaderboard_web.app import create_app
from leaderboard_web.pictures import picture_path, shared_path, shared_thumb_path, thumb_path
from tests.integration.records import a_look, a_person
from tests.pictures import encode, scene
from tests.services import a_service

SETTINGS = Settings(public_url="http://eva")  # type: ignore[arg-type]
JPEG = b"\xff\xd8 a picture"


@pytest.fixture
def client(memory: Memory) -> httpx.AsyncClient:
    classifier = StyleClassifier(ScriptedEngine([]), SCRIPTED_CARD)
    app = create_app(a_service(memory, classifier), samples=Path("nowhere"))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://eva")


async def test_link_opens_its_picture_and_no_other(client: httpx.AsyncClient, memory: Memory) -> None:
    key, other = new_key(), new_key()
    await memory.storage.put(key, JPEG)
    await memory.storage.put(other, JPEG)
    url = picture_url(SETTINGS, memory.links, key, timedelta(minutes=1))
    assert url is not None

    shown = await client.get(url)
    assert (shown.status_code, shown.content, shown.headers["content-type"]) == (200, JPEG, "image/jpeg")
    assert "private" in shown.headers["cache-control"]
    assert (await client.get(url.replace(key, other))).status_code == 403
    assert (await client.get(url.partition("?")[0])).status_code == 403


async def test_link_ends(client: httpx.AsyncClient, memory: Memory) -> None:
    key = new_key()
    await memory.storage.put(key, JPEG)
    old = picture_url(SETTINGS, memory.links, key, timedelta(seconds=-5))
    assert old is not None
    assert (await client.get(old)).status_code == 403


async def test_a_link_for_everybody_ends_with_the_look_on_the_board(client: httpx.AsyncClient, memory: Memory) -> None:
    async def opened(url: str | None) -> int:
        assert url is not None
        return (await client.get(url)).status_code

    async with memory.database.begin() as connection:
        owner = (await a_person(connection)).id
        look, other = [await a_look(connection, owner, width=800, height=1200) for _ in range(2)]
        for each in (look, other):
            assert await looks.share(connection, each.id)
    assert look.photo_key is not None
    assert look.cam_key is not None
    for each in (look, other):
        await memory.storage.put(each.photo_key or "", encode(scene(800, 1200)))
    await memory.storage.put(look.cam_key, JPEG)
    links = memory.links
    shared = [shared_path(links, look, key) for key in (look.photo_key, look.cam_key)]
    everybodys = [*shared, shared_thumb_path(links, look)]
    owners = [*(picture_path(links, key) for key in (look.photo_key, look.cam_key)), thumb_path(links, look)]
    assert [await opened(url) for url in everybodys + owners] == [200] * 6

    for taken in (f"/pictures/{look.photo_key}", f"/shared/{other.id}/{look.photo_key}"):
        assert await opened(f"{taken}?{shared[0].partition('?')[2]}") == 403, "nobody makes another link of it"
    for count in range(3):
        assert [await opened(url) for url in everybodys] == [200] * 3, count
        async with memory.database.begin() as connection:
            await reports.add(connection, look.id, (await a_person(connection)).id)
    assert [await opened(url) for url in everybodys] == [404] * 3, "held"
    async with memory.database.begin() as connection:
        await moderation.settle(connection, look.id, release=True)
    assert [await opened(url) for url in everybodys] == [200] * 3, "a moderator let it go"
    async with memory.database.begin() as connection:
        await looks.unshare(connection, look.id)
    assert [await opened(url) for url in everybodys] == [404] * 3, "taken back"
    assert [await opened(url) for url in owners] == [200] * 3, "its owner sees it all the while"
    assert await opened(f"/shared/1/{look.photo_key}?t=1") == 404


async def test_deleted_picture_is_not_found(client: httpx.AsyncClient, memory: Memory) -> None:
    url = picture_url(SETTINGS, memory.links, new_key(), timedelta(minutes=1))
    assert url is not None
    assert (await client.get(url)).status_code == 404


@pytest.mark.parametrize("key", ["../secret.key", "ab/%2e%2e/secret", "00"])
async def test_nothing_else_is_reached(client: httpx.AsyncClient, memory: Memory, key: str) -> None:
    token = memory.links.sign(key, timedelta(minutes=1))
    assert (await client.get(f"/pictures/{key}", params={"t": token})).status_code in {403, 404}


def test_without_a_public_address_there_is_no_link(memory: Memory) -> None:
    assert picture_url(Settings(), memory.links, new_key(), timedelta(minutes=1)) is None
