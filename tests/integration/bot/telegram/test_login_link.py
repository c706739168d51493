"""The way from a chat of Telegram to the person's own page."""

from core.conversation.service import LOGIN_LINK_PATH
from core.db import one_time_tokens, people
from core.db.schema import IdentityProvider
from core.i18n.translations import Language, translate
from tests.integration.bot.telegram.conftest import MINA, Json, TelegramHarness

SITE = "https://eva.example"


def links(message: Json) -> list[Json]:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [button for row in rows for button in row if "url" in button]


def set_site(harness: TelegramHarness, site: str) -> None:
    settings = harness.handler.conversation.settings
    harness.handler.conversation.settings = settings.model_copy(update={"public_url": site})


async def test_me_opens_the_persons_own_page(harness: TelegramHarness) -> None:
    set_site(harness, SITE)
    await harness.send_updates(harness.updates.text("/me"))
    [button] = links(harness.last_message())
    assert button["text"] == translate("talk.button.enter", Language.KO)
    start, _, token = button["url"].rpartition("/")
    assert start == SITE + LOGIN_LINK_PATH
    async with harness.resources.database.transaction() as connection:
        mina = await people.get_identity(connection, IdentityProvider.TELEGRAM, str(MINA))
        assert mina is not None
        assert await one_time_tokens.consume(connection, token) == mina.person_id


async def test_in_a_group_nobody_gets_the_key(harness: TelegramHarness) -> None:
    set_site(harness, SITE)
    await harness.send_updates(harness.updates.text("/me", chat_id=-5))
    assert harness.texts(-5) == [translate("talk.me.nothing", Language.KO)]
    assert links(harness.last_message(-5)) == []
    assert await harness.count_rows("tickets") == 0


async def test_without_an_address_that_telegram_opens_there_is_no_button(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.text("/me"))
    set_site(harness, "http://localhost:8000")
    await harness.send_updates(harness.updates.text("/me"))
    assert harness.texts() == [translate("talk.me.nothing", Language.KO)] * 2
    assert not any(links(message) for message in harness.telegram.messages(MINA))
