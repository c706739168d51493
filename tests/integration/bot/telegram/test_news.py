"""News in the private chat: after the first message of a visit, and once a day for those who want that."""

from datetime import datetime, timedelta

import pytest

from bot.telegram.news import DailyNews
from core.db import looks, reactions
from core.db.people import Person
from core.db.schema import IdentityProvider
from core.i18n.translations import Language, translate
from core.seoul_time import SEOUL
from tests.factories import create_person, make_photo
from tests.integration.bot.telegram.conftest import USER_ID, TelegramHarness, list_looks

HEARTS = "하트 2개"
EARLIER = "UPDATE people SET news_seen_at = news_seen_at - interval '7 hours'"


@pytest.fixture
async def fans(harness: TelegramHarness) -> list[Person]:
    """Two people who gave a heart to the shared look of the user."""
    await harness.send_updates(harness.updates.photo(make_photo()))
    (look,) = await list_looks(harness)
    async with harness.resources.database.transaction() as connection:
        assert await looks.share(connection, look.id)
        crowd = [await create_person(connection, IdentityProvider.WEB) for _ in range(2)]
        for fan in crowd:
            await reactions.add_heart(connection, look.id, fan.id)
    return crowd


async def test_news_follow_the_first_message_of_a_visit(harness: TelegramHarness, fans: list[Person]) -> None:
    before = len(harness.texts())
    await harness.send_updates(harness.updates.text("안녕"))
    assert not any(HEARTS in text for text in harness.texts()), "the person was here just now"
    await harness.execute(EARLIER)
    await harness.send_updates(harness.updates.text("안녕", chat_id=-5))
    assert not harness.texts(-5) or not any(HEARTS in text for text in harness.texts(-5)), "not in a group"
    await harness.send_updates(harness.updates.text("죽고 싶어요"))
    assert not any(HEARTS in text for text in harness.texts()), "not after a cry for help"
    for _ in range(2):
        await harness.send_updates(harness.updates.text("안녕"))
    told = [text for text in harness.texts()[before:] if HEARTS in text]
    assert len(told) == 1, "once in a visit"


async def test_daily_news_are_sent_once_a_day_to_those_who_want_them(
    harness: TelegramHarness, fans: list[Person]
) -> None:
    daily = DailyNews(harness.resources, harness.handler.client)
    evening = datetime.now(SEOUL).replace(hour=19)
    before = len(harness.texts())
    await daily.send_due(evening)
    assert len(harness.texts()) == before, "off by default"
    await harness.execute(EARLIER)
    await harness.send_updates(harness.updates.text("안녕"))
    await harness.send_updates(harness.press(harness.last_with_buttons(), "news"))
    assert harness.texts()[-1] == translate("talk.news.on", Language.KO)
    before = len(harness.texts())
    await daily.send_if_time(int(evening.replace(hour=12).timestamp()))
    assert len(harness.texts()) == before, "not at noon"
    for _ in range(2):
        await daily.send_if_time(int(evening.timestamp()))
    (message,) = harness.texts()[before:]
    assert HEARTS in message
    await harness.send_updates(harness.press(harness.last_with_buttons(), "nonews"))
    assert harness.texts()[-1] == translate("talk.news.off", Language.KO)
    before = len(harness.texts())
    await daily.send_due(evening + timedelta(days=1))
    assert len(harness.texts()) == before


async def test_a_quiet_day_has_no_message_and_a_blocked_bot_is_noticed(
    harness: TelegramHarness, fans: list[Person]
) -> None:
    daily = DailyNews(harness.resources, harness.handler.client)
    evening = datetime.now(SEOUL)
    await harness.execute("UPDATE people SET daily_news = true")
    before = len(harness.telegram.messages())
    await harness.execute("UPDATE hearts SET created_at = created_at - interval '2 days'")
    await harness.execute("UPDATE looks SET shared_at = shared_at - interval '2 days'")
    await daily.send_due(evening)
    assert len(harness.telegram.messages()) == before
    await harness.execute("UPDATE hearts SET created_at = now()")
    harness.telegram.block_bot(USER_ID)
    await daily.send_due(evening + timedelta(days=1))
    assert len(harness.telegram.messages()) == before
    assert await harness.count_rows("identities WHERE blocked_at IS NOT NULL") == 1
