"""News in the private chat: after the first message of a visit, and once a day for those who want that."""

import asyncio
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.telegram.daily_news import MAX_FAILURES, DailyNews
from bot.telegram.outgoing_messages import OutgoingMessage
from core.db import looks, news, people, reactions, schema
from core.db.news import News, Recipient, get_news
from core.db.people import Person
from core.db.schema import IdentityProvider
from core.errors import DatabaseUnavailableError, DeliveryError, FloodWaitError
from core.i18n.translations import Language, translate
from core.seoul_time import SEOUL
from tests.factories import create_person, make_photo
from tests.integration.bot.telegram.conftest import USER_ID, TelegramHarness, list_looks

HEARTS = "하트 2개"
NEW_HEARTS = "UPDATE hearts SET created_at = now()"
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
            await reactions.create_heart(connection, look.id, fan.id)
    return crowd


async def test_news_follow_the_first_message_of_a_visit(harness: TelegramHarness, fans: list[Person]) -> None:
    before = len(harness.texts())
    await harness.send_updates(harness.updates.text("안녕"))
    assert not any(HEARTS in text for text in harness.texts()), "the person was here just now"
    await harness.execute(EARLIER)
    await harness.send_updates(harness.updates.text("/help", chat_id=-5))
    (answer,) = harness.texts(-5)
    assert HEARTS not in answer, "not in a group"
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
    await harness.execute(NEW_HEARTS)
    await daily.send_if_time(int(evening.replace(hour=12).timestamp()))
    assert len(harness.texts()) == before, "not at noon"
    for _ in range(2):
        await daily.send_if_time(int(evening.timestamp()))
    (message,) = harness.texts()[before:]
    assert message.startswith(translate("news.day", Language.KO, what=HEARTS))
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
    await harness.execute(NEW_HEARTS)
    harness.telegram.block_bot(USER_ID)
    await daily.send_due(evening + timedelta(days=1))
    assert len(harness.telegram.messages()) == before
    assert await harness.count_rows("identities WHERE blocked_at IS NOT NULL") == 1


async def test_daily_news_tell_what_was_not_told_before(harness: TelegramHarness, fans: list[Person]) -> None:
    daily = DailyNews(harness.resources, harness.handler.client)
    evening = datetime.now(SEOUL)
    before = len(harness.texts())
    await harness.execute(EARLIER)
    await harness.send_updates(harness.updates.text("안녕"))
    assert HEARTS in harness.texts()[-1]
    await harness.execute("UPDATE people SET daily_news = true")
    await daily.send_due(evening)
    assert len([text for text in harness.texts()[before:] if HEARTS in text]) == 1, "told in the chat just now"
    await harness.execute(NEW_HEARTS)
    for day in (1, 2):
        await daily.send_due(evening + timedelta(days=day))
    assert len([text for text in harness.texts()[before:] if HEARTS in text]) == 2, "not told again the next day"

    await harness.execute("UPDATE hearts SET created_at = now() - interval '30 hours'")
    await harness.execute("UPDATE people SET news_seen_at = now() - interval '31 hours', daily_news_on = NULL")
    await daily.send_due(evening)
    assert harness.texts()[-1].startswith(translate("news.since", Language.KO, what=HEARTS)), "of a day without a run"


async def test_a_place_alone_and_own_hearts_are_no_daily_news(harness: TelegramHarness, fans: list[Person]) -> None:
    daily = DailyNews(harness.resources, harness.handler.client)
    await harness.execute("UPDATE people SET daily_news = true, news_seen_at = now()")
    before = len(harness.texts())
    await daily.send_due(datetime.now(SEOUL))
    assert len(harness.texts()) == before, "number one, and nothing new"
    (look,) = await list_looks(harness)
    async with harness.resources.database.transaction() as connection:
        await connection.execute(delete(schema.hearts))
        assert (await get_news(connection, look.person_id, datetime.now(SEOUL) - timedelta(days=1))).place is None
        await reactions.create_heart(connection, look.id, look.person_id)
        assert (await get_news(connection, look.person_id, datetime.now(SEOUL) - timedelta(days=1))).place is None
        await reactions.create_heart(connection, look.id, fans[0].id)
        assert (await get_news(connection, look.person_id, datetime.now(SEOUL) - timedelta(days=1))).place == 1


@pytest.fixture
async def crowd(harness: TelegramHarness, fans: list[Person], monkeypatch: pytest.MonkeyPatch) -> list[Person]:
    """Five people with a daily message and the same news."""
    (look,) = await list_looks(harness)
    async with harness.resources.database.transaction() as connection:
        news = await get_news(connection, look.person_id, datetime.now(SEOUL) - timedelta(days=1))
        crowd = [
            await people.get_or_create_by_identity(
                connection, IdentityProvider.TELEGRAM, str(number), language=Language.KO
            )
            for number in range(1001, 1006)
        ]
    assert news

    async def get_same_news(*_: object) -> News:
        return news

    monkeypatch.setattr("bot.telegram.daily_news.get_news", get_same_news)
    chosen = ", ".join(f"'{person.id}'" for person in crowd)
    await harness.execute(f"UPDATE people SET daily_news = true WHERE id IN ({chosen})")
    return crowd


@pytest.mark.parametrize("fault", ["a flood", "an outage"])
async def test_daily_news_follow_when_telegram_accepts_messages_again(
    harness: TelegramHarness, crowd: list[Person], fault: str
) -> None:
    """All who want them get them, and the run does not go through all of them in vain."""
    daily, evening = DailyNews(harness.resources, harness.handler.client), datetime.now(SEOUL)
    before = len(harness.telegram.calls_to("sendMessage"))
    if fault == "a flood":
        harness.telegram.demand_wait(60)
    else:
        harness.telegram.fail_next("sendMessage", 502, "Bad Gateway", count=4 * MAX_FAILURES)
    await daily.send_due(evening)
    tried = {call.fields["chat_id"] for call in harness.telegram.calls_to("sendMessage")[before:]}
    assert len(tried) == (1 if fault == "a flood" else MAX_FAILURES)

    harness.telegram.skip_time(60)
    for _ in range(2):
        await daily.send_due(evening)
    sent = [call.fields["chat_id"] for call in harness.telegram.calls_to("sendMessage")[before:] if call.status == 200]
    assert len(sent) == len(set(sent)) == len(crowd)


async def test_chats_with_a_fault_of_their_own_hold_up_no_others(harness: TelegramHarness, crowd: list[Person]) -> None:
    before = len(harness.telegram.calls_to("sendMessage"))
    for fails in (True, True, False, True, False):
        if fails:
            harness.telegram.fail_next("sendMessage", 502, "Bad Gateway", count=4)
        else:
            harness.telegram.delay_next("sendMessage", 0.0)
    await DailyNews(harness.resources, harness.handler.client).send_due(datetime.now(SEOUL))
    answered = {call.fields["chat_id"]: call.status for call in harness.telegram.calls_to("sendMessage")[before:]}
    assert list(answered.values()) == [502, 502, 200, 502, 200]
    assert len(answered) == len(crowd)


@pytest.mark.parametrize("error", [DeliveryError(), FloodWaitError(seconds=9_000)])
async def test_chats_that_fail_in_every_run_hold_up_no_others(
    harness: TelegramHarness, crowd: list[Person], monkeypatch: pytest.MonkeyPatch, error: DeliveryError
) -> None:
    """Although they are so many that they end each run, and the first ones in their order."""
    daily, evening = DailyNews(harness.resources, harness.handler.client), datetime.now(SEOUL)
    send_message, tried = harness.handler.client.send_message, []

    async def fail_in_the_first_chats(chat_id: int, message: OutgoingMessage) -> int | None:
        tried.append(chat_id)
        if chat_id < 1001 + MAX_FAILURES:
            raise error
        return await send_message(chat_id, message)

    monkeypatch.setattr(harness.handler.client, "send_message", fail_in_the_first_chats)
    for _ in range(2 * MAX_FAILURES):
        await daily.send_due(evening)
    assert [len(harness.texts(chat_id)) for chat_id in (1004, 1005)] == [1, 1]
    assert set(tried[-MAX_FAILURES:]) == {1001, 1002, 1003}, "each one is tried again, in turns"


async def test_a_failure_costs_the_others_no_daily_message(
    harness: TelegramHarness, fans: list[Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise DatabaseUnavailableError

    daily = DailyNews(harness.resources, harness.handler.client)
    await harness.execute("UPDATE people SET daily_news = true")
    await harness.execute(
        "UPDATE identities SET provider = 'telegram', subject = 1000 + length(subject) || ''"
        " WHERE subject = (SELECT min(subject) FROM identities WHERE provider = 'web')"
    )
    with monkeypatch.context() as patch, pytest.raises(DatabaseUnavailableError):
        patch.setattr("bot.telegram.daily_news.get_news", fail)
        await daily.send_due(datetime.now(SEOUL))
    unserved = "people JOIN identities ON person_id = people.id WHERE provider = 'telegram' AND daily_news_on IS NULL"
    assert await harness.count_rows(unserved) == 1
    await daily.send_due(datetime.now(SEOUL))
    assert await harness.count_rows(unserved) == 0


async def test_a_run_does_not_read_those_again_who_have_got_theirs(
    harness: TelegramHarness, fans: list[Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    await harness.execute("UPDATE people SET daily_news = true")
    claim, claimed = news.claim_next_recipient, list[UUID | None]([None])

    async def claim_next(
        connection: AsyncConnection, day: date, *, after: UUID | None, until: UUID | None
    ) -> Recipient | None:
        assert after == claimed[-1]
        recipient = await claim(connection, day, after=after, until=until)
        claimed.append(None if recipient is None else recipient.person_id)
        return recipient

    monkeypatch.setattr("bot.telegram.daily_news.news.claim_next_recipient", claim_next)
    await DailyNews(harness.resources, harness.handler.client).send_due(datetime.now(SEOUL))
    assert claimed == [None, *sorted(filter(None, claimed)), None]
    assert await harness.count_rows("people WHERE daily_news_on IS NULL") == 0


@pytest.mark.parametrize("end", [DatabaseUnavailableError, asyncio.CancelledError])
async def test_a_run_that_ends_early_leaves_what_was_not_sent_to_the_next_one(
    harness: TelegramHarness, fans: list[Person], monkeypatch: pytest.MonkeyPatch, end: type[BaseException]
) -> None:
    """The worker is stopped, killed, or loses the database, after Telegram refused a message."""
    daily, evening = DailyNews(harness.resources, harness.handler.client), datetime.now(SEOUL)
    await harness.execute("UPDATE people SET daily_news = true")
    claim, claimed = news.claim_next_recipient, list[int]()

    async def claim_first(
        connection: AsyncConnection, day: date, *, after: UUID | None, until: UUID | None
    ) -> Recipient | None:
        recipient = await claim(connection, day, after=after, until=until)
        if harness.telegram.calls_to("sendMessage")[before:]:
            claimed.append(await harness.count_rows("people WHERE daily_news_on IS NOT NULL"))
            raise end
        return recipient

    before = len(harness.telegram.calls_to("sendMessage"))
    harness.telegram.fail_next("sendMessage", 502, "Bad Gateway", count=4)
    with monkeypatch.context() as patch, pytest.raises(end):
        patch.setattr("bot.telegram.daily_news.news.claim_next_recipient", claim_first)
        await daily.send_due(evening)
    assert claimed == [0], "a worker that is killed here releases no one"
    await daily.send_due(evening)
    assert [call.status for call in harness.telegram.calls_to("sendMessage")[before:]] == [502] * 4 + [200]
