"""One chat that sends many photos does not delay the others."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from bot.telegram.client import MAX_LARGE_FILES
from bot.telegram.retries import LONGEST_WAIT
from core.i18n.translations import Language, translate
from tests.factories import make_photo
from tests.integration.bot.telegram.conftest import DAILY_LIMIT, USER_ID, TelegramHarness

OTHER_ID = 77
TRIES = 4
"""Requests of the client in one attempt of a job."""


@pytest.mark.parametrize("seconds", [40, 300, 8_000])
async def test_a_reply_waits_as_long_as_telegram_demands(harness: TelegramHarness, seconds: int) -> None:
    """Longer than all retries of a job together, none of which Telegram would accept."""
    harness.telegram.demand_wait(seconds)
    await harness.send_updates(harness.updates.photo(make_photo()), harness.updates.text("/help"))

    assert len(harness.texts()) == 3, "the picture, the remarks and the help"
    assert "photo" in harness.telegram.messages(USER_ID)[0], "in the order of what was sent"
    assert harness.model.call_count == 1
    assert await harness.count_unprocessed() == 0
    refused = [call for call in harness.telegram.calls if call.status == 429 and call.method != "sendChatAction"]
    assert len(refused) <= 1 + seconds / LONGEST_WAIT + 1


async def test_an_apology_waits_as_long_as_telegram_demands(
    harness: TelegramHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also the one for a bug, which is tried once otherwise."""
    monkeypatch.delattr(harness.handler.conversation, "photo_judging")
    harness.telegram.demand_wait(60)
    await harness.send_updates(harness.updates.photo(make_photo()))

    assert harness.texts() == [translate("error.any", Language.KO)]
    assert await harness.count_unprocessed() == 0


async def test_a_chat_that_floods_waits_for_itself_and_others_do_not(
    harness: TelegramHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its photos are judged one after another, so that the second place is free for another chat."""
    flood = [harness.updates.photo(make_photo(seed=number), user_id=USER_ID) for number in range(DAILY_LIMIT)]
    for update in (*flood, harness.updates.photo(make_photo(seed=99), user_id=OTHER_ID)):
        await harness.store(update)
    client, flooding = (
        harness.handler.client,
        {size["file_id"] for photo in flood for size in photo["message"]["photo"]},
    )
    download = client.download

    @asynccontextmanager
    async def download_after_the_other_chat(file_id: str, size: int) -> AsyncGenerator[bytes, None]:
        async with download(file_id, size) as data:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(5 if file_id in flooding else 0.01):
                    while not harness.photo_messages(OTHER_ID):  # noqa: ASYNC110
                        await asyncio.sleep(0.02)
            yield data

    monkeypatch.setattr(client, "download", download_after_the_other_chat)
    await harness.queue.run_worker({}, concurrency=2, until_empty=True)
    await harness.run_jobs()

    verdicts = [
        call.fields["chat_id"]
        for call in harness.telegram.calls
        if call.method in {"sendMessage", "sendPhoto"} and "inline_keyboard" in str(call.fields.get("reply_markup"))
    ]
    assert verdicts.count(str(USER_ID)) == DAILY_LIMIT
    assert verdicts[0] == str(OTHER_ID), "two of the flood would have been before it in a queue without locks"


async def test_few_large_files_are_in_memory_at_once(harness: TelegramHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all senders together, although the worker runs more jobs; photos do not wait for them."""
    client, in_memory, most = harness.handler.client, 0, 0
    download = client.download

    @asynccontextmanager
    async def count_download(file_id: str, size: int) -> AsyncGenerator[bytes, None]:
        nonlocal in_memory, most
        async with download(file_id, size) as data:
            in_memory += 1
            most = max(most, in_memory)
            await asyncio.sleep(0.3)
            yield data
            in_memory -= 1

    monkeypatch.setattr(client, "download", count_download)
    photo, users = make_photo(), range(100, 104 + MAX_LARGE_FILES)
    for user_id in users:
        update = harness.updates.document(photo, user_id=user_id, mime="image/jpeg")
        update["message"]["document"]["file_size"] = 15_000_000
        await harness.store(update)
    await harness.queue.run_worker({}, concurrency=len(users), until_empty=True)
    assert most == MAX_LARGE_FILES
    assert all(harness.photo_messages(user_id) for user_id in users)

    async with AsyncExitStack() as stack:
        for _ in range(MAX_LARGE_FILES):
            await stack.enter_async_context(download(harness.telegram.api.store_file(photo), 15_000_000))
        await harness.send_updates(harness.updates.photo(photo, user_id=OTHER_ID))
    assert harness.photo_messages(OTHER_ID)


async def test_a_photo_waits_until_telegram_lets_it_be_fetched(harness: TelegramHarness) -> None:
    """More often than a photo that cannot be fetched is tried."""
    harness.telegram.fail_next("getFile", 429, count=6, retry_after=40)
    await harness.send_updates(harness.updates.photo(make_photo()))

    assert len(harness.photo_messages()) == 1
    assert await harness.count_unprocessed() == 0


async def test_a_photo_is_judged_after_an_outage_in_which_no_apology_arrives(harness: TelegramHarness) -> None:
    harness.telegram.fail_next("getFile", 502, count=4 * TRIES)
    harness.telegram.fail_next("sendMessage", 502, count=TRIES)
    await harness.send_updates(harness.updates.photo(make_photo()))

    assert len(harness.photo_messages()) == 1
    assert await harness.count_unprocessed() == 0
