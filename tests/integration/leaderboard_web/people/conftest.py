"""Visitors, and a person who shares looks."""

from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from core.db import looks, people, schema
from core.db.looks import Look
from core.db.schema import IdentityProvider
from core.i18n.translations import Language
from core.resources import Resources
from core.signing import VisitorTokenSigner
from core.styles import Style
from tests.factories import classify_scripted, create_look, store_images

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
BY_SCRIPT = {**SAME_ORIGIN, "Accept": "application/json"}
VISITORS = VisitorTokenSigner(b"secret" * 6)


def open_browser(site: FastAPI, token: str | None = None, *, address: str = "192.0.2.1") -> httpx.AsyncClient:
    cookies = {} if token is None else {"visitor": token}
    headers = {"Accept-Language": "en"}
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(site, client=(address, 1)),
        base_url="http://eva",
        headers=headers,
        cookies=cookies,
    )


@pytest.fixture
async def client(site: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with open_browser(site) as browser:
        yield browser


@pytest.fixture
def token() -> str:
    return VISITORS.issue()


@pytest.fixture
async def mina(resources: Resources, token: str) -> UUID:
    """A person with a browser session."""
    async with resources.database.transaction() as connection:
        person = await people.get_or_create_by_identity(
            connection, IdentityProvider.WEB, VISITORS.verify(token) or "", language=Language.EN
        )
        assert await people.update_display_name(connection, person.id, "Mina Kim")
        return person.id


@pytest.fixture
async def owner(site: FastAPI, token: str, mina: UUID) -> AsyncIterator[httpx.AsyncClient]:
    """The browser of Mina."""
    async with open_browser(site, token) as browser:
        yield browser


async def share_look(resources: Resources, person_id: UUID, style: Style = Style.STREET) -> Look:
    async with resources.database.transaction() as connection:
        look = await store_images(resources, await create_look(connection, person_id, verdict=classify_scripted(style)))
        assert await looks.share(connection, look.id)
        return look


async def count_rows(resources: Resources, table: str) -> int:
    async with resources.database.transaction() as connection:
        statement = select(func.count()).select_from(schema.metadata.tables[table])
        return (await connection.execute(statement)).scalar_one()
