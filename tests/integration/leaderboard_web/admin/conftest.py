"""A moderator, and reported looks."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from bot.app import BotApplication
from core.db import leaderboard, looks, moderation, people, schema
from core.db.identities import create_identity
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import IdentityProvider
from core.i18n.translations import Language
from core.resources import Resources
from core.signing import VisitorTokenSigner, load_secret_key
from core.vision.classifier import BUNDLED_MODEL_DIR, StyleClassifier
from core.vision.fake_backend import FakeBackend
from core.vision.model_card import load_model_card
from leaderboard_web.app import create_app
from tests.factories import create_look, create_person, store_images
from tests.harness import make_application

ADMIN = "4711"
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin", "Accept-Language": "en"}


@pytest.fixture
def service(resources: Resources) -> BotApplication:
    classifier = StyleClassifier(FakeBackend([]), load_model_card(BUNDLED_MODEL_DIR / "model.json"))
    return make_application(
        resources, classifier, admins=(f"telegram:{ADMIN}", "kakao:unknown"), writes_per_minute=10000
    )


class ClientFactory:
    """Creates clients of the site that are logged in as a person."""

    def __init__(self, service: BotApplication, samples: Path) -> None:
        self._transport = httpx.ASGITransport(create_app(service, samples=samples))
        self._resources, self._signer = service.resources, VisitorTokenSigner(load_secret_key(service.settings))
        self._clients: list[httpx.AsyncClient] = []

    async def __call__(self, person: Person | None) -> httpx.AsyncClient:
        client = httpx.AsyncClient(transport=self._transport, base_url="http://eva", headers=SAME_ORIGIN)
        self._clients.append(client)
        if person is not None:
            token = self._signer.issue()
            async with self._resources.database.transaction() as connection:
                assert await create_identity(
                    connection, person.id, IdentityProvider.WEB, self._signer.verify(token) or ""
                )
            client.cookies.set("visitor", token)
        return client

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()


@pytest.fixture
async def as_person(service: BotApplication, samples: Path) -> AsyncIterator[ClientFactory]:
    clients = ClientFactory(service, samples)
    yield clients
    await clients.close()


@pytest.fixture
async def moderator(resources: Resources) -> Person:
    async with resources.database.transaction() as connection:
        person = await people.get_or_create_by_identity(
            connection, IdentityProvider.TELEGRAM, ADMIN, language=Language.EN
        )
        assert await people.update_display_name(connection, person.id, "Hana")
        return person


@pytest.fixture
async def admin(as_person: ClientFactory, moderator: Person) -> httpx.AsyncClient:
    return await as_person(moderator)


async def add_shared_look(resources: Resources, owner: Person | None = None, *, name: str | None = None) -> Look:
    async with resources.database.transaction() as connection:
        owner = owner or await create_person(connection)
        if name is not None:
            assert await people.update_display_name(connection, owner.id, name)
        look = await store_images(resources, await create_look(connection, owner.id))
        assert await looks.share(connection, look.id)
        shared = await looks.get(connection, look.id)
    assert shared is not None
    return shared


async def report(resources: Resources, look_id: UUID, times: int, reason: str = "") -> None:
    for _ in range(times):
        async with resources.database.transaction() as connection:
            assert await moderation.create_report(connection, look_id, (await create_person(connection)).id, reason)


async def public_look_ids(resources: Resources) -> set[UUID]:
    async with resources.database.transaction() as connection:
        return {entry.look.id for entry in await leaderboard.get_page(connection, limit=100)}


async def list_log_rows(resources: Resources) -> list[tuple[str, UUID | None, UUID | None, UUID | None]]:
    table = schema.moderation_log
    async with resources.database.transaction() as connection:
        rows = await connection.execute(select(table).order_by(table.c.id))
        return [(row.action, row.moderator_id, row.look_id, row.person_id) for row in rows]
