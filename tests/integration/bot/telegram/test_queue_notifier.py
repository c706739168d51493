"""Waiting people see a chat action, and after a while get their position once."""

import asyncio
import time

import pytest

from bot.telegram import queue_notifier
from bot.telegram.queue_notifier import QueueNotifier
from core.errors import DatabaseUnavailableError
from core.i18n.translations import Language, translate
from tests.factories import make_photo
from tests.integration.bot.telegram.conftest import USER_ID, TelegramHarness


@pytest.fixture
def notifier(harness: TelegramHarness) -> QueueNotifier:
    return QueueNotifier(harness.resources, harness.handler.client, harness.handler.me)


async def set_wait(harness: TelegramHarness, seconds: int) -> None:
    await harness.execute(f"UPDATE inbox SET received_at = now() - interval '{seconds} s'")


def count_chat_actions(harness: TelegramHarness) -> int:
    return len(harness.telegram.calls_to("sendChatAction"))


async def test_chat_action_after_a_second_and_not_every_second(
    harness: TelegramHarness, notifier: QueueNotifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    await harness.store(harness.updates.photo(make_photo()))
    await notifier.notify_waiting()
    assert count_chat_actions(harness) == 0
    await set_wait(harness, 2)
    await notifier.notify_waiting()
    await notifier.notify_waiting()
    assert count_chat_actions(harness) == 1
    monkeypatch.setattr(harness.handler.client, "_action_ends_at", {USER_ID: time.monotonic() - 1})
    await notifier.notify_waiting()
    await notifier.notify_waiting()
    assert count_chat_actions(harness) == 2
    await harness.run_jobs()
    assert count_chat_actions(harness) == 2, "the chat shows one already"
    await harness.send_updates(harness.updates.photo(make_photo(1)))
    assert count_chat_actions(harness) == 3, "the answer ended it"


async def store_queue(harness: TelegramHarness, length: int) -> None:
    """Photos of other people."""
    for user_id in range(100, 100 + length):
        await harness.store(harness.updates.photo(make_photo(), user_id=user_id))


async def test_position_is_sent_once(harness: TelegramHarness, notifier: QueueNotifier) -> None:
    await store_queue(harness, 10)
    for seed in range(2):
        await harness.store(harness.updates.photo(make_photo(seed)))
    await set_wait(harness, 6)
    other = QueueNotifier(harness.resources, harness.handler.client, harness.handler.me)
    await notifier.notify_waiting()
    await other.notify_waiting()

    assert harness.texts() == [translate("talk.queue", Language.KO, place=10)]
    assert harness.texts(109) == [], "is answered within ten seconds"
    await harness.run_jobs()
    assert len(harness.texts()) == 5
    assert await harness.count_unprocessed() == 0


async def test_one_notice_for_photos_sent_together(harness: TelegramHarness, notifier: QueueNotifier) -> None:
    await store_queue(harness, 12)
    await harness.store(harness.updates.photo(make_photo(1)))
    await set_wait(harness, 6)
    await notifier.notify_waiting()
    await harness.execute(f"DELETE FROM procrastinate_jobs WHERE lock = 'telegram:{USER_ID}'")
    await harness.store(harness.updates.photo(make_photo(2)))
    await set_wait(harness, 6)
    await notifier.notify_waiting()
    assert len(harness.texts()) == 1

    await harness.execute(
        "UPDATE inbox SET received_at = now() - interval '1 hour' WHERE id < (SELECT max(id) FROM inbox)"
    )
    await notifier.notify_waiting()
    assert len(harness.texts()) == 2, "long after the first photo"


async def test_the_end_of_a_long_queue_gets_notices(harness: TelegramHarness, notifier: QueueNotifier) -> None:
    await store_queue(harness, 2 * queue_notifier.MAX_CHATS)
    await set_wait(harness, 6)
    for _ in range(2):
        await notifier.notify_waiting()
    answered_soon = range(100, 110)
    assert [user_id for user_id in range(100, 140) if not harness.texts(user_id)] == list(answered_soon)


async def test_no_notice_for_a_queue_that_moves_fast(harness: TelegramHarness, notifier: QueueNotifier) -> None:
    await store_queue(harness, 12)
    await harness.store(harness.updates.photo(make_photo(1)))
    await set_wait(harness, 6)
    await harness.execute(
        "INSERT INTO inbox (channel, external_id, processed_at)"
        " SELECT 'telegram', 'done-' || number, now() FROM generate_series(1, 20) AS number"
    )
    await notifier.notify_waiting()
    assert harness.texts() == []


async def test_a_chat_that_takes_no_notice_does_not_keep_the_others_waiting(
    harness: TelegramHarness, notifier: QueueNotifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Telegram may demand a pause of half a minute, again and again."""

    async def wait_forever(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    await store_queue(harness, 10)
    await harness.store(harness.updates.photo(make_photo()))
    await set_wait(harness, 6)
    monkeypatch.setattr(queue_notifier, "SEND_SECONDS", 1.0)
    monkeypatch.setattr(harness.handler.client, "send_message", wait_forever)
    async with asyncio.timeout(60):
        for _ in range(2):
            await notifier.notify_waiting()
    assert {call.fields["chat_id"] for call in harness.telegram.calls_to("sendChatAction")} >= {"100", str(USER_ID)}


async def test_bug_does_not_end_the_notices(harness: TelegramHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    failed, is_repeated = [KeyError(), DatabaseUnavailableError()], asyncio.Event()

    async def fail_twice(_: QueueNotifier) -> None:
        if failed:
            raise failed.pop()
        is_repeated.set()

    monkeypatch.setattr(QueueNotifier, "notify_waiting", fail_twice)
    monkeypatch.setattr(queue_notifier, "POLL_INTERVAL", 0.0)
    running = asyncio.create_task(QueueNotifier(harness.resources, harness.handler.client, harness.handler.me).run())
    waiting = asyncio.create_task(is_repeated.wait())
    await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
    running.cancel()
    waiting.cancel()

    assert is_repeated.is_set()


async def test_lasting_bug_is_logged_once_a_minute(harness: TelegramHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    failures = iter([True] * 8 + [False, True, True])

    async def fail(_: QueueNotifier) -> None:
        if next(failures):
            raise KeyError

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 10:
            raise asyncio.CancelledError

    monkeypatch.setattr(QueueNotifier, "notify_waiting", fail)
    notifier = QueueNotifier(harness.resources, harness.handler.client, harness.handler.me, sleep=sleep)
    with pytest.raises(asyncio.CancelledError):
        await notifier.run()
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60, 1, 2]


async def test_only_addressed_photos_without_a_running_job_get_a_notice(
    harness: TelegramHarness, notifier: QueueNotifier
) -> None:
    await harness.store(harness.updates.text("안녕"))
    await harness.store(harness.updates.photo(make_photo(), chat_id=-5))
    await harness.store(harness.updates.photo(make_photo(), user_id=43))
    await harness.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE lock = 'telegram:43'")
    await harness.store(harness.updates.photo(make_photo(1), user_id=43))
    await set_wait(harness, 60)
    await notifier.notify_waiting()

    assert (count_chat_actions(harness), harness.telegram.messages()) == (0, [])
