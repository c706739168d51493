"""Pictures are shown to those with a link of Eva's, as long as it holds."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from bot.links import picture_url
from core.memory import Memory
from core.settings import Settings
from core.storage import new_key
from core.vision.classifier import StyleClassifier
from core.vision.scripted import SCRIPTED_CARD, ScriptedEngine
from leaderboard_web.app import create_app
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
