"""The way from a chat of Telegram to the person's own page."""

from __future__ import annotations

from pydantic import HttpUrl

from bot.stylist import LOGIN_LINK
from bot.texts import Language, text
from core.db import people, tickets
from core.db.tables import Provider
from tests.integration.bot.telegram.conftest import MINA, Json, Stage

SITE = "https://eva.example"


def links(message: Json) -> list[Json]:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [button for row in rows for button in row if "url" in button]


def set_site(stage: Stage, site: str) -> None:
    settings = stage.talk.stylist.settings
    stage.talk.stylist.settings = settings.model_copy(update={"public_url": HttpUrl(site)})


async def test_me_opens_the_persons_own_page(stage: Stage) -> None:
    set_site(stage, SITE)
    await stage.play(stage.updates.text("/me"))
    [button] = links(stage.last())
    assert button["text"] == text("talk.button.enter", Language.KO)
    start, _, token = button["url"].rpartition("/")
    assert start == SITE + LOGIN_LINK
    async with stage.memory.database.begin() as connection:
        mina = await people.identity_of(connection, Provider.TELEGRAM, str(MINA))
        assert mina is not None
        assert await tickets.redeem(connection, token) == mina.person_id


async def test_in_a_group_nobody_gets_the_key(stage: Stage) -> None:
    set_site(stage, SITE)
    await stage.play(stage.updates.text("/me", chat=-5))
    assert stage.said(-5) == [text("talk.me.nothing", Language.KO)]
    assert links(stage.last(-5)) == []
    assert await stage.count("tickets") == 0


async def test_without_an_address_that_telegram_opens_there_is_no_button(stage: Stage) -> None:
    await stage.play(stage.updates.text("/me"))
    set_site(stage, "http://localhost:8000")
    await stage.play(stage.updates.text("/me"))
    assert stage.said() == [text("talk.me.nothing", Language.KO)] * 2
    assert not any(links(message) for message in stage.telegram.sent(MINA))
