from datetime import timedelta

from sqlalchemy import func, update

from core.db import look_images, schema, submissions
from core.db.database import Database
from tests.factories import create_look, create_person


async def test_submission_state_has_the_hashes_the_count_and_the_look_of_the_message(database: Database) -> None:
    async with database.transaction() as connection:
        person = await create_person(connection)
        other = await create_person(connection)
        await create_look(connection, other.id, source_message_id="7")
        old, cleared, unstored, first, latest = [
            await create_look(connection, person.id, source_message_id=str(number), stored=number != 2)
            for number in range(5)
        ]
        yesterday = func.now() - timedelta(days=1)
        await connection.execute(
            update(schema.looks)
            .where(schema.looks.c.id == old.id)
            .values(created_at=yesterday, private_photo_ttl=timedelta(days=2))
        )
        await look_images.clear_image_keys(connection, [cleared.id])
    for open_connection in (database.transaction, database.connection):
        async with open_connection() as connection:
            state = await submissions.record_submission(connection, person.id, "2", model=first.verdict.model, limit=3)
            assert state.existing_look_id == unstored.id
            assert state.counted_on is None, "it was counted before"
            expected = [(look.id, look.perceptual_hash) for look in (latest, first, old)]
            # The looks of one transaction have the same time, so the order of their ids decides.
            assert state.recent_hashes == (*sorted(expected[:2], reverse=True), expected[2])
            state = await submissions.record_submission(connection, person.id, "7", model="another", limit=3)
            assert (state.existing_look_id, state.recent_hashes, state.counted_on) == (None, (), None)
            for limit, is_counted in ((4, False), (6, True), (6, True), (6, False)):
                state = await submissions.record_submission(
                    connection, person.id, "7", model="another", limit=3, daily_limit=limit
                )
                assert (state.counted_on is not None) is is_counted, "four looks of today, and those counted since"
            await submissions.delete_photo_counts(connection, person.id)
