"""Somebody disconnects the login in Kakao's own settings, and Kakao says so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from core.db import people
from core.db.schema import IdentityProvider
from core.jobs.queue import JobQueue
from core.resources import Resources
from core.services import accounts, retention
from tests.factories import create_look, store_images
from webhooks.kakao import create_unlink_router

KEY = {"Authorization": "KakaoAK the-admin-key"}
FIELDS = {"app_id": "1", "user_id": "3301", "referrer_type": "UNLINK_FROM_APPS"}


@pytest.fixture
async def kakao(resources: Resources) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(create_unlink_router(resources.database, SecretStr("the-admin-key")))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://eva") as client:
        yield client


async def somebody(resources: Resources) -> UUID:
    """Logged in with Kakao, with a look and a session."""
    async with resources.database.transaction() as connection:
        person = await accounts.link_or_merge(connection, None, IdentityProvider.KAKAO_LOGIN, "3301", language="ko")
        await accounts.start_session(connection, person, "browser", replaces=None)
        await store_images(resources, await create_look(connection, person))
    return person


async def left(resources: Resources, person: UUID) -> tuple[bool, list[IdentityProvider]]:
    async with JobQueue(resources.database.conninfo, retention.register_tasks) as queue:
        await queue.run_worker({"resources": resources}, until_empty=True)
    async with resources.database.transaction() as connection:
        found = await people.get(connection, person)
        return found is not None, [each.provider for each in await people.list_identities(connection, person)]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_who_has_nothing_else_is_forgotten(resources: Resources, kakao: httpx.AsyncClient, method: str) -> None:
    person = await somebody(resources)
    sent = {"params": FIELDS} if method == "GET" else {"data": FIELDS}
    for _ in range(2):
        assert (await kakao.request(method, "/kakao/unlink", headers=KEY, **sent)).status_code == 200  # type: ignore[arg-type]
    assert await left(resources, person) == (False, [])


async def test_who_still_chats_is_kept_without_the_login(resources: Resources, kakao: httpx.AsyncClient) -> None:
    person = await somebody(resources)
    async with resources.database.transaction() as connection:
        await people.add_identity(connection, person, IdentityProvider.TELEGRAM, "42")
    await kakao.post("/kakao/unlink", headers=KEY, data=FIELDS)
    assert await left(resources, person) == (True, [IdentityProvider.TELEGRAM])


@pytest.mark.parametrize("shown", [{}, {"Authorization": "KakaoAK "}, {"Authorization": "KakaoAK another"}])
async def test_nobody_else_disconnects_anybody(
    resources: Resources, kakao: httpx.AsyncClient, shown: dict[str, str]
) -> None:
    person = await somebody(resources)
    assert (await kakao.post("/kakao/unlink", headers=shown, data=FIELDS)).status_code == 401
    assert await left(resources, person) == (True, [IdentityProvider.KAKAO_LOGIN, IdentityProvider.WEB])


@pytest.mark.parametrize("body", [b"", b"user_id=", b"user_id=%00", b"\xff\xfe", b"user_id=" + b"9" * 10_000])
async def test_odd_calls_are_answered_and_do_nothing(
    resources: Resources, kakao: httpx.AsyncClient, body: bytes
) -> None:
    person = await somebody(resources)
    assert (await kakao.post("/kakao/unlink", headers=KEY, content=body)).status_code == 200
    assert (await left(resources, person))[0]
