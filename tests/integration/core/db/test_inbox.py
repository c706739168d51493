import asyncio
from datetime import timedelta

from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import inbox, people, schema
from core.db.database import Database
from core.db.identities import mark_blocked
from core.db.schema import Channel, IdentityProvider
from core.i18n.translations import Language

PAYLOAD = {"message": {"text": "안녕", "photo": [{"file_id": "a"}]}}


async def insert_update(connection: AsyncConnection, external_id: str = "7") -> int:
    inbox_id = await inbox.insert(connection, Channel.TELEGRAM, external_id, external_sender_id="1", payload=PAYLOAD)
    assert inbox_id is not None
    return inbox_id


async def test_an_update_is_stored_once_however_often_it_is_received(database: Database) -> None:
    async def receive(channel: Channel) -> int | None:
        async with database.transaction() as connection:
            return await inbox.insert(connection, channel, "7", external_sender_id="1", payload=PAYLOAD)

    results = await asyncio.gather(*(receive(Channel.TELEGRAM) for _ in range(8)))
    (inbox_id,) = [result for result in results if result is not None]
    assert await receive(Channel.KAKAO) is not None
    async with database.transaction() as connection:
        stored = await inbox.get(connection, inbox_id)
        assert stored is not None
        assert (stored.channel, stored.external_id, stored.external_sender_id) == (Channel.TELEGRAM, "7", "1")
        assert (stored.payload, stored.processed_at) == (PAYLOAD, None)


async def test_a_processed_update_is_recognized_for_a_week_without_its_payload(database: Database) -> None:
    async with database.transaction() as connection:
        processed, waiting = [await insert_update(connection, external_id) for external_id in ("7", "8")]
        await inbox.mark_processed(connection, processed)
        stored = await inbox.get(connection, processed)
        assert stored is not None
        assert stored.payload is None
        assert stored.processed_at is not None
        assert await inbox.insert(connection, Channel.TELEGRAM, "7", external_sender_id="1", payload=PAYLOAD) is None
        assert await inbox.delete_processed(connection) == 0
        last_week = func.now() - timedelta(days=8)
        await connection.execute(update(schema.inbox).values(received_at=last_week))
        is_processed = schema.inbox.c.id == processed
        await connection.execute(update(schema.inbox).where(is_processed).values(processed_at=last_week))
        assert await inbox.delete_processed(connection) == 1
        assert await inbox.get(connection, waiting) is not None


async def test_a_step_is_recorded_once_and_deleted_with_its_update(database: Database) -> None:
    async with database.transaction() as connection:
        inbox_id = await insert_update(connection)
        assert await inbox.list_checkpoints(connection, inbox_id) == {}
        await inbox.record_checkpoint(connection, inbox_id, "verdict", data={"message_id": 41})
        await inbox.record_checkpoint(connection, inbox_id, "verdict", data={"message_id": 42})
        await inbox.record_checkpoint(connection, inbox_id, "tip")
        expected = {"verdict": {"message_id": 41}, "tip": None}
        assert await inbox.list_checkpoints(connection, inbox_id) == expected
        await connection.execute(schema.inbox.delete())
        await inbox.record_checkpoint(connection, inbox_id, "closing")
        assert await inbox.list_checkpoints(connection, inbox_id) == {}


async def test_an_update_is_read_together_with_its_sender_unless_they_blocked_the_bot(database: Database) -> None:
    async with database.transaction() as connection:
        inbox_id = await insert_update(connection)
        for provider in (IdentityProvider.KAKAO, IdentityProvider.TELEGRAM):
            sender = await people.get_or_create_by_identity(connection, provider, "1", language=Language.EN)
    for open_connection in (database.transaction, database.connection):
        async with open_connection() as connection:
            loaded = await inbox.get_unprocessed(connection, inbox_id)
            assert loaded is not None
            assert loaded.sender == sender
    async with database.connection() as connection:
        await mark_blocked(connection, IdentityProvider.TELEGRAM, "1")
        loaded = await inbox.get_unprocessed(connection, inbox_id)
        assert loaded is not None
        assert loaded.sender is None


async def test_an_update_is_read_together_with_its_checkpoints(database: Database) -> None:
    async with database.transaction() as connection:
        inbox_id = await insert_update(connection)
    for open_connection in (database.transaction, database.connection):
        async with open_connection() as connection:
            assert await inbox.get_unprocessed(connection, inbox_id + 1) is None
            loaded = await inbox.get_unprocessed(connection, inbox_id)
            assert loaded == inbox.UnprocessedUpdate(
                external_sender_id="1", payload=PAYLOAD, checkpoints={}, fault_count=0, sender=None
            )
    async with database.connection() as connection:
        await inbox.count_fault(connection, inbox_id)
        await inbox.record_checkpoint(connection, inbox_id, "verdict", data={"message_id": 41})
        await inbox.record_checkpoint(connection, inbox_id, "tip")
    for open_connection in (database.transaction, database.connection):
        async with open_connection() as connection:
            loaded = await inbox.get_unprocessed(connection, inbox_id)
            assert loaded is not None
            assert loaded.checkpoints == {"verdict": {"message_id": 41}, "tip": None}
            assert loaded.fault_count == 1
    async with database.connection() as connection:
        await inbox.mark_processed(connection, inbox_id)
        assert await inbox.get_unprocessed(connection, inbox_id) is None
