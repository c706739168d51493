"""Many people at one look in one moment, over real connections."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from sqlalchemy import func, select

from core.db import looks, people, tables
from core.keys import secret_key
from core.memory import Memory
from core.vision.card import read_card
from core.vision.classifier import MODELS, StyleClassifier
from core.vision.scripted import ScriptedEngine
from core.visitors import Visitors
from leaderboard_web.app import create_app
from tests.integration.records import a_look, a_person, with_pictures
from tests.services import a_service
from webhooks.server import serve_app

if TYPE_CHECKING:
    from bot.service import Service

CROWD = 50


@pytest.fixture
def service(memory: Memory) -> Service:
    classifier = StyleClassifier(ScriptedEngine([]), read_card(MODELS / "model.json"))
    return a_service(memory, classifier, writes_per_minute=10000, newcomers_per_hour=10000)


@pytest.fixture
async def site(service: Service, samples: Path) -> AsyncIterator[str]:
    """The site on a real socket."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        serving = asyncio.ensure_future(serve_app(create_app(service, samples=samples), door)())
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def test_fifty_hearts_at_once_are_fifty_and_each_persons_is_one(
    site: str, memory: Memory, service: Service
) -> None:
    async with memory.database.begin() as connection:
        owner = await a_person(connection)
        assert await people.set_name(connection, owner.id, "Mina")
        look = await with_pictures(memory, await a_look(connection, owner.id))
        assert await looks.share(connection, look.id)
    visitors = Visitors(secret_key(service.settings))
    tokens = [visitors.new() for _ in range(CROWD)]
    limits = httpx.Limits(max_connections=CROWD)
    async with httpx.AsyncClient(base_url=site, limits=limits, timeout=60, trust_env=False) as client:

        async def press(token: str, what: str) -> None:
            headers = {"Cookie": f"visitor={token}", "Accept": "application/json", "Sec-Fetch-Site": "same-origin"}
            reply = await client.post(f"/looks/{look.id}/{what}", headers=headers)
            assert reply.status_code == 200, reply.text

        async def hearts() -> tuple[int, int]:
            async with memory.database.begin() as connection:
                found = await looks.get(connection, look.id)
                rows = select(func.count()).where(tables.hearts.c.look_id == look.id)
                assert found is not None
                return found.hearts, (await connection.execute(rows)).scalar_one()

        # Everybody presses twice in the same moment, and nobody was here before.
        await asyncio.gather(*(press(token, "heart") for token in tokens * 2))
        assert await hearts() == (CROWD, CROWD)
        half = tokens[: CROWD // 2]
        await asyncio.gather(*(press(token, "unheart") for token in half * 2))
        assert await hearts() == (CROWD - len(half), CROWD - len(half))
        # Giving and taking back at once leaves either, but never a count that differs from the hearts.
        mixed = [press(token, what) for token in tokens for what in ("heart", "unheart")]
        await asyncio.gather(*mixed)
        count, rows = await hearts()
        assert count == rows
