"""Somebody who uses the chat and the site: one person, whichever came first; and the way from the one to the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.stylist import LOGIN_LINK
from bot.texts import Language, text
from core import accounts
from core.db import looks, people, tickets
from core.db.tables import Provider
from tests.integration.bot.kakao.conftest import Stage
from tests.integration.records import a_look, a_person, a_photo

if TYPE_CHECKING:
    from uuid import UUID

    from pydantic import HttpUrl

KO = Language.KO
LOGIN = "3301"


async def says(stage: Stage, words: str, *, login: str | None = LOGIN) -> None:
    payload = stage.kakao.words(words)
    if login is not None:
        payload["userRequest"]["user"]["properties"]["appUserId"] = login
    await stage.send(payload)


async def logs_in(stage: Stage, visitor: UUID | None = None) -> UUID:
    async with stage.memory.database.begin() as connection:
        return await accounts.join(connection, visitor, Provider.KAKAO_LOGIN, LOGIN, language="ko")


async def in_chat(stage: Stage) -> UUID:
    async with stage.memory.database.begin() as connection:
        user = stage.kakao.words("")["userRequest"]["user"]["id"]
        identity = await people.identity_of(connection, Provider.KAKAO, user)
    assert identity is not None
    return identity.person_id


async def test_chat_first_then_login(stage: Stage) -> None:
    await says(stage, "안녕")
    assert await logs_in(stage) == await in_chat(stage)


async def test_login_first_then_chat(stage: Stage) -> None:
    person = await logs_in(stage)
    await says(stage, "안녕")
    assert await in_chat(stage) == person


async def test_both_apart_and_then_the_chat_says_whose_login_it_is(stage: Stage) -> None:
    """Somebody with looks in the chat and others on the site, and a bot that is linked to the login only later."""
    await stage.agree()
    await stage.show(a_photo())
    async with stage.memory.database.begin() as connection:
        visitor = (await a_person(connection, Provider.WEB)).id
        await a_look(connection, visitor)
    person = await logs_in(stage, visitor)
    before = await in_chat(stage)
    assert before != person
    await says(stage, "안녕")
    assert await in_chat(stage) == person
    async with stage.memory.database.begin() as connection:
        assert await people.get(connection, before) is None
        assert len(await looks.of_person(connection, person, limit=9)) == 2
    # What was agreed to in the chat is still agreed to.
    assert "basicCard" in str((await stage.show(a_photo(2))).reply)


@pytest.mark.parametrize("words", ["내 페이지", "로그인", "My page"])
async def test_the_way_to_the_own_page(stage: Stage, words: str) -> None:
    reply = (await stage.say(words)).reply
    [bubble] = reply["template"]["outputs"]
    [button] = bubble["textCard"]["buttons"]
    assert button["action"] == "webLink"
    token = button["webLinkUrl"].removeprefix(f"https://eva.example{LOGIN_LINK}/")
    async with stage.memory.database.begin() as connection:
        assert await tickets.redeem(connection, token) == await in_chat(stage)


class TestWithoutASite:
    @pytest.fixture
    def public_url(self) -> HttpUrl | None:
        return None

    async def test_there_is_no_way(self, stage: Stage) -> None:
        assert (await stage.say("내 페이지")).text == text("talk.enter.none", KO)
        assert text("talk.button.enter", KO) not in str((await stage.say("도움말")).reply)
