"""The Telegram webhook: authentication, storage and status codes."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from core.db.database import Database
from core.resources import Resources
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend
from tests.harness import make_application
from webhooks.app import create_webhook_app
from webhooks.messengers import SECRET_HEADER

SECRET = {SECRET_HEADER: "secret"}
UPDATE = {
    "update_id": 700_001,
    "message": {
        **{"message_id": 10, "date": 1767225600, "text": "안녕"},
        "chat": {"id": 42, "type": "private"},
        "from": {"id": 42, "is_bot": False, "first_name": "Mina", "language_code": "ko"},
    },
}


def create_client(resources: Resources, secret: str | None = "secret") -> httpx.AsyncClient:
    settings = {
        "telegram_token": SecretStr("1:a"),
        "telegram_webhook_secret": None if secret is None else SecretStr(secret),
    }
    classifier = StyleClassifier(FakeBackend([]), FAKE_MODEL_CARD)
    app = create_webhook_app(make_application(resources, classifier, **settings))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://eva")


@pytest.fixture
async def client(resources: Resources) -> AsyncIterator[httpx.AsyncClient]:
    async with create_client(resources) as client:
        yield client


async def count_inbox_and_jobs(resources: Resources) -> tuple[int, int]:
    """The numbers of updates and jobs."""
    async with resources.database.transaction() as connection:
        counts = "SELECT (SELECT count(*) FROM inbox), (SELECT count(*) FROM procrastinate_jobs)"
        inbox, jobs = (await connection.execute(text(counts))).one()
        return inbox, jobs


async def test_update_is_stored_once_and_confirmed_each_time(client: httpx.AsyncClient, resources: Resources) -> None:
    for _ in range(3):
        response = await client.post("/telegram/webhook", json=UPDATE, headers=SECRET)
        assert (response.status_code, response.content) == (200, b"")
    assert await count_inbox_and_jobs(resources) == (1, 1)


@pytest.mark.parametrize(
    "headers", [{}, {SECRET_HEADER: ""}, {SECRET_HEADER: "wrong"}, {SECRET_HEADER: "비밀".encode()}]
)
async def test_wrong_secret_is_unauthorized(
    client: httpx.AsyncClient, resources: Resources, headers: dict[str, str | bytes]
) -> None:
    assert (await client.post("/telegram/webhook", json=UPDATE, headers=headers)).status_code == 401  # type: ignore[arg-type]
    assert await count_inbox_and_jobs(resources) == (0, 0)


async def test_everything_is_unauthorized_without_a_configured_secret(resources: Resources) -> None:
    async with create_client(resources, None) as client:
        for headers in ({}, {SECRET_HEADER: ""}, {SECRET_HEADER: "None"}):
            assert (await client.post("/telegram/webhook", json=UPDATE, headers=headers)).status_code == 401


LARGE = json.dumps(UPDATE | {"more": "x" * 1_000_000}).encode()


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"invalid", b"{}", b"[" * 100_000, b"9" * 9999, LARGE])
async def test_body_that_cannot_be_handled_is_confirmed_and_not_stored(
    client: httpx.AsyncClient, resources: Resources, body: bytes
) -> None:
    """Telegram repeats what is not confirmed, and the updates after it wait."""
    assert (await client.post("/telegram/webhook", content=body, headers=SECRET)).status_code == 200
    assert await count_inbox_and_jobs(resources) == (0, 0)
    assert (await client.post("/telegram/webhook", content=body)).status_code == 401


@pytest.mark.parametrize(
    "payload",
    [
        {"update_id": 1},
        {"update_id": 1, "message": {"text": "\0\ud800"}},
        UPDATE | {"extra": "\0\ud800", "more": float("nan")},
        {"update_id": 1, "poll": {}},
    ],
)
async def test_invalid_update_is_confirmed(client: httpx.AsyncClient, payload: object) -> None:
    response = await client.post("/telegram/webhook", content=json.dumps(payload), headers=SECRET)
    assert response.status_code == 200


async def test_update_is_not_confirmed_while_the_database_is_unreachable(resources: Resources) -> None:
    unreachable = replace(resources, database=Database("postgresql://eva@127.0.0.1:1/eva"))
    async with create_client(unreachable) as client:
        assert (await client.post("/telegram/webhook", json=UPDATE, headers=SECRET)).status_code == 503
