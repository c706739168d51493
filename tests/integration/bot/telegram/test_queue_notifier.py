"""Those who wait see a sign, and after a while hear their place, once."""

import pytest
from sqlalchemy import text as sql

from bot.telegram.ingest import store_update
from bot.telegram.queue_notifier import QueueNotifier
from core.i18n.translations import Language, translate
from tests.factories import make_photo
from tests.integration.bot.telegram.conftest import MINA, TelegramHarness


@pytest.fixture
def usher(harness: TelegramHarness) -> QueueNotifier:
    return QueueNotifier(
        harness.resources, harness.handler.client, harness.handler.me, clock=iter(range(0, 1000, 2)).__next__
    )


async def waited(harness: TelegramHarness, seconds: int) -> None:
    async with harness.resources.database.transaction() as connection:
        await connection.execute(sql(f"UPDATE inbox SET received_at = now() - interval '{seconds} s'"))


def signs(harness: TelegramHarness) -> int:
    return len(harness.telegram.calls_to("sendChatAction"))


async def test_who_waits_a_moment_sees_typing_and_not_every_second(
    harness: TelegramHarness, usher: QueueNotifier
) -> None:
    await store_update(harness.resources, harness.updates.photo(make_photo()))
    await usher.notify_waiting()
    assert signs(harness) == 0
    await waited(harness, 2)
    await usher.notify_waiting()
    await usher.notify_waiting()
    assert signs(harness) == 1
    await usher.notify_waiting()
    await usher.notify_waiting()
    assert signs(harness) == 2


async def test_who_waits_longer_hears_the_place_once(harness: TelegramHarness, usher: QueueNotifier) -> None:
    for person in (41, MINA):
        for seed in range(2):
            await store_update(harness.resources, harness.updates.photo(make_photo(seed), user_id=person))
    await waited(harness, 6)
    other = QueueNotifier(harness.resources, harness.handler.client, harness.handler.me)
    await usher.notify_waiting()
    await other.notify_waiting()

    assert harness.texts() == [translate("talk.queue", Language.KO, place=2)]
    assert harness.texts(41) == []
    await harness.run_jobs()
    assert len(harness.texts()) == 9
    assert await harness.count_unprocessed() == 0


async def test_only_photos_for_her_that_nobody_has_begun_with(harness: TelegramHarness, usher: QueueNotifier) -> None:
    await store_update(harness.resources, harness.updates.text("안녕"))
    await store_update(harness.resources, harness.updates.photo(make_photo(), chat_id=-5))
    await store_update(harness.resources, harness.updates.photo(make_photo(), user_id=43))
    async with harness.resources.database.transaction() as connection:
        await connection.execute(sql("UPDATE procrastinate_jobs SET status = 'doing' WHERE lock = 'telegram:43'"))
    await store_update(harness.resources, harness.updates.photo(make_photo(1), user_id=43))
    await waited(harness, 60)
    await usher.notify_waiting()

    assert (signs(harness), harness.telegram.messages()) == (0, [])
