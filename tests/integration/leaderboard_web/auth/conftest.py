"""Browsers, and providers that can forge their answers."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from core.db import looks, schema
from core.db.identities import get_identity
from core.db.schema import IdentityProvider
from core.i18n.translations import Language
from core.resources import Resources
from core.vision.classifier import BUNDLED_MODEL_DIR, StyleClassifier
from core.vision.fake_backend import FakeBackend
from core.vision.model_card import load_model_card
from leaderboard_web.app import create_app
from leaderboard_web.viewer import VISITOR_COOKIE
from tests.factories import create_look, create_person
from tests.fake_oauth_providers import FakeOAuthProviders
from tests.harness import make_application

EN = Language.EN
SITE = "http://eva.example"
BrowserFactory = Callable[[], httpx.AsyncClient]


@pytest.fixture
def logins() -> Iterator[FakeOAuthProviders]:
    with FakeOAuthProviders() as fake:
        yield fake


@pytest.fixture
def site(resources: Resources, samples: Path, logins: FakeOAuthProviders) -> FastAPI:
    return create_site(resources, samples, **logins.environment)


def create_site(resources: Resources, samples: Path, **settings: Any) -> FastAPI:
    classifier = StyleClassifier(FakeBackend([]), load_model_card(BUNDLED_MODEL_DIR / "model.json"))
    return create_app(make_application(resources, classifier, **({"public_url": SITE} | settings)), samples=samples)


@pytest.fixture
async def browser(site: FastAPI) -> AsyncIterator[BrowserFactory]:
    """Creates clients that send requests for the site to the application, and others over the network."""
    async with AsyncExitStack() as stack:

        def start() -> httpx.AsyncClient:
            client = httpx.AsyncClient(
                mounts={SITE: httpx.ASGITransport(site)}, base_url=SITE, headers={"Accept-Language": "en"}
            )
            stack.push_async_callback(client.aclose)
            return client

        yield start


@pytest.fixture
def mina(browser: BrowserFactory) -> httpx.AsyncClient:
    return browser()


async def log_in(client: httpx.AsyncClient, method: str = "kakao", **params: str) -> httpx.Response:
    """Follow all redirects of a login."""
    reply = await client.get(f"/login/{method}", params=params, follow_redirects=True)
    assert reply.url.host == "eva.example"
    return reply


async def answer_confirmation(client: httpx.AsyncClient, answer: str) -> str:
    """Answer the question that follows a login, and return where it leads."""
    reply = await client.post("/login/join", data={"do": answer})
    assert reply.status_code == 303
    return reply.headers["location"]


async def get_session_person_id(resources: Resources, client: httpx.AsyncClient) -> UUID | None:
    """The person of the client's session."""
    key = (client.cookies.get(VISITOR_COOKIE) or "").partition(".")[0]
    async with resources.database.transaction() as connection:
        identity = await get_identity(connection, IdentityProvider.WEB, key)
    return None if identity is None else identity.person_id


async def get_owner_id(resources: Resources, provider: IdentityProvider, subject: str) -> UUID | None:
    async with resources.database.transaction() as connection:
        identity = await get_identity(connection, provider, subject)
    return None if identity is None else identity.person_id


async def create_visitor(resources: Resources, client: httpx.AsyncClient) -> UUID:
    """Create an anonymous visitor by a heart."""
    async with resources.database.transaction() as connection:
        look = await create_look(connection, (await create_person(connection)).id)
        assert await looks.share(connection, look.id)
    assert (await client.post(f"/looks/{look.id}/heart")).status_code == 303
    visitor = await get_session_person_id(resources, client)
    assert visitor is not None
    return visitor


async def count(resources: Resources, name: str) -> int:
    async with resources.database.transaction() as connection:
        statement = select(func.count()).select_from(schema.metadata.tables[name])
        return (await connection.execute(statement)).scalar_one()
