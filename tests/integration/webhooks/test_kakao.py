"""The door that KakaoTalk knocks on: who may come in, and that everybody gets a reply that is shown."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from bot.kakao.conversation import Conversation
from bot.kakao.validator import breaches
from bot.stylist import Stylist
from bot.testing.kakao import BOT, FakeKakao
from bot.texts import Language, text
from core.db.engine import Database
from core.judging import Judging
from core.memory import Memory
from core.settings import Settings
from core.vision.classifier import StyleClassifier
from core.vision.scripted import SCRIPTED_CARD, ScriptedEngine
from webhooks import kakao
from webhooks.kakao import kakao_door

KO = Language.KO
KEY = "열쇠 key"
SETTINGS = Settings(kakao_key=SecretStr(KEY), kakao_bot_id=BOT)
KAKAO = FakeKakao(key=KEY)


def client(memory: Memory, settings: Settings = SETTINGS) -> httpx.AsyncClient:
    judging = Judging(memory, StyleClassifier(ScriptedEngine([]), SCRIPTED_CARD))
    app = FastAPI()
    app.include_router(kakao_door(Conversation(Stylist(memory, judging, settings)), settings))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://eva")


async def call(memory: Memory, body: Any, *, key: str = KEY, settings: Settings = SETTINGS) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with client(memory, settings) as http:
        answer = await http.post("/kakao/skill", content=content, headers=[(b"x-skill-key", key.encode())])
    if answer.status_code == 200:
        assert breaches(answer.json()) == []
    return answer


def words_of(answer: httpx.Response) -> str:
    return str(answer.json()["template"]["outputs"][0]["simpleText"]["text"])


@pytest.mark.parametrize("key", ["", "key", f"{KEY}x", "열쇠"])
async def test_wrong_key_is_refused(memory: Memory, key: str) -> None:
    assert (await call(memory, KAKAO.words("안녕"), key=key)).status_code == 401


async def test_without_a_key_nobody_comes_in(memory: Memory) -> None:
    assert (await call(memory, KAKAO.words("안녕"), key="", settings=Settings())).status_code == 401


async def test_only_the_named_bot_is_answered(memory: Memory) -> None:
    other = FakeKakao(bot="65a0000000000000000000bb")
    assert (await call(memory, other.words("안녕"))).status_code == 403
    developing = FakeKakao(bot=f"{BOT}!")
    assert (await call(memory, developing.words("안녕"))).status_code == 200
    anybody = Settings(kakao_key=SecretStr(KEY))
    assert (await call(memory, other.words("안녕"), settings=anybody)).status_code == 200


async def test_tester_is_greeted_and_not_remembered(memory: Memory) -> None:
    assert words_of(await call(memory, KAKAO.tester())) == text("kakao.hello", KO)


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b"null", b'"text"', b"\xff\xfe", b"[" * 5000])
async def test_malformed_calls_get_a_kind_reply(memory: Memory, body: bytes) -> None:
    assert words_of(await call(memory, body)) == text("kakao.hello", KO)


@pytest.mark.parametrize("body", [{}, {"userRequest": None}, {"userRequest": {"user": {"id": 7}}}, {"bot": 3}])
async def test_calls_that_lack_almost_everything_are_answered(memory: Memory, body: Any) -> None:
    anybody = Settings(kakao_key=SecretStr(KEY))
    assert words_of(await call(memory, body, settings=anybody))


async def test_too_long_a_body_is_refused(memory: Memory) -> None:
    assert (await call(memory, b" " * (1024 * 1024 + 1))).status_code == 413


async def test_without_her_database_she_apologises(memory: Memory) -> None:
    nowhere = Memory(
        database=Database("postgresql://eva@127.0.0.1:1/eva"),
        storage=memory.storage,
        links=memory.links,
        keep_private=memory.keep_private,
    )
    for payload in (KAKAO.words("안녕"), words_as_photo()):
        answer = await call(nowhere, payload)
        assert (answer.status_code, words_of(answer)) == (200, text("error.any", KO))


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
    memory: Memory, silent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kakao, "WITHIN", 0.5)
    hanging = Memory(
        database=Database(f"postgresql://eva@127.0.0.1:{silent}/eva"),
        storage=memory.storage,
        links=memory.links,
        keep_private=memory.keep_private,
    )
    async with asyncio.timeout(30):
        answer = await call(hanging, KAKAO.words("안녕"))
    assert words_of(answer) == text("error.any", KO)


def words_as_photo() -> dict[str, Any]:
    payload = KAKAO.words("https://talk.kakaocdn.net/dna/1.jpg")
    payload["userRequest"]["params"]["media"] = {"type": "image", "url": "https://talk.kakaocdn.net/dna/1.jpg"}
    return payload
