"""Somebody who uses the chat and the site: one person, whichever came first; and the way from the one to the other."""

from uuid import UUID

import pytest

from core.conversation.service import LOGIN_LINK_PATH
from core.db import looks, one_time_tokens, people
from core.db.schema import IdentityProvider
from core.i18n.translations import Language, translate
from core.services import accounts
from tests.factories import create_look, create_person, make_photo
from tests.integration.bot.kakao.conftest import KakaoHarness

KO = Language.KO
LOGIN = "3301"


async def says(harness: KakaoHarness, words: str, *, login: str | None = LOGIN) -> None:
    payload = harness.kakao.text_message(words)
    if login is not None:
        payload["userRequest"]["user"]["properties"]["appUserId"] = login
    await harness.send(payload)


async def logs_in(harness: KakaoHarness, visitor: UUID | None = None) -> UUID:
    async with harness.resources.database.transaction() as connection:
        return await accounts.link_or_merge(connection, visitor, IdentityProvider.KAKAO_LOGIN, LOGIN, language="ko")


async def in_chat(harness: KakaoHarness) -> UUID:
    async with harness.resources.database.transaction() as connection:
        user = harness.kakao.text_message("")["userRequest"]["user"]["id"]
        identity = await people.get_identity(connection, IdentityProvider.KAKAO, user)
    assert identity is not None
    return identity.person_id


async def test_chat_first_then_login(harness: KakaoHarness) -> None:
    await says(harness, "안녕")
    assert await logs_in(harness) == await in_chat(harness)


async def test_login_first_then_chat(harness: KakaoHarness) -> None:
    person = await logs_in(harness)
    await says(harness, "안녕")
    assert await in_chat(harness) == person


async def test_both_apart_and_then_the_chat_says_whose_login_it_is(harness: KakaoHarness) -> None:
    """Somebody with looks in the chat and others on the site, and a bot that is linked to the login only later."""
    await harness.give_consent()
    await harness.send_photo(make_photo())
    async with harness.resources.database.transaction() as connection:
        visitor = (await create_person(connection, IdentityProvider.WEB)).id
        await create_look(connection, visitor)
    person = await logs_in(harness, visitor)
    before = await in_chat(harness)
    assert before != person
    await says(harness, "안녕")
    assert await in_chat(harness) == person
    async with harness.resources.database.transaction() as connection:
        assert await people.get(connection, before) is None
        assert len(await looks.list_for_person(connection, person, limit=9)) == 2
    # What was agreed to in the chat is still agreed to.
    assert "basicCard" in str((await harness.send_photo(make_photo(2))).reply)


@pytest.mark.parametrize("words", ["내 페이지", "로그인", "My page"])
async def test_the_way_to_the_own_page(harness: KakaoHarness, words: str) -> None:
    reply = (await harness.send_text(words)).reply
    [bubble] = reply["template"]["outputs"]
    [button] = bubble["textCard"]["buttons"]
    assert button["action"] == "webLink"
    token = button["webLinkUrl"].removeprefix(f"https://eva.example{LOGIN_LINK_PATH}/")
    async with harness.resources.database.transaction() as connection:
        assert await one_time_tokens.consume(connection, token) == await in_chat(harness)


class TestWithoutASite:
    @pytest.fixture
    def public_url(self) -> str | None:
        return None

    async def test_there_is_no_way(self, harness: KakaoHarness) -> None:
        assert (await harness.send_text("내 페이지")).text == translate("talk.enter.none", KO)
        assert translate("talk.button.enter", KO) not in str((await harness.send_text("도움말")).reply)
