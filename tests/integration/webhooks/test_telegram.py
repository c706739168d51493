"""Telegram's door: who is let in, what is kept, and what Telegram is told."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import text

from core.db.engine import Database
from core.memory import Memory
from core.settings import Settings
from webhooks.telegram import HEADER, telegram_door

SECRET = {HEADER: "secret"}
UPDATE = {
    "update_id": 700_001,
    "message": {
        **{"message_id": 10, "date": 1767225600, "text": "안녕"},
        "chat": {"id": 42, "type": "private"},
        "from": {"id": 42, "is_bot": False, "first_name": "Mina", "language_code": "ko"},
    },
}


def door(memory: Memory, secret: str | None = "secret") -> httpx.AsyncClient:
    app = FastAPI()
    settings = Settings(telegram_secret=SecretStr(secret) if secret else None)
    app.include_router(telegram_door(memory, settings))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://eva")


@pytest.fixture
async def client(memory: Memory) -> AsyncIterator[httpx.AsyncClient]:
    async with door(memory) as client:
        yield client


async def kept(memory: Memory) -> tuple[int, int]:
    """Updates and jobs."""
    async with memory.database.begin() as connection:
        counts = "SELECT (SELECT count(*) FROM inbox), (SELECT count(*) FROM procrastinate_jobs)"
        inbox, jobs = (await connection.execute(text(counts))).one()
        return inbox, jobs


async def test_update_is_kept_once_and_answered_each_time(client: httpx.AsyncClient, memory: Memory) -> None:
    for _ in range(3):
        response = await client.post("/telegram/webhook", json=UPDATE, headers=SECRET)
        assert (response.status_code, response.content) == (200, b"")
    assert await kept(memory) == (1, 1)


@pytest.mark.parametrize("headers", [{}, {HEADER: ""}, {HEADER: "wrong"}, {HEADER: "비밀".encode()}])
async def test_strangers_are_not_let_in(
    client: httpx.AsyncClient, memory: Memory, headers: dict[str, str | bytes]
) -> None:
    assert (await client.post("/telegram/webhook", json=UPDATE, headers=headers)).status_code == 401  # type: ignore[arg-type]
    assert await kept(memory) == (0, 0)


async def test_nobody_is_let_in_without_a_secret(memory: Memory) -> None:
    async with door(memory, None) as client:
        for headers in ({}, {HEADER: ""}, {HEADER: "None"}):
            assert (await client.post("/telegram/webhook", json=UPDATE, headers=headers)).status_code == 401


async def test_too_much_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.post("/telegram/webhook", content=b" " * 1_000_001, headers=SECRET)
    assert response.status_code == 413


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"nonsense", b"{}", b"[" * 100_000, b"9" * 9999])
async def test_what_is_no_update_is_refused(client: httpx.AsyncClient, memory: Memory, body: bytes) -> None:
    assert (await client.post("/telegram/webhook", content=body, headers=SECRET)).status_code == 400
    assert await kept(memory) == (0, 0)


@pytest.mark.parametrize(
    "poison",
    [
        {"update_id": 1},
        {"update_id": 1, "message": {"text": "\0\ud800"}},
        UPDATE | {"extra": "\0\ud800", "more": float("nan")},
        {"update_id": 1, "poll": {}},
    ],
)
async def test_poison_does_not_come_again(client: httpx.AsyncClient, poison: object) -> None:
    response = await client.post("/telegram/webhook", content=json.dumps(poison), headers=SECRET)
    assert response.status_code == 200


async def test_telegram_comes_again_while_the_database_is_away(memory: Memory) -> None:
    away = Memory(
        database=Database("postgresql://eva@127.0.0.1:1/eva"),
        storage=memory.storage,
        links=memory.links,
        keep_private=memory.keep_private,
    )
    async with door(away) as client:
        assert (await client.post("/telegram/webhook", json=UPDATE, headers=SECRET)).status_code == 503
