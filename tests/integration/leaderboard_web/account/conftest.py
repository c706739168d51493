"""Browsers and data for the tests of the account pages."""

from collections.abc import AsyncIterator
from html import unescape
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from core.db import (
    looks,
    people,
)
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import IdentityProvider
from core.i18n.translations import Language
from core.resources import Resources
from core.signing import VisitorTokenSigner
from leaderboard_web.viewer import VISITOR_COOKIE
from tests.factories import create_look, create_person, store_images
from tests.html import attributes

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
SECRET = b"secret" * 6


@pytest.fixture
async def client(site: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(site)
    headers = {"Accept-Language": "en", **SAME_ORIGIN}
    async with httpx.AsyncClient(transport=transport, base_url="http://eva", headers=headers) as client:
        yield client


@pytest.fixture
async def mina(client: httpx.AsyncClient, resources: Resources) -> Person:
    """The person of the client's session."""
    return await start_session(client, resources)


async def start_session(client: httpx.AsyncClient, resources: Resources) -> Person:
    """Give the client the session of a new person."""
    visitors = VisitorTokenSigner(SECRET)
    token = visitors.issue()
    client.cookies.set(VISITOR_COOKIE, token)
    async with resources.database.transaction() as connection:
        return await people.get_or_create_by_identity(
            connection, IdentityProvider.WEB, visitors.verify(token) or "", language=Language.EN
        )


async def add_look(resources: Resources, person_id: UUID, *, shared: bool = False, **more: Any) -> Look:
    """Add a look with stored images."""
    async with resources.database.transaction() as connection:
        look = await store_images(resources, await create_look(connection, person_id, **more))
        if shared:
            assert await looks.share(connection, look.id)
    return await get_look(resources, look)


async def get_look(resources: Resources, look: Look) -> Look:
    async with resources.database.transaction() as connection:
        current = await looks.get(connection, look.id)
    assert current is not None
    return current


async def get_person(resources: Resources, person: Person) -> Person | None:
    async with resources.database.transaction() as connection:
        return await people.get(connection, person.id)


async def add_person(resources: Resources, name: str = "Jun") -> Person:
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
        assert await people.update_display_name(connection, person.id, name)
    return person


def look_ids(page: httpx.Response) -> list[str]:
    return [href.rpartition("/")[2] for href in attributes(page, "a.stretched-link", "href")]


def page_text(page: httpx.Response) -> str:
    return unescape(page.text)
