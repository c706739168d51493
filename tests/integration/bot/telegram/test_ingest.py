"""Storage of updates, the order of their jobs, and invalid updates."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from telegram import Bot

from bot.telegram.ingest import requeue_orphans, store_update
from bot.telegram.polling import run_polling
from core.db.identities import get_identity
from core.db.schema import IdentityProvider
from core.errors import InvalidPayloadError
from core.i18n.translations import Language, translate
from core.resources import Resources
from tests.factories import make_photo
from tests.integration.bot.telegram.conftest import USER_ID, TelegramHarness
from tests.texts import variants

KO = Language.KO


async def test_update_is_stored_with_its_job_and_its_sender(harness: TelegramHarness) -> None:
    inbox_id = await harness.store(harness.updates.text("안녕"))

    assert (
        await harness.count_rows(f"inbox WHERE id = {inbox_id} AND external_sender_id = '42' AND processed_at IS NULL")
        == 1
    )
    assert (
        await harness.count_rows("procrastinate_jobs WHERE lock = 'telegram:42' AND task_name = 'telegram.update'") == 1
    )


async def test_repeated_update_has_no_second_job(harness: TelegramHarness) -> None:
    update = harness.updates.text("안녕")
    first, second = await harness.store(update), await harness.store(update)

    assert (first is not None, second) == (True, None)
    assert await harness.count_rows("procrastinate_jobs WHERE task_name LIKE 'telegram%'") == 1


@pytest.mark.parametrize(
    "payload",
    [
        {"update_id": 1},
        {"update_id": 1, "message": None},
        {"update_id": 1, "message": {"message_id": "?"}},
        {"update_id": 1, "message": {"from": {"id": True}, "chat": {"id": 1}}},
        {"update_id": 1, "message": {"from": {"id": 2**60}, "chat": {"id": 1}}},
        {"update_id": 1, "callback_query": []},
        {"update_id": 1, "my_chat_member": {"from": {"id": 1}}},
    ],
)
async def test_invalid_update_is_stored_as_processed(harness: TelegramHarness, payload: dict[str, Any]) -> None:
    assert await harness.store(payload) is not None
    assert await harness.count_rows("inbox WHERE processed_at IS NOT NULL AND payload IS NULL") == 1
    assert await harness.count_rows("procrastinate_jobs WHERE task_name LIKE 'telegram%'") == 0


@pytest.mark.parametrize("payload", [None, [], "", {}, {"update_id": "1"}, {"update_id": True}, {"update_id": 2**70}])
async def test_payload_without_an_update_id_is_invalid(resources: Resources, payload: object) -> None:
    with pytest.raises(InvalidPayloadError):
        await store_update(resources, payload)


async def test_edits_are_ignored(harness: TelegramHarness) -> None:
    assert await harness.store({"update_id": 1, "edited_message": {"message_id": 1}}) is None
    assert await harness.row_counts() == {}


async def test_characters_that_postgres_cannot_store_are_removed(harness: TelegramHarness) -> None:
    update = harness.updates.text("안\0녕\ud800")
    update["message"]["\0odd"] = [float("inf"), float("nan"), 10**40]
    await harness.send_updates(update)

    assert len(harness.texts()) == 1
    assert harness.texts()[0] in variants("talk.hello", KO)


@pytest.mark.parametrize(
    ("odd", "kept"),
    [
        *[(text, '""') for text in ("\0", "\ud800", "\udfff")],
        *[(number, "null") for number in (float("nan"), float("inf"), float("-inf"))],
        ({"\0": 1}, '{"": 1}'),
        ("\\u0000 👋", '"\\\\u0000 👋"'),
    ],
)
async def test_each_value_is_stored_as_far_as_postgres_can(harness: TelegramHarness, odd: object, kept: str) -> None:
    update = harness.updates.text("안녕")
    update["message"]["odd"] = odd
    await harness.store(update)

    assert await harness.count_rows(f"inbox WHERE payload #> '{{message,odd}}' = '{kept}'") == 1


async def test_deeply_nested_update_is_stored_as_processed(harness: TelegramHarness) -> None:
    update = harness.updates.text("안녕")
    nested: list[Any] = []
    for _ in range(5000):
        nested = [nested]
    update["message"]["deep"] = nested
    await harness.store(update)

    assert await harness.count_unprocessed() == 0


@pytest.mark.parametrize(
    "message",
    [{"photo": "?"}, {"text": 5}, {"text": "/", "entities": [{"type": "bot_command", "offset": 0, "length": 99}]}],
)
async def test_update_that_cannot_be_parsed_is_processed_without_a_reply(
    harness: TelegramHarness, message: dict[str, Any]
) -> None:
    update = harness.updates.text("안녕")
    update["message"] |= message
    await harness.send_updates(update)

    assert await harness.count_unprocessed() == 0


async def test_button_presses_have_priority_over_photos(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.photo(make_photo()))
    button = harness.press(harness.last_with_buttons(), "another")
    for update in (harness.updates.photo(make_photo(1)), button):
        await harness.store(update)
    await harness.run_jobs()

    assert harness.texts()[2] == translate("talk.another", KO)


async def test_blocked_bot_marks_the_identity_as_blocked(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.text("안녕"))
    harness.telegram.block_bot(USER_ID)
    await harness.send_updates(harness.updates.photo(make_photo()))
    assert await harness.count_unprocessed() == 0
    assert len(harness.telegram.calls_to("sendPhoto")) == 1
    assert await is_blocked(harness)


async def test_membership_changes_are_stored(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.text("안녕"), harness.updates.membership_change("kicked"))
    assert await is_blocked(harness)
    await harness.send_updates(harness.updates.membership_change("member"))
    assert not await is_blocked(harness)
    assert len(harness.texts()) == 1


async def test_polling_stores_updates_like_the_webhook(harness: TelegramHarness) -> None:
    async with Bot(harness.telegram.token, f"{harness.telegram.url}/bot") as bot:
        polling = asyncio.create_task(run_polling(bot, harness.resources, poll_seconds=0))
        harness.telegram.deliver_update({"update_id": 5, "message": "invalid"})
        harness.telegram.deliver_update(harness.updates.text("안녕"))
        async with asyncio.timeout(60):
            while not await harness.count_rows("inbox WHERE external_sender_id = '42'"):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        polling.cancel()
        with suppress(asyncio.CancelledError):
            await polling
    await harness.run_jobs()

    assert len(harness.texts()) == 1
    assert harness.texts()[0] in variants("talk.hello", KO)


async def test_upgraded_group_gets_the_reply_in_its_new_chat(harness: TelegramHarness) -> None:
    harness.telegram.migrate_chat(-5, -1005)
    await harness.send_updates(harness.updates.text("/help", chat_id=-5))

    assert harness.texts(-1005) == [translate("telegram.help", KO)]
    assert await harness.count_unprocessed() == 0


async def test_groups_get_replies_to_addressed_messages_only(harness: TelegramHarness) -> None:
    photo = make_photo()
    name = "@eva_stylist_bot"
    mention = [{"type": "mention", "offset": 0, "length": len(name)}]
    await harness.send_updates(
        harness.updates.photo(photo, chat_id=-5),
        harness.updates.text("안녕", chat_id=-5),
        harness.updates.text("/weather", chat_id=-5),
    )
    assert harness.texts(-5) == []
    update = harness.updates.photo(photo, chat_id=-5, caption=name, caption_entities=mention)
    await harness.send_updates(update)

    assert len(harness.texts(-5)) == 2
    (first,) = [call.fields for call in harness.telegram.calls_to("sendPhoto")]
    rest = [call.fields for call in harness.telegram.calls_to("sendMessage")]
    assert first["reply_parameters"]["message_id"] == update["message"]["message_id"]
    assert not any("reply_parameters" in fields for fields in rest)
    await harness.send_updates(harness.press(harness.last_with_buttons(-5), "share", user_id=77))
    assert len(harness.texts(-5)) == 2
    assert await harness.count_unprocessed() == 0


async def is_blocked(harness: TelegramHarness) -> bool:
    async with harness.resources.database.transaction() as connection:
        identity = await get_identity(connection, IdentityProvider.TELEGRAM, str(USER_ID))
    assert identity is not None
    return identity.blocked_at is not None


async def test_orphaned_update_gets_another_job(harness: TelegramHarness) -> None:
    inbox_id = await harness.store(harness.updates.photo(make_photo()))
    assert await requeue_orphans(harness.resources) == 0, "it has a job"
    await harness.execute("DELETE FROM procrastinate_jobs")
    assert await requeue_orphans(harness.resources) == 0, "it is too recent"
    await harness.execute("UPDATE inbox SET received_at = now() - interval '3 minutes'")

    assert await requeue_orphans(harness.resources) == 1
    assert await requeue_orphans(harness.resources) == 0
    await harness.run_jobs()
    assert await harness.count_rows(f"inbox WHERE id = {inbox_id} AND processed_at IS NOT NULL") == 1
    assert len(harness.photo_messages()) == 1
