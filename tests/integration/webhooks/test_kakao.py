"""The skill webhook: authentication, and a valid reply to every request."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from bot.app import BotApplication, open_kakao_app
from bot.kakao.reply_rules import find_violations
from bot.testing.kakao import BOT_ID, FakeKakao
from core.conversation.service import ConversationService
from core.db.database import Database
from core.i18n.translations import Language, translate
from core.resources import Resources
from core.services.photo_judging import PhotoJudgingService
from core.settings import Settings
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend
from webhooks.app import create_webhook_app

KO = Language.KO
KEY = "열쇠 key"
SETTINGS = Settings(kakao_skill_key=SecretStr(KEY), kakao_bot_id=BOT_ID)
KAKAO = FakeKakao(key=KEY)


async def call(
    resources: Resources, body: Any, *, key: str = KEY, settings: Settings = SETTINGS, deadline: float = 4.3
) -> httpx.Response:
    """Call the skill; its reply must keep the rules of KakaoTalk."""
    classifier = StyleClassifier(FakeBackend([]), FAKE_MODEL_CARD)
    conversation = ConversationService(resources, PhotoJudgingService(resources, classifier), settings)
    async with open_kakao_app(conversation) as kakao:
        application = BotApplication(
            settings=settings, resources=resources, classifier=classifier, conversation=conversation, kakao=kakao
        )
        app = create_webhook_app(application, skill_deadline=deadline)
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://eva") as client:
            response = await client.post("/kakao/skill", content=content, headers=[(b"x-skill-key", key.encode())])
    if response.status_code == 200:
        assert find_violations(response.json()) == []
    return response


def text_of(response: httpx.Response) -> str:
    return str(response.json()["template"]["outputs"][0]["simpleText"]["text"])


@pytest.mark.parametrize("key", ["", "key", f"{KEY}x", "열쇠"])
async def test_wrong_key_is_unauthorized(resources: Resources, key: str) -> None:
    assert (await call(resources, KAKAO.text_message("안녕"), key=key)).status_code == 401


async def test_everything_is_unauthorized_without_a_configured_key(resources: Resources) -> None:
    assert (await call(resources, KAKAO.text_message("안녕"), key="", settings=Settings())).status_code == 401


async def test_only_the_configured_bot_is_answered(resources: Resources) -> None:
    other = FakeKakao(bot="65a0000000000000000000bb")
    assert (await call(resources, other.text_message("안녕"))).status_code == 403
    development = FakeKakao(bot=f"{BOT_ID}!")
    assert (await call(resources, development.text_message("안녕"))).status_code == 200
    any_bot = Settings(kakao_skill_key=SecretStr(KEY))
    assert (await call(resources, other.text_message("안녕"), settings=any_bot)).status_code == 200


@pytest.mark.parametrize("bot", [None, {}, {"id": None}, {"name": "봇 이름"}])
async def test_a_request_may_name_no_bot(resources: Resources, bot: object) -> None:
    """Kakao leaves out any object; the key says where the request comes from."""
    assert text_of(await call(resources, KAKAO.text_message("안녕") | {"bot": bot}))
    nameless = {key: value for key, value in KAKAO.text_message("안녕").items() if key != "bot"}
    assert text_of(await call(resources, nameless))


async def test_skill_tester_is_greeted_and_not_stored(resources: Resources) -> None:
    assert text_of(await call(resources, KAKAO.skill_tester())) == translate("kakao.hello", KO)


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b"null", b'"text"', b"\xff\xfe", b"[" * 5000])
async def test_invalid_requests_get_a_greeting(resources: Resources, body: bytes) -> None:
    assert text_of(await call(resources, body)) == translate("kakao.hello", KO)


@pytest.mark.parametrize("body", [{}, {"userRequest": None}, {"userRequest": {"user": {"id": 7}}}, {"bot": 3}])
async def test_requests_without_most_fields_get_a_reply(resources: Resources, body: Any) -> None:
    any_bot = Settings(kakao_skill_key=SecretStr(KEY))
    assert text_of(await call(resources, body, settings=any_bot))


async def test_large_body_is_rejected(resources: Resources) -> None:
    assert (await call(resources, b" " * (1024 * 1024 + 1))).status_code == 413


async def test_apology_while_the_database_is_unreachable(resources: Resources) -> None:
    unreachable = replace(resources, database=Database("postgresql://eva@127.0.0.1:1/eva"))
    for payload in (KAKAO.text_message("안녕"), photo_payload()):
        response = await call(unreachable, payload)
        assert (response.status_code, text_of(response)) == (200, translate("error.any", KO))


@pytest.fixture
async def unresponsive_port() -> AsyncIterator[int]:
    """The port of a server that accepts connections and never responds."""
    writers = []

    async def keep_open(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await reader.read()

    server = await asyncio.start_server(keep_open, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    for writer in writers:
        writer.close()
    server.close()


async def test_unresponsive_database_does_not_delay_the_reply(resources: Resources, unresponsive_port: int) -> None:
    hanging = replace(resources, database=Database(f"postgresql://eva@127.0.0.1:{unresponsive_port}/eva"))
    async with asyncio.timeout(30):
        response = await call(hanging, KAKAO.text_message("안녕"), deadline=0.5)
    assert text_of(response) == translate("error.any", KO)


def photo_payload() -> dict[str, Any]:
    payload = KAKAO.text_message("https://talk.kakaocdn.net/dna/1.jpg")
    payload["userRequest"]["params"]["media"] = {"type": "image", "url": "https://talk.kakaocdn.net/dna/1.jpg"}
    return payload
