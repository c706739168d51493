"""Photos: verdicts, interrupted replies, unusable photos."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from PIL import Image
from sqlalchemy.ext.asyncio import AsyncConnection
from structlog.testing import capture_logs

from bot.telegram.ingest import requeue_orphans
from bot.telegram.outgoing_messages import OutgoingMessage
from core.conversation.narration import MessageSlot, style_name, verdict_details, verdict_messages
from core.db import inbox, people, queued_updates
from core.db.looks import Look
from core.db.queued_updates import MAX_REQUEUES
from core.db.schema import IdentityProvider
from core.errors import DatabaseUnavailableError, StorageUnavailableError
from core.i18n.translations import Language, translate, variant_keys
from core.jobs.worker import JobQueue, WorkerTimings
from core.services.deletion import delete_look
from core.styles import Style
from core.vision.fake_backend import make_outputs
from tests.factories import make_photo
from tests.images import encode_image, make_quadrants
from tests.integration.bot.telegram.conftest import DAILY_LIMIT, USER_ID, TelegramHarness, list_looks

TRIES = 4
"""Requests of the client in one attempt of a job."""


@pytest.mark.parametrize("language", list(Language))
async def test_verdict_is_sent_in_two_messages(harness: TelegramHarness, language: Language) -> None:
    await harness.send_updates(harness.updates.photo(make_photo(), language=language.value))
    (look,) = await list_looks(harness)
    messages = verdict_messages(look.verdict, seed=look.variant_seed, language=language)
    left_out = {MessageSlot.OPENING, MessageSlot.RUNNER_UP}
    expected = [message.text for message in messages if message.slot not in left_out]
    heatmap, remarks = harness.telegram.messages(USER_ID)

    assert "\n".join(harness.texts()) == "\n".join(expected)
    assert style_name(Style.STREET, language) in heatmap["caption"]
    assert "photo" in heatmap
    assert "reply_markup" not in remarks
    assert look.heatmap_key is not None
    assert harness.telegram.calls_to("sendPhoto")[0].files["photo"] == await harness.resources.storage.get(
        look.heatmap_key
    )
    assert harness.buttons(harness.last_with_buttons()) == [
        "share",
        "keep",
        "another",
        "guess",
        "more",
        "correct",
        "similar",
    ]
    assert {call.fields["action"] for call in harness.telegram.calls_to("sendChatAction")} == {"typing"}
    assert look.source_message_id.startswith(f"{USER_ID}:")
    assert await harness.count_unprocessed() == 0
    assert await harness.count_rows("inbox WHERE payload IS NOT NULL") == 0


async def test_details_are_under_a_button(harness: TelegramHarness) -> None:
    harness.model.next_outputs = [make_outputs(Style.RETRO, confidence=0.6)]
    await harness.send_updates(harness.updates.photo(make_photo()))
    await harness.send_updates(harness.press(harness.last_with_buttons(), "more"))
    (look,) = await list_looks(harness)

    details = harness.last_message()["caption"]
    assert details == verdict_details(look.verdict, seed=look.variant_seed, language=Language.KO)
    assert all(style_name(style, Language.KO) in details for style, _ in look.verdict.ranking[:2])
    assert details.splitlines()[-4].endswith("60%")


async def test_photo_sent_as_file_is_judged(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.document(encode_image(make_quadrants(300, 400), "HEIF")))

    assert len(harness.photo_messages()) == 1


async def test_repeated_update_gets_one_reply(harness: TelegramHarness) -> None:
    update = harness.updates.photo(make_photo())
    await harness.send_updates(update, update)
    await harness.send_updates(update)

    assert len(harness.texts()) == 2
    assert harness.model.call_count == 1


async def test_duplicate_photo_gets_the_stored_verdict(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.photo(make_photo()), harness.updates.photo(make_photo(quality=60)))
    texts = harness.texts()

    assert len(texts) == 4
    note, _, caption = texts[2].partition("\n")
    assert note in {translate(key, Language.KO) for key in variant_keys("talk.remembered", Language.KO)}
    assert [caption, texts[3]] == texts[:2]
    assert harness.model.call_count == 1


@pytest.mark.parametrize("chat_id", [USER_ID, -100123])
async def test_only_the_owner_reads_what_they_told_about_a_photo(harness: TelegramHarness, chat_id: int) -> None:
    mention: dict[str, Any] = {
        "caption": "@eva_stylist_bot",
        "caption_entities": [{"type": "mention", "offset": 0, "length": 16}],
    }
    await harness.send_updates(harness.updates.photo(make_photo(), chat_id=chat_id, **mention))
    await harness.execute(f"UPDATE looks SET corrected_style = '{Style.ETHNIC}'")
    await harness.send_updates(harness.updates.photo(make_photo(), chat_id=chat_id, **mention))

    told = translate("me.correction", Language.KO, style=style_name(Style.ETHNIC, Language.KO))
    [_, _, again, _] = harness.telegram.messages(chat_id)
    assert (told in again["caption"]) is (chat_id == USER_ID)


@pytest.mark.parametrize(
    ("method", "status"),
    [("sendMessage", 429), ("sendMessage", 500), ("sendPhoto", 502), ("download", 500), ("getFile", 502)],
)
async def test_transient_errors_are_retried(harness: TelegramHarness, method: str, status: int) -> None:
    parameters = {"retry_after": 60} if status == 429 else {}
    harness.telegram.fail_next(method, status, "Refused", count=1 if status == 429 else TRIES, **parameters)
    await harness.send_updates(harness.updates.photo(make_photo()))

    assert len(harness.texts()) == 2
    assert harness.model.call_count == 1
    assert await harness.count_unprocessed() == 0


async def test_reply_arrives_after_an_outage_of_telegram(harness: TelegramHarness) -> None:
    harness.telegram.fail_next("sendPhoto", 500, count=24)
    await harness.send_updates(harness.updates.photo(make_photo()))

    assert len(harness.photo_messages()) == 1
    assert harness.model.call_count == 1
    assert await harness.count_unprocessed() == 0


async def test_permanent_delivery_error_ends_the_update(harness: TelegramHarness) -> None:
    harness.telegram.fail_next("sendPhoto", 500, count=28)
    await harness.send_updates(harness.updates.photo(make_photo()))

    assert len(harness.telegram.calls_to("sendPhoto")) == 28
    assert harness.texts() == []
    assert await harness.count_unprocessed() == 0


async def test_failed_download_ends_with_an_apology(harness: TelegramHarness) -> None:
    harness.telegram.fail_next("download", 500, count=99)
    await harness.send_updates(harness.updates.photo(make_photo()))

    assert harness.texts() == [translate("error.picture_unreachable", Language.KO)]
    assert await harness.count_unprocessed() == 0


@pytest.mark.parametrize("crash_after", range(1, 3))
async def test_crash_between_message_and_checkpoint_repeats_one_message(
    harness: TelegramHarness, monkeypatch: pytest.MonkeyPatch, crash_after: int
) -> None:
    send_message, count = harness.handler.client.send_message, 0

    async def send_and_crash(chat_id: int, message: OutgoingMessage, **options: Any) -> int | None:
        nonlocal count
        message_id = await send_message(chat_id, message, **options)
        count += 1
        if count == crash_after:
            raise DatabaseUnavailableError
        return message_id

    monkeypatch.setattr(harness.handler.client, "send_message", send_and_crash)
    await harness.send_updates(harness.updates.photo(make_photo()))
    texts = harness.texts()

    assert len(texts) == 3
    assert texts[crash_after - 1] == texts[crash_after]
    assert len(set(texts)) == 2
    assert await harness.count_unprocessed() == 0
    assert len(await list_looks(harness)) == 1


async def test_a_look_that_is_deleted_before_its_update_ends_is_not_judged_again(
    harness: TelegramHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark_processed = inbox.mark_processed
    deleted: list[Look] = []

    async def delete_look_and_crash(connection: AsyncConnection, *inbox_ids: int) -> None:
        if not deleted:
            deleted.extend(await list_looks(harness))
            assert await delete_look(harness.resources, deleted[0].id)
            raise DatabaseUnavailableError
        await mark_processed(connection, *inbox_ids)

    monkeypatch.setattr(inbox, "mark_processed", delete_look_and_crash)
    await harness.send_updates(harness.updates.photo(make_photo()))

    assert len(deleted) == 1
    assert await list_looks(harness) == []
    assert harness.stored_files() == []
    assert len(harness.texts()) == 2
    assert await harness.count_unprocessed() == 0


async def test_a_worker_whose_job_was_taken_over_leaves_the_rest_to_the_other_one(
    harness: TelegramHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox_id = await harness.store(harness.updates.photo(make_photo())) or 0
    send_message, has_stood_still = harness.handler.client.send_message, False

    async def stand_still_once(chat_id: int, message: OutgoingMessage, **options: Any) -> int | None:
        nonlocal has_stood_still
        is_late, has_stood_still = not has_stood_still, True
        if is_late:
            await harness.handler.handle_update(inbox_id)
        return await send_message(chat_id, message, **options)

    monkeypatch.setattr(harness.handler.client, "send_message", stand_still_once)
    with capture_logs() as logs:
        await harness.handler.handle_update(inbox_id)

    assert [log["event"] for log in logs] == ["update_taken_over"]
    assert len(harness.photo_messages()) == 2, "that message was sent before the worker knew"
    assert (len(harness.texts()), len(set(harness.texts()))) == (3, 2)
    assert await harness.count_unprocessed() == 0
    assert len(await list_looks(harness)) == 1


@pytest.mark.parametrize("is_album", [False, True])
async def test_a_photo_whose_workers_were_killed_keeps_all_its_attempts(
    harness: TelegramHarness, *, is_album: bool
) -> None:
    photo = make_photo()
    (update,) = harness.updates.album([photo]) if is_album else [harness.updates.photo(photo)]
    await harness.store(update)
    await harness.execute("UPDATE procrastinate_jobs SET attempts = 3")
    harness.telegram.fail_next("getFile", 502, count=3 * TRIES)
    await harness.run_jobs()

    assert len(harness.photo_messages()) == 1, "the fourth attempt fetched it"
    assert await harness.count_unprocessed() == 0


async def test_storage_that_is_briefly_unavailable(harness: TelegramHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    put, has_failed = harness.resources.storage.put, False

    async def fail_once(key: str, image: bytes) -> None:
        nonlocal has_failed
        if not has_failed:
            has_failed = True
            raise StorageUnavailableError
        await put(key, image)

    monkeypatch.setattr(harness.resources.storage, "put", fail_once)
    await harness.send_updates(harness.updates.photo(make_photo()))

    assert len(harness.texts()) == 2
    assert harness.model.call_count == 1


async def test_bug_ends_with_one_apology_and_is_not_retried(
    harness: TelegramHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(harness.handler.conversation, "photo_judging")
    await harness.send_updates(harness.updates.photo(make_photo()))

    assert harness.texts() == [translate("error.any", Language.KO)]
    assert await harness.count_unprocessed() == 0


async def test_error_in_a_statement_ends_with_one_apology_and_is_not_retried(
    harness: TelegramHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 0

    async def execute_invalid_statement(*_: object) -> None:
        nonlocal count
        count += 1
        await harness.execute("SELECT no_such_column FROM inbox")

    monkeypatch.setattr(harness.handler.conversation, "get_or_create_person", execute_invalid_statement)
    await harness.send_updates(harness.updates.photo(make_photo()))
    assert await requeue_orphans(harness.resources) == 0

    assert count == 1
    assert harness.texts() == [translate("error.any", Language.KO)]
    assert await harness.count_unprocessed() == 0


async def test_update_that_never_ends_is_given_up_and_can_be_retried(
    harness: TelegramHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lose_connection(*_: object) -> None:
        raise DatabaseUnavailableError

    await harness.store(harness.updates.photo(make_photo()))
    await harness.execute("UPDATE inbox SET received_at = now() - interval '3 minutes'")
    with monkeypatch.context() as unreachable:
        unreachable.setattr(harness.handler.conversation, "get_or_create_person", lose_connection)
        await harness.run_jobs()
        for _ in range(MAX_REQUEUES):
            assert await requeue_orphans(harness.resources) == 1
            await harness.run_jobs()
        assert await requeue_orphans(harness.resources) == 0
    assert await harness.count_rows("inbox WHERE failed_at IS NOT NULL AND payload IS NOT NULL") == 1
    assert harness.texts() == []

    async with harness.resources.database.transaction() as connection:
        assert await queued_updates.retry_failed(connection) == 1
    assert await requeue_orphans(harness.resources) == 1
    await harness.run_jobs()
    assert len(harness.photo_messages()) == 1
    assert await harness.count_unprocessed() == 0


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"no picture", "error.not_an_image"),
        (b"", "error.empty_photo"),
        (make_photo()[:200], "error.truncated_photo"),
        (encode_image(Image.new("RGB", (20, 20))), "error.photo_too_small"),
        (b"\xff\xd8\xff" + bytes(20_000_001), "error.photo_too_large"),
    ],
)
async def test_unusable_photo_ends_with_an_apology(harness: TelegramHarness, data: bytes, key: str) -> None:
    await harness.send_updates(harness.updates.document(data, mime="image/jpeg", language="en"))

    assert harness.texts() == [translate(key, Language.EN)]
    assert await harness.count_unprocessed() == 0
    assert harness.stored_files() == []


async def test_photo_without_an_outfit_cannot_be_shared(harness: TelegramHarness) -> None:
    harness.model.next_outputs = [make_outputs(Style.RETRO, outfit=0.05)]
    await harness.send_updates(harness.updates.photo(make_photo()))

    assert harness.photo_messages() == []
    assert harness.buttons(harness.last_with_buttons()) == ["another", "guess"]


async def test_daily_limit_ends_with_an_apology(harness: TelegramHarness) -> None:
    await harness.send_updates(*(harness.updates.photo(make_photo(seed)) for seed in range(DAILY_LIMIT + 1)))

    assert harness.last_message()["text"] == translate("talk.limit", Language.KO, count=str(DAILY_LIMIT))
    assert len(harness.photo_messages()) == DAILY_LIMIT


async def test_photo_of_an_erased_person(harness: TelegramHarness) -> None:
    inbox_id = await harness.store(harness.updates.photo(make_photo()))
    async with harness.resources.database.transaction() as connection:
        person = await people.get_or_create_by_identity(
            connection, IdentityProvider.TELEGRAM, str(USER_ID), language=Language.KO
        )
        await people.delete_person(connection, person.id)
    await harness.run_jobs()

    assert inbox_id is not None
    assert harness.texts() == []
    assert await harness.row_counts() == {}


async def test_stopped_worker_leaves_the_rest_to_the_next_one(harness: TelegramHarness) -> None:
    await _stop_worker_while_photo_is_sent(harness, response_delay=0.3)
    await harness.run_jobs()

    assert len(harness.photo_messages()) == 1, "the response came in time to record it"
    assert (len(harness.texts()), len(set(harness.texts()))) == (2, 2)
    assert await harness.count_unprocessed() == 0


@pytest.mark.parametrize("response_seconds", [0.1])
async def test_stopped_worker_waits_for_no_late_response(harness: TelegramHarness) -> None:
    await _stop_worker_while_photo_is_sent(harness, response_delay=3.0)
    await harness.run_jobs()

    assert len(harness.photo_messages()) == 2
    assert (len(harness.texts()), len(set(harness.texts()))) == (3, 2)
    assert await harness.count_unprocessed() == 0


async def _stop_worker_while_photo_is_sent(harness: TelegramHarness, *, response_delay: float) -> None:
    harness.telegram.delay_next("sendPhoto", response_delay)
    await harness.store(harness.updates.photo(make_photo()))
    timings = WorkerTimings(shutdown_grace=0.05)
    conninfo = harness.resources.database.conninfo
    async with JobQueue(conninfo, harness.handler.register_tasks, timings=timings) as queue:
        worker = asyncio.create_task(queue.run_worker({}))
        await asyncio.to_thread(harness.telegram.wait, lambda: harness.telegram.calls_to("sendPhoto"))
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker
    assert await harness.count_unprocessed() == 1
