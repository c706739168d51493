"""The door that KakaoTalk knocks on: who may come in, and that everybody gets a reply that is shown."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from bot.kakao.reply_rules import find_violations
from bot.kakao.skill import SkillHandler
from bot.testing.kakao import BOT_ID, FakeKakao
from core.conversation.service import ConversationService
from core.db.database import Database
from core.i18n.translations import Language, translate
from core.resources import Resources
from core.services.photo_judging import PhotoJudgingService
from core.settings import Settings
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend
from webhooks import kakao
from webhooks.kakao import create_skill_router

KO = Language.KO
KEY = "열쇠 key"
SETTINGS = Settings(kakao_skill_key=SecretStr(KEY), kakao_bot_id=BOT_ID)
KAKAO = FakeKakao(key=KEY)


def client(resources: Resources, settings: Settings = SETTINGS) -> httpx.AsyncClient:
    judging = PhotoJudgingService(resources, StyleClassifier(FakeBackend([]), FAKE_MODEL_CARD))
    app = FastAPI()
    app.include_router(create_skill_router(SkillHandler(ConversationService(resources, judging, settings)), settings))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://eva")


async def call(resources: Resources, body: Any, *, key: str = KEY, settings: Settings = SETTINGS) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with client(resources, settings) as http:
        answer = await http.post("/kakao/skill", content=content, headers=[(b"x-skill-key", key.encode())])
    if answer.status_code == 200:
        assert find_violations(answer.json()) == []
    return answer


def words_of(answer: httpx.Response) -> str:
    return str(answer.json()["template"]["outputs"][0]["simpleText"]["text"])


@pytest.mark.parametrize("key", ["", "key", f"{KEY}x", "열쇠"])
async def test_wrong_key_is_refused(resources: Resources, key: str) -> None:
    assert (await call(resources, KAKAO.text_message("안녕"), key=key)).status_code == 401


async def test_without_a_key_nobody_comes_in(resources: Resources) -> None:
    assert (await call(resources, KAKAO.text_message("안녕"), key="", settings=Settings())).status_code == 401


async def test_only_the_named_bot_is_answered(resources: Resources) -> None:
    other = FakeKakao(bot="65a0000000000000000000bb")
    assert (await call(resources, other.text_message("안녕"))).status_code == 403
    developing = FakeKakao(bot=f"{BOT_ID}!")
    assert (await call(resources, developing.text_message("안녕"))).status_code == 200
    anybody = Settings(kakao_skill_key=SecretStr(KEY))
    assert (await call(resources, other.text_message("안녕"), settings=anybody)).status_code == 200


async def test_tester_is_greeted_and_not_remembered(resources: Resources) -> None:
    assert words_of(await call(resources, KAKAO.skill_tester())) == translate("kakao.hello", KO)


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b"null", b'"text"', b"\xff\xfe", b"[" * 5000])
async def test_malformed_calls_get_a_kind_reply(resources: Resources, body: bytes) -> None:
    assert words_of(await call(resources, body)) == translate("kakao.hello", KO)


@pytest.mark.parametrize("body", [{}, {"userRequest": None}, {"userRequest": {"user": {"id": 7}}}, {"bot": 3}])
async def test_calls_that_lack_almost_everything_are_answered(resources: Resources, body: Any) -> None:
    anybody = Settings(kakao_skill_key=SecretStr(KEY))
    assert words_of(await call(resources, body, settings=anybody))


async def test_too_long_a_body_is_refused(resources: Resources) -> None:
    assert (await call(resources, b" " * (1024 * 1024 + 1))).status_code == 413


async def test_without_her_database_she_apologises(resources: Resources) -> None:
    nowhere = Resources(
        database=Database("postgresql://eva@127.0.0.1:1/eva"),
        storage=resources.storage,
        url_signer=resources.url_signer,
        private_photo_ttl=resources.private_photo_ttl,
    )
    for payload in (KAKAO.text_message("안녕"), words_as_photo()):
        answer = await call(nowhere, payload)
        assert (answer.status_code, words_of(answer)) == (200, translate("error.any", KO))


@pytest.fixture
async def silent() -> AsyncIterator[int]:
    """The port of a database that takes connections and never says a word."""
    held = []

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)
        await reader.read()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    for writer in held:
        writer.close()
    server.close()


async def test_database_that_hangs_does_not_hold_up_the_answer(
    resources: Resources, silent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kakao, "WITHIN", 0.5)
    hanging = Resources(
        database=Database(f"postgresql://eva@127.0.0.1:{silent}/eva"),
        storage=resources.storage,
        url_signer=resources.url_signer,
        private_photo_ttl=resources.private_photo_ttl,
    )
    async with asyncio.timeout(30):
        answer = await call(hanging, KAKAO.text_message("안녕"))
    assert words_of(answer) == translate("error.any", KO)


def words_as_photo() -> dict[str, Any]:
    payload = KAKAO.text_message("https://talk.kakaocdn.net/dna/1.jpg")
    payload["userRequest"]["params"]["media"] = {"type": "image", "url": "https://talk.kakaocdn.net/dna/1.jpg"}
    return payload
