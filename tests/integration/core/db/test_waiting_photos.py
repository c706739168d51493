from datetime import timedelta

from sqlalchemy import text

from core.db import inbox
from core.db.database import Database
from core.db.queued_updates import NoticeRule, list_waiting
from core.db.schema import Channel
from core.jobs.queue import enqueue

TASK = "test.answer"
RULE = NoticeRule(checkpoint="notice", waited=timedelta(0), remaining=timedelta(0), interval=timedelta(minutes=5))


async def test_a_photo_behind_one_that_waits_for_its_retry_is_not_the_next_of_its_chat(database: Database) -> None:
    """The lock of the conversation is held until then."""
    inbox_ids: list[int | None] = []
    async with database.transaction() as connection:
        for chat, delay in (("1", timedelta(minutes=1)), ("1", timedelta(0)), ("2", timedelta(0))):
            payload = {"message": {"photo": [{"file_id": "a"}]}}
            number = str(len(inbox_ids))
            inbox_id = await inbox.insert(
                connection, Channel.TELEGRAM, number, external_sender_id=chat, payload=payload
            )
            await enqueue(connection, TASK, lock=chat, delay=delay, inbox_id=inbox_id)
            inbox_ids.append(inbox_id)
    async with database.connection() as connection:
        waiting = await list_waiting(connection, [TASK], min_wait=timedelta(0), notice=RULE, limit=9)
    assert [(photo.id, photo.position) for photo in waiting] == [(inbox_ids[2], 1)]


async def test_a_sender_gets_a_notice_in_each_of_their_chats(database: Database) -> None:
    """Telegram gives the anonymous administrators of all groups the same id."""
    inbox_ids: list[int] = []
    async with database.transaction() as connection:
        for number, chat_id in enumerate((-1, -1, -2)):
            payload = {"message": {"photo": [{"file_id": "a"}], "chat": {"id": chat_id}}}
            inbox_id = await inbox.insert(
                connection, Channel.TELEGRAM, str(number), external_sender_id="1087968824", payload=payload
            )
            assert inbox_id is not None
            inbox_ids.append(inbox_id)
        first, same_chat, other_chat = inbox_ids
        assert await inbox.record_checkpoint(connection, first, RULE.checkpoint, data=-1)
        await inbox.mark_processed(connection, first)
        for inbox_id in (same_chat, other_chat):
            await enqueue(connection, TASK, lock=str(inbox_id), inbox_id=inbox_id)
    async with database.connection() as connection:
        waiting = await list_waiting(connection, [TASK], min_wait=timedelta(0), notice=RULE, limit=9)
    assert {photo.id: photo.needs_notice for photo in waiting} == {same_chat: False, other_chat: True}


async def test_a_photo_that_was_tried_before_does_not_wait_for_its_first_answer(database: Database) -> None:
    """Its sender saw that it was received."""
    async with database.connection() as connection:
        payload = {"message": {"photo": [{"file_id": "a"}]}}
        inbox_id = await inbox.insert(connection, Channel.TELEGRAM, "1", external_sender_id="1", payload=payload)
        await enqueue(connection, TASK, lock="1", inbox_id=inbox_id)
        found = []
        for attempts in (0, 1):
            await connection.execute(text(f"UPDATE procrastinate_jobs SET attempts = {attempts}"))
            found.append(await list_waiting(connection, [TASK], min_wait=timedelta(0), notice=RULE, limit=9))
    assert [len(waiting) for waiting in found] == [1, 0]
