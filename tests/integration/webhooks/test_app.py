"""The webhooks and the site in one application."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.types import Message

from bot.app import KakaoApp
from bot.kakao.photo_jobs import PhotoJobs
from bot.kakao.skill import SkillHandler
from core.db.database import Database
from core.resources import Resources
from leaderboard_web.app import create_app
from leaderboard_web.middleware.rate_limit import PEOPLE_PER_NETWORK
from tests.factories import make_classifier
from tests.harness import make_application
from tests.html import attributes
from webhooks.app import create_webhook_app
from webhooks.messengers import SECRET_HEADER

SECRET = {SECRET_HEADER: "secret"}


def create_webhooks(resources: Resources) -> FastAPI:
    """All webhooks, without the site."""
    settings = {
        "telegram_token": SecretStr("1:a"),
        "telegram_webhook_secret": SecretStr("secret"),
        "kakao_skill_key": SecretStr("skill"),
        "kakao_admin_key": SecretStr("admin"),
        "metrics_token": SecretStr("operator-operator"),
    }
    application = make_application(resources, make_classifier(), **settings)
    kakao = KakaoApp(skill_handler=SkillHandler(application.conversation), photo_jobs=cast("PhotoJobs", None))
    return create_webhook_app(replace(application, kakao=kakao))


@pytest.fixture
async def client(resources: Resources) -> AsyncIterator[httpx.AsyncClient]:
    telegram = {"telegram_token": SecretStr("1:a"), "telegram_webhook_secret": SecretStr("secret")}
    classifier = make_classifier()
    service = make_application(resources, classifier, writes_per_minute=1, **telegram)
    app = create_webhook_app(service, create_app(service, samples=Path("nowhere")))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://eva") as client:
        yield client


async def test_webhooks_are_not_rate_limited(client: httpx.AsyncClient) -> None:
    responses = [await client.post("/telegram/webhook", json={"update_id": n}, headers=SECRET) for n in range(5)]
    assert {response.status_code for response in responses} == {200}
    origin = {"Origin": "http://eva"}
    # Twice as many as the limit, since a minute may end meanwhile.
    presses = [await client.post("/looks/none/heart", headers=origin) for _ in range(2 * PEOPLE_PER_NETWORK + 2)]
    assert 429 in {response.status_code for response in presses}


async def test_site_serves_all_other_paths(client: httpx.AsyncClient) -> None:
    board = await client.get("/")
    assert board.status_code == 200
    assert "/styles" in attributes(board, "a", "href")
    missing = await client.get("/nothing")
    assert missing.status_code == 404
    assert "content-security-policy" in missing.headers


async def test_health_checks_answer_head_requests(client: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/readyz"):
        assert (await client.head(path)).status_code == 200


async def test_messenger_that_is_not_configured_has_no_webhook(client: httpx.AsyncClient) -> None:
    assert (await client.post("/kakao/skill", headers={"Origin": "http://eva"})).status_code == 404


@pytest.mark.parametrize(
    ("path", "header"),
    [
        ("/telegram/webhook", (SECRET_HEADER.lower(), "secret")),
        ("/kakao/skill", ("x-skill-key", "skill")),
        ("/kakao/unlink", ("authorization", "KakaoAK admin")),
    ],
)
async def test_request_that_ends_early_is_no_error(resources: Resources, path: str, header: tuple[str, str]) -> None:
    app = create_webhooks(resources)
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "query_string": b""}
    await app({**scope, "headers": [tuple(part.encode() for part in header)]}, receive, send)
    assert sent[0]["status"] == 400


async def test_messengers_are_told_that_the_database_is_away_and_metrics_are_served(resources: Resources) -> None:
    app = create_webhooks(replace(resources, database=Database("postgresql://eva@127.0.0.1:1/eva")))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://eva") as client:
        update = await client.post("/telegram/webhook", json={"update_id": 1}, headers=SECRET)
        unlink = await client.get("/kakao/unlink", params={"user_id": "1"}, headers={"Authorization": "KakaoAK admin"})
        metrics = await client.get("/metrics", headers={"Authorization": "Bearer operator-operator"})
    assert [update.status_code, unlink.status_code, metrics.status_code] == [503, 503, 200]
