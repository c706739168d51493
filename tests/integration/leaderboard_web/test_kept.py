"""What strangers see for a moment longer, and what everybody sees at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from core.db import looks, people
from core.db.tables import Provider
from core.memory import Memory
from core.vision.card import read_card
from core.vision.classifier import MODELS, StyleClassifier
from core.vision.scripted import ScriptedEngine
from core.visitors import Visitors
from leaderboard_web.app import create_app
from leaderboard_web.visitors import VISITOR_COOKIE
from tests.integration.records import a_look, a_person, with_pictures
from tests.services import a_service


@pytest.fixture
async def transport(memory: Memory, samples: Path) -> AsyncIterator[httpx.ASGITransport]:
    classifier = StyleClassifier(ScriptedEngine([]), read_card(MODELS / "model.json"))
    yield httpx.ASGITransport(create_app(a_service(memory, classifier, keep_pages=60), samples=samples))


async def test_strangers_see_the_last_moment_and_a_visitor_their_own_heart_at_once(
    transport: httpx.ASGITransport, memory: Memory
) -> None:
    async with memory.database.begin() as connection:
        person = await a_person(connection)
        await people.set_name(connection, person.id, "Mina")
        look = await with_pictures(memory, await a_look(connection, person.id))
        assert await looks.share(connection, look.id)
    stranger, visitor = (httpx.AsyncClient(transport=transport, base_url="http://eva") for _ in range(2))
    async with stranger, visitor:
        none, one = '<span class="count">0</span>', '<span class="count">1</span>'
        assert none in (await visitor.get("/")).text
        await visitor.post(f"/looks/{look.id}/heart")
        for path in ("/", f"/looks/{look.id}"):
            page = (await visitor.get(path)).text
            assert one in page
            assert 'aria-pressed="true"' in page
        page = (await stranger.get("/")).text
        assert none in page
        assert 'aria-pressed="true"' not in page
        assert one in (await stranger.get(f"/looks/{look.id}")).text


async def test_what_a_visitor_takes_back_is_off_their_board_at_once(
    transport: httpx.ASGITransport, memory: Memory
) -> None:
    visitors = Visitors(b"secret" * 6)
    token = visitors.new()
    async with memory.database.begin() as connection:
        mina = await people.meet(connection, Provider.WEB, visitors.key_of(token) or "", language="en")
        look = await with_pictures(memory, await a_look(connection, mina.id))
        assert await looks.share(connection, look.id)
    cookies = {VISITOR_COOKIE: token}
    async with httpx.AsyncClient(transport=transport, base_url="http://eva", cookies=cookies) as visitor:
        assert str(look.id) in (await visitor.get("/")).text
        await visitor.post(f"/me/looks/{look.id}", data={"do": "unshare"})
        assert str(look.id) not in (await visitor.get("/")).text
