"""The web process deletes private images if no worker has done so for two hours."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, update
from structlog.testing import capture_logs

from core.db import inbox, schema
from core.db.looks import Look
from core.db.schema import Channel
from core.resources import Resources
from core.services import overdue_deletion
from core.services.overdue_deletion import delete_if_late
from tests.factories import count_stored_files, create_look, create_person, end_images, store_images


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
        watch = asyncio.create_task(overdue_deletion.run(resources, interval=0.02))
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
