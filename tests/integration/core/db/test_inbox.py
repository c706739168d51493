import asyncio
from datetime import timedelta

from sqlalchemy import func, update

from core.db import checkpoints, inbox, schema
from core.db.database import Database
from core.db.schema import Channel

PAYLOAD = {"message": {"text": "안녕", "photo": [{"file_id": "a"}]}}


async def test_an_update_is_taken_once_however_often_it_comes(database: Database) -> None:
    async def receive(platform: Channel) -> int | None:
        async with database.transaction() as connection:
            return await inbox.insert(connection, platform, "7", external_sender_id="1", payload=PAYLOAD)

    taken = await asyncio.gather(*(receive(Channel.TELEGRAM) for _ in range(8)))
    (number,) = [each for each in taken if each is not None]
    assert await receive(Channel.KAKAO) is not None
    async with database.transaction() as connection:
        update_ = await inbox.get(connection, number)
        assert update_ is not None
        assert (update_.channel, update_.external_id, update_.external_sender_id) == (Channel.TELEGRAM, "7", "1")
        assert (update_.payload, update_.processed_at) == (PAYLOAD, None)


async def test_what_is_done_keeps_its_number_for_a_week_and_its_words_not_at_all(database: Database) -> None:
    async with database.transaction() as connection:
        done = await inbox.insert(connection, Channel.TELEGRAM, "7", external_sender_id="1", payload=PAYLOAD)
        waiting = await inbox.insert(connection, Channel.TELEGRAM, "8", external_sender_id="1", payload=PAYLOAD)
        assert done is not None
        assert waiting is not None
        await inbox.mark_processed(connection, done)
        kept = await inbox.get(connection, done)
        assert kept is not None
        assert kept.payload is None
        assert kept.processed_at is not None
        assert await inbox.insert(connection, Channel.TELEGRAM, "7", external_sender_id="1", payload=PAYLOAD) is None
        assert await inbox.delete_processed(connection) == 0
        long_ago = func.now() - timedelta(days=8)
        await connection.execute(update(schema.inbox).values(received_at=long_ago))
        await connection.execute(update(schema.inbox).where(schema.inbox.c.id == done).values(processed_at=long_ago))
        assert await inbox.delete_processed(connection) == 1
        assert await inbox.get(connection, waiting) is not None


async def test_steps_are_marked_once_and_go_with_their_update(database: Database) -> None:
    async with database.transaction() as connection:
        number = await inbox.insert(connection, Channel.TELEGRAM, "7", external_sender_id="1", payload=PAYLOAD)
        assert number is not None
        assert await checkpoints.list_done(connection, number) == {}
        await checkpoints.record(connection, number, "verdict", data="41")
        await checkpoints.record(connection, number, "verdict", data="42")
        await checkpoints.record(connection, number, "tip")
        assert await checkpoints.list_done(connection, number) == {"verdict": "41", "tip": None}
        await connection.execute(schema.inbox.delete())
        await checkpoints.record(connection, number, "closing")
        assert await checkpoints.list_done(connection, number) == {}
