"""Somebody disconnects the login in Kakao's own settings, and Kakao says so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from core import accounts, retention
from core.db import people
from core.db.tables import Provider
from core.memory import Memory
from core.queue import Queue
from tests.integration.records import a_look, with_pictures
from webhooks.kakao_unlink import unlink_door

if TYPE_CHECKING:
    from uuid import UUID

KEY = {"Authorization": "KakaoAK the-admin-key"}
FIELDS = {"app_id": "1", "user_id": "3301", "referrer_type": "UNLINK_FROM_APPS"}


@pytest.fixture
async def kakao(memory: Memory) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(unlink_door(memory.database, SecretStr("the-admin-key")))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://eva") as client:
        yield client


async def somebody(memory: Memory) -> UUID:
    """Logged in with Kakao, with a look and a session."""
    async with memory.database.begin() as connection:
        person = await accounts.join(connection, None, Provider.KAKAO_LOGIN, "3301", language="ko")
        await accounts.enter(connection, person, "browser", instead_of=None)
        await with_pictures(memory, await a_look(connection, person))
    return person


async def left(memory: Memory, person: UUID) -> tuple[bool, list[Provider]]:
    async with Queue(memory.database.conninfo, retention.tasks) as queue:
        await queue.work({"memory": memory}, until_empty=True)
    async with memory.database.begin() as connection:
        found = await people.get(connection, person)
        return found is not None, [each.provider for each in await people.identities_of(connection, person)]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_who_has_nothing_else_is_forgotten(memory: Memory, kakao: httpx.AsyncClient, method: str) -> None:
    person = await somebody(memory)
    sent = {"params": FIELDS} if method == "GET" else {"data": FIELDS}
    for _ in range(2):
        assert (await kakao.request(method, "/kakao/unlink", headers=KEY, **sent)).status_code == 200  # type: ignore[arg-type]
    assert await left(memory, person) == (False, [])


async def test_who_still_chats_is_kept_without_the_login(memory: Memory, kakao: httpx.AsyncClient) -> None:
    person = await somebody(memory)
    async with memory.database.begin() as connection:
        await people.link(connection, person, Provider.TELEGRAM, "42")
    await kakao.post("/kakao/unlink", headers=KEY, data=FIELDS)
    assert await left(memory, person) == (True, [Provider.TELEGRAM])


@pytest.mark.parametrize("shown", [{}, {"Authorization": "KakaoAK "}, {"Authorization": "KakaoAK another"}])
async def test_nobody_else_disconnects_anybody(memory: Memory, kakao: httpx.AsyncClient, shown: dict[str, str]) -> None:
    person = await somebody(memory)
    assert (await kakao.post("/kakao/unlink", headers=shown, data=FIELDS)).status_code == 401
    assert await left(memory, person) == (True, [Provider.KAKAO_LOGIN, Provider.WEB])


@pytest.mark.parametrize("body", [b"", b"user_id=", b"user_id=%00", b"\xff\xfe", b"user_id=" + b"9" * 10_000])
async def test_odd_calls_are_answered_and_do_nothing(memory: Memory, kakao: httpx.AsyncClient, body: bytes) -> None:
    person = await somebody(memory)
    assert (await kakao.post("/kakao/unlink", headers=KEY, content=body)).status_code == 200
    assert (await left(memory, person))[0]
