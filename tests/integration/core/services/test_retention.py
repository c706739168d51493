"""Deletion of what is over, by workers and, where none does it for two hours, by the web process."""

import asyncio
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select, update
from structlog.testing import capture_logs

from core.db import inbox, look_images, looks, one_time_tokens, people, schema
from core.db.looks import Look
from core.db.schema import Channel
from core.errors import StorageUnavailableError
from core.jobs.queue import enqueue
from core.jobs.worker import JobQueue
from core.resources import Resources
from core.services.deletion import delete_if_late, delete_overdue_data, register_tasks, run_late_deletion
from tests.factories import count_stored_files, create_look, create_person, end_images, store_images

HALF_AN_HOUR = timedelta(minutes=30)


async def age_look(resources: Resources, look_id: UUID, age: timedelta) -> None:
    async with resources.database.transaction() as connection:
        table = schema.looks
        await connection.execute(update(table).where(table.c.id == look_id).values(created_at=func.now() - age))


async def test_only_expired_private_looks_lose_their_images(resources: Resources, storage_folder: Path) -> None:
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
        old, young, shared, unshared = [
            await store_images(resources, await create_look(connection, person.id)) for _ in range(4)
        ]
        await looks.share(connection, shared.id)
        await looks.share(connection, unshared.id)
        await looks.unshare(connection, unshared.id)
        half = await create_look(connection, person.id, stored=False)
    for look in (old, shared, unshared, half):
        await age_look(resources, look.id, timedelta(hours=25))
    await age_look(resources, young.id, timedelta(hours=23))
    assert await delete_overdue_data(resources) == 3
    assert await delete_overdue_data(resources) == 0
    assert count_stored_files(storage_folder) == 4
    async with resources.database.transaction() as connection:
        remaining = {look.id: look for look in await looks.list_for_person(connection, person.id, limit=9)}
        assert not await looks.share(connection, old.id)
    assert len(remaining) == 5
    assert {look_id for look_id, look in remaining.items() if look.photo_key is not None} == {young.id, shared.id}
    assert remaining[old.id].verdict.style == old.verdict.style


async def test_whatever_is_over_is_deleted_with_the_images(resources: Resources) -> None:
    """Login links, names that were not confirmed and counters of limits; those of now stay."""
    async with resources.database.transaction() as connection:
        old, new = [(await create_person(connection)).id for _ in range(2)]
        for person_id, age in ((old, timedelta(hours=1)), (new, timedelta(0))):
            look = await create_look(connection, person_id)
            await one_time_tokens.create(connection, person_id, lifetime=timedelta(minutes=10) - age)
            await people.record_name_question(connection, person_id, look.id, chat="1", proposed_name="Mina")
            asked_at = update(schema.people).where(schema.people.c.id == person_id)
            await connection.execute(asked_at.values(pending_name_asked_at=func.now() - age))
            counter = {"key": person_id.bytes, "period": 0, "count": 1, "expires_at": func.now() + HALF_AN_HOUR - age}
            await connection.execute(insert(schema.rate_limits).values(counter))
    await delete_overdue_data(resources)
    async with resources.database.connection() as connection:
        assert (await connection.execute(select(schema.one_time_tokens.c.person_id))).scalars().all() == [new]
        assert (await connection.execute(select(schema.rate_limits.c.key))).scalars().all() == [new.bytes]
        with_name = select(schema.people.c.id).where(schema.people.c.pending_name.is_not(None))
        assert (await connection.execute(with_name)).scalars().all() == [new]


async def test_expired_photos_are_deleted_in_several_batches(resources: Resources) -> None:
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
        many = [await create_look(connection, person.id) for _ in range(5)]
    for look in many:
        await age_look(resources, look.id, timedelta(hours=25))
    assert await delete_overdue_data(resources, batch_size=2) == 5


async def test_an_image_that_cannot_be_deleted_stops_no_other_one(resources: Resources, storage_folder: Path) -> None:
    """It is the oldest one, so every batch of every run would begin with it."""
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
        many = [await store_images(resources, await create_look(connection, person.id)) for _ in range(5)]
    for number, look in enumerate(many):
        await age_look(resources, look.id, timedelta(hours=30 - number))
    locked = storage_folder / str(many[0].photo_key)
    locked.unlink()
    locked.mkdir()
    for _ in range(2):
        with capture_logs() as logs, pytest.raises(StorageUnavailableError, match="the images of 1 looks"):
            await delete_overdue_data(resources, batch_size=2)
        assert [(entry["event"], entry["looks"]) for entry in logs] == [("expired_photos_not_deleted", 1)]
        assert count_stored_files(storage_folder) == 0
        async with resources.database.transaction() as connection:
            statement = select(schema.looks.c.id).where(schema.looks.c.photo_key.is_not(None))
            assert (await connection.execute(statement)).scalars().all() == [many[0].id]
            assert await look_images.get_longest_overdue(connection) > timedelta(hours=5)
    locked.rmdir()
    assert await delete_overdue_data(resources) == 1


async def test_a_run_ends_where_the_storage_refuses_deletions(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a bucket does without the right: each look would be tried by itself."""
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
        many = [await create_look(connection, person.id) for _ in range(5)]
    for look in many:
        await age_look(resources, look.id, timedelta(hours=25))
    tried: list[list[str]] = []

    async def refuse(keys: list[str]) -> None:
        tried.append(keys)
        raise StorageUnavailableError

    monkeypatch.setattr(resources.storage, "delete", refuse)
    with pytest.raises(StorageUnavailableError, match="the images of 2 looks"):
        await delete_overdue_data(resources, batch_size=2)
    assert len(tried) == 3, "the batch, and its two looks"


async def test_worker_deletes_expired_photos(resources: Resources, storage_folder: Path) -> None:
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
        look = await store_images(resources, await create_look(connection, person.id))
        await enqueue(connection, "retention.sweep", lock=None, timestamp=0)
    await age_look(resources, look.id, timedelta(hours=25))
    async with JobQueue(resources.database.conninfo, register_tasks) as worker:
        await worker.run_worker({"resources": resources}, until_empty=True)
    assert count_stored_files(storage_folder) == 0


@pytest.fixture
async def look(resources: Resources) -> Look:
    async with resources.database.transaction() as connection:
        return await store_images(resources, await create_look(connection, (await create_person(connection)).id))


async def test_images_that_are_two_hours_overdue_are_deleted(
    resources: Resources, storage_folder: Path, look: Look
) -> None:
    await end_images(resources, look, timedelta(hours=1, minutes=50))
    assert (await delete_if_late(resources), count_stored_files(storage_folder)) == (0, 2)
    await end_images(resources, look, timedelta(hours=2, minutes=10))
    with capture_logs() as logs:
        assert (await delete_if_late(resources), count_stored_files(storage_folder)) == (1, 0)
    assert [(entry["event"], entry["looks"]) for entry in logs] == [("overdue_photos_deleted", 1)]
    assert await delete_if_late(resources) == 0


async def test_overdue_updates_are_deleted_as_well(resources: Resources) -> None:
    async with resources.database.transaction() as connection:
        await inbox.insert(connection, Channel.TELEGRAM, "1", external_sender_id="42", payload={"text": "words"})
        long_ago = func.now() - inbox.RETENTION - timedelta(hours=3)
        await connection.execute(update(schema.inbox).values(processed_at=long_ago))
    await delete_if_late(resources)
    async with resources.database.transaction() as connection:
        assert await inbox.get_longest_overdue(connection) == timedelta(0)


async def test_watch_survives_a_storage_that_is_away(resources: Resources, storage_folder: Path, look: Look) -> None:
    await end_images(resources, look, timedelta(hours=3))
    away = storage_folder.rename(storage_folder.with_name("away"))
    storage_folder.write_bytes(b"a file instead of the directory")
    with capture_logs() as logs:
        watch = asyncio.create_task(run_late_deletion(resources, interval=0.02))
        while not logs:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert logs[0]["event"] == "overdue_photos_not_deleted"
        storage_folder.unlink()
        away.rename(storage_folder)
        async with asyncio.timeout(30):
            while count_stored_files(storage_folder):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    watch.cancel()
    await asyncio.gather(watch, return_exceptions=True)


async def test_several_processes_can_delete_at_once(resources: Resources, storage_folder: Path, look: Look) -> None:
    await end_images(resources, look, timedelta(hours=3))
    assert sorted(await asyncio.gather(*[delete_if_late(resources) for _ in range(3)])) == [0, 0, 1]
    assert count_stored_files(storage_folder) == 0
