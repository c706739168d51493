from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import func, update

from core.db import deliveries, inbox, tables
from core.db.engine import Database
from core.db.tables import Channel

PAYLOAD = {"message": {"text": "안녕", "photo": [{"file_id": "a"}]}}


async def test_an_update_is_taken_once_however_often_it_comes(database: Database) -> None:
    async def receive(platform: Channel) -> int | None:
        async with database.begin() as connection:
            return await inbox.receive(connection, platform, "7", sender="1", payload=PAYLOAD)

    taken = await asyncio.gather(*(receive(Channel.TELEGRAM) for _ in range(8)))
    (number,) = [each for each in taken if each is not None]
    assert await receive(Channel.KAKAO) is not None
    async with database.begin() as connection:
        update_ = await inbox.get(connection, number)
        assert update_ is not None
        assert (update_.platform, update_.update_id, update_.sender) == (Channel.TELEGRAM, "7", "1")
        assert (update_.payload, update_.done_at) == (PAYLOAD, None)


async def test_what_is_done_keeps_its_number_for_a_week_and_its_words_not_at_all(database: Database) -> None:
    async with database.begin() as connection:
        done = await inbox.receive(connection, Channel.TELEGRAM, "7", sender="1", payload=PAYLOAD)
        waiting = await inbox.receive(connection, Channel.TELEGRAM, "8", sender="1", payload=PAYLOAD)
        assert done is not None
        assert waiting is not None
        await inbox.finish(connection, done)
        kept = await inbox.get(connection, done)
        assert kept is not None
        assert kept.payload is None
        assert kept.done_at is not None
        assert await inbox.receive(connection, Channel.TELEGRAM, "7", sender="1", payload=PAYLOAD) is None
        assert await inbox.purge(connection) == 0
        long_ago = func.now() - timedelta(days=8)
        await connection.execute(update(tables.inbox).values(received_at=long_ago))
        await connection.execute(update(tables.inbox).where(tables.inbox.c.id == done).values(done_at=long_ago))
        assert await inbox.purge(connection) == 1
        assert await inbox.get(connection, waiting) is not None


async def test_steps_are_marked_once_and_go_with_their_update(database: Database) -> None:
    async with database.begin() as connection:
        number = await inbox.receive(connection, Channel.TELEGRAM, "7", sender="1", payload=PAYLOAD)
        assert number is not None
        assert await deliveries.sent(connection, number) == {}
        await deliveries.mark(connection, number, "verdict", message="41")
        await deliveries.mark(connection, number, "verdict", message="42")
        await deliveries.mark(connection, number, "tip")
        assert await deliveries.sent(connection, number) == {"verdict": "41", "tip": None}
        await connection.execute(tables.inbox.delete())
        await deliveries.mark(connection, number, "closing")
        assert await deliveries.sent(connection, number) == {}
