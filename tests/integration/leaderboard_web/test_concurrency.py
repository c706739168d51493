"""Many people at one look in one moment, over real connections."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from bot.app import BotApplication
from core.db import looks, people, schema
from core.resources import Resources
from core.signing import VisitorTokenSigner, load_secret_key
from core.vision.classifier import BUNDLED_MODEL_DIR, StyleClassifier
from core.vision.fake_backend import FakeBackend
from core.vision.model_card import load_model_card
from leaderboard_web.app import create_app
from tests.factories import create_look, create_person, store_images
from tests.harness import make_application
from webhooks.server import serve

CROWD = 50


@pytest.fixture
def service(resources: Resources) -> BotApplication:
    classifier = StyleClassifier(FakeBackend([]), load_model_card(BUNDLED_MODEL_DIR / "model.json"))
    return make_application(resources, classifier, writes_per_minute=10000, new_visitors_per_ip_per_hour=10000)


@pytest.fixture
async def site(service: BotApplication, samples: Path) -> AsyncIterator[str]:
    """The site on a real socket."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        serving = asyncio.ensure_future(serve(create_app(service, samples=samples), door)())
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def test_fifty_hearts_at_once_are_fifty_and_each_persons_is_one(
    site: str, resources: Resources, service: BotApplication
) -> None:
    async with resources.database.transaction() as connection:
        owner = await create_person(connection)
        assert await people.set_display_name(connection, owner.id, "Mina")
        look = await store_images(resources, await create_look(connection, owner.id))
        assert await looks.share(connection, look.id)
    visitors = VisitorTokenSigner(load_secret_key(service.settings))
    tokens = [visitors.issue() for _ in range(CROWD)]
    limits = httpx.Limits(max_connections=CROWD)
    async with httpx.AsyncClient(base_url=site, limits=limits, timeout=60, trust_env=False) as client:

        async def press(token: str, what: str) -> None:
            headers = {"Cookie": f"visitor={token}", "Accept": "application/json", "Sec-Fetch-Site": "same-origin"}
            reply = await client.post(f"/looks/{look.id}/{what}", headers=headers)
            assert reply.status_code == 200, reply.text

        async def hearts() -> tuple[int, int]:
            async with resources.database.transaction() as connection:
                found = await looks.get(connection, look.id)
                rows = select(func.count()).where(schema.hearts.c.look_id == look.id)
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
