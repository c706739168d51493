"""Concurrent reactions to one look, over real connections."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from bot.app import BotApplication
from core.db import looks, people, schema
from core.db.identities import create_identity
from core.db.schema import IdentityProvider
from core.resources import Resources
from core.signing import VisitorTokenSigner, load_secret_key
from core.vision.classifier import BUNDLED_MODEL_DIR, StyleClassifier
from core.vision.fake_backend import FakeBackend
from core.vision.model_card import load_model_card
from leaderboard_web.app import create_app
from tests.factories import create_look, create_person, store_images
from tests.harness import make_application
from webhooks.server import serve

CLIENT_COUNT = 50


@pytest.fixture
def service(resources: Resources) -> BotApplication:
    classifier = StyleClassifier(FakeBackend([]), load_model_card(BUNDLED_MODEL_DIR / "model.json"))
    return make_application(resources, classifier, writes_per_minute=10000, new_visitors_per_ip_per_hour=10000)


@pytest.fixture
async def site(service: BotApplication, samples: Path) -> AsyncIterator[str]:
    """The site on a real socket."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.ensure_future(serve(create_app(service, samples=samples), listener)())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def test_concurrent_hearts_are_counted_once_per_person(
    site: str, resources: Resources, service: BotApplication
) -> None:
    async with resources.database.transaction() as connection:
        owner = await create_person(connection)
        assert await people.update_display_name(connection, owner.id, "Mina")
        look = await store_images(resources, await create_look(connection, owner.id))
        assert await looks.share(connection, look.id)
    visitors = VisitorTokenSigner(load_secret_key(service.settings))
    tokens = [visitors.issue() for _ in range(CLIENT_COUNT)]
    async with resources.database.transaction() as connection:
        for token in tokens:
            person_id = (await create_person(connection)).id
            await create_identity(connection, person_id, IdentityProvider.WEB, visitors.verify(token) or "")
    limits = httpx.Limits(max_connections=CLIENT_COUNT, keepalive_expiry=1)
    async with httpx.AsyncClient(base_url=site, limits=limits, timeout=60, trust_env=False) as client:

        async def react(token: str, operation: str) -> None:
            headers = {"Cookie": f"visitor={token}", "Accept": "application/json", "Sec-Fetch-Site": "same-origin"}
            reply = await client.post(f"/looks/{look.id}/{operation}", headers=headers)
            assert reply.status_code == 200, reply.text

        async def hearts() -> tuple[int, int]:
            async with resources.database.transaction() as connection:
                found = await looks.get(connection, look.id)
                rows = select(func.count()).where(schema.hearts.c.look_id == look.id)
                assert found is not None
                return found.hearts, (await connection.execute(rows)).scalar_one()

        # Two concurrent requests of each visitor.
        await asyncio.gather(*(react(token, "heart") for token in tokens * 2))
        assert await hearts() == (CLIENT_COUNT, CLIENT_COUNT)
        half = tokens[: CLIENT_COUNT // 2]
        await asyncio.gather(*(react(token, "unheart") for token in half * 2))
        assert await hearts() == (CLIENT_COUNT - len(half), CLIENT_COUNT - len(half))
        # Concurrent opposite requests may end either way, but the counter must match the rows.
        mixed = [react(token, operation) for token in tokens for operation in ("heart", "unheart")]
        await asyncio.gather(*mixed)
        count, rows = await hearts()
        assert count == rows
