"""A person who uses the chat and the site is one person, whichever came first; links from the chat to the site."""

from uuid import UUID

import pytest

from core.db import looks, one_time_tokens, people
from core.db.identities import get_identity
from core.db.schema import IdentityProvider
from core.i18n.translations import Language, translate
from core.services import accounts
from core.urls import LOGIN_LINK_PATH
from tests.factories import create_look, create_person, make_photo
from tests.integration.bot.kakao.conftest import KakaoHarness

KO = Language.KO
LOGIN = "3301"


async def send_text_as(harness: KakaoHarness, text: str, *, login: str | None = LOGIN) -> None:
    payload = harness.kakao.text_message(text)
    if login is not None:
        payload["userRequest"]["user"]["properties"]["appUserId"] = login
    await harness.send(payload)


async def log_in(harness: KakaoHarness, visitor: UUID | None = None) -> UUID:
    async with harness.resources.database.transaction() as connection:
        return await accounts.link_or_merge(
            connection, visitor, IdentityProvider.KAKAO_LOGIN, LOGIN, language=Language.KO
        )


async def get_chat_person_id(harness: KakaoHarness) -> UUID:
    async with harness.resources.database.transaction() as connection:
        user = harness.kakao.text_message("")["userRequest"]["user"]["id"]
        identity = await get_identity(connection, IdentityProvider.KAKAO, user)
    assert identity is not None
    return identity.person_id


async def test_chat_first_then_login(harness: KakaoHarness) -> None:
    await send_text_as(harness, "안녕")
    assert await log_in(harness) == await get_chat_person_id(harness)


async def test_login_first_then_chat(harness: KakaoHarness) -> None:
    person = await log_in(harness)
    await send_text_as(harness, "안녕")
    assert await get_chat_person_id(harness) == person


async def test_separate_persons_are_merged_when_the_chat_names_the_login(harness: KakaoHarness) -> None:
    """A person has looks in the chat and others on the site, and the bot is linked to the app only later."""
    await harness.give_consent()
    await harness.send_photo(make_photo())
    async with harness.resources.database.transaction() as connection:
        visitor = (await create_person(connection, IdentityProvider.WEB)).id
        await create_look(connection, visitor)
    person = await log_in(harness, visitor)
    before = await get_chat_person_id(harness)
    assert before != person
    await send_text_as(harness, "안녕")
    assert await get_chat_person_id(harness) == person
    async with harness.resources.database.transaction() as connection:
        assert await people.get(connection, before) is None
        assert len(await looks.list_for_person(connection, person, limit=9)) == 2
    # The consent given in the chat is merged as well.
    assert "basicCard" in str((await harness.send_photo(make_photo(2))).reply)


@pytest.mark.parametrize("text", ["내 페이지", "로그인", "My page"])
async def test_account_link_logs_the_person_in(harness: KakaoHarness, text: str) -> None:
    reply = (await harness.send_text(text)).reply
    [bubble] = reply["template"]["outputs"]
    [button] = bubble["textCard"]["buttons"]
    assert button["action"] == "webLink"
    token = button["webLinkUrl"].removeprefix(f"https://eva.example{LOGIN_LINK_PATH}/")
    async with harness.resources.database.transaction() as connection:
        assert await one_time_tokens.consume(connection, token) == await get_chat_person_id(harness)


class TestLoginWithoutPublicUrl:
    @pytest.fixture
    def public_url(self) -> str | None:
        return None

    async def test_account_link_is_not_offered(self, harness: KakaoHarness) -> None:
        assert (await harness.send_text("내 페이지")).text == translate("talk.enter.none", KO)
        assert translate("talk.button.enter", KO) not in str((await harness.send_text("도움말")).reply)
