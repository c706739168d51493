"""The login URL in the reply to /me."""

from bot.testing.telegram import BOT_USER
from core.db import one_time_tokens
from core.db.identities import get_identity
from core.db.schema import IdentityProvider
from core.i18n.translations import Language, translate
from core.urls import LOGIN_LINK_PATH
from tests.integration.bot.telegram.conftest import USER_ID, Json, TelegramHarness

SITE_URL = "https://eva.example"


def url_buttons(message: Json) -> list[Json]:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [button for row in rows for button in row if "url" in button]


def set_site_url(harness: TelegramHarness, url: str) -> None:
    settings = harness.handler.conversation.settings
    harness.handler.conversation.settings = settings.model_copy(update={"public_url": url})


async def test_me_has_a_button_that_logs_in(harness: TelegramHarness) -> None:
    set_site_url(harness, SITE_URL)
    await harness.send_updates(harness.updates.text("/me"))
    [button] = url_buttons(harness.last_message())
    assert button["text"] == translate("talk.button.enter", Language.KO)
    start, _, token = button["url"].rpartition("/")
    assert start == SITE_URL + LOGIN_LINK_PATH
    async with harness.resources.database.transaction() as connection:
        identity = await get_identity(connection, IdentityProvider.TELEGRAM, str(USER_ID))
        assert identity is not None
        assert await one_time_tokens.consume(connection, token) == identity.person_id


async def test_wish_to_delete_one_look_has_a_button_that_logs_in(harness: TelegramHarness) -> None:
    set_site_url(harness, SITE_URL)
    await harness.send_updates(harness.updates.text("이거 지워줘"))
    assert harness.texts() == [translate("talk.delete.one", Language.KO)]
    [button] = url_buttons(harness.last_message())
    assert button["url"].startswith(SITE_URL + LOGIN_LINK_PATH)


async def test_groups_get_no_login_url(harness: TelegramHarness) -> None:
    set_site_url(harness, SITE_URL)
    await harness.send_updates(harness.updates.text("/me", chat_id=-5))
    delete = harness.updates.text(
        "이거 지워줘", chat_id=-5, reply_to_message={**harness.last_message(-5), "from": BOT_USER}
    )
    await harness.send_updates(delete)
    assert harness.texts(-5) == [translate(key, Language.KO) for key in ("telegram.private_only", "talk.delete.one")]
    for message in harness.telegram.messages(-5):
        assert [button["url"] for button in url_buttons(message)] == ["https://t.me/eva_stylist_bot?start=me"]
    assert await harness.count_rows("one_time_tokens") == 0


async def test_local_site_url_gives_no_button(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.text("/me"))
    set_site_url(harness, "http://localhost:8000")
    await harness.send_updates(harness.updates.text("/me"))
    assert harness.texts() == [translate("talk.me.nothing", Language.KO)] * 2
    assert not any(url_buttons(message) for message in harness.telegram.messages(USER_ID))
