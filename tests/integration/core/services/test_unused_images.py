"""Images that a killed process left in the storage are deleted, and no others."""

import asyncio
from datetime import timedelta
from unittest.mock import AsyncMock

import pytest
from sqlalchemy import text

from core.db import looks
from core.db.schema import Channel
from core.i18n.translations import Language
from core.jobs.worker import JobQueue
from core.resources import Resources
from core.services.deletion import (
    delete_look,
    delete_overdue_data,
    delete_unused_images,
    erase_person,
    register_tasks,
)
from core.services.photo_judging import PhotoJudgingService, PhotoSource
from tests.databases import wait_until_blocked
from tests.factories import create_look, create_person, end_images, make_classifier, make_photo, store_images


class KilledError(BaseException):
    """Stands for the end of a process."""


async def run_later_jobs(resources: Resources) -> None:
    """Run all jobs that wait, also those that are planned for a later time."""
    async with resources.database.connection() as connection:
        await connection.execute(text("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'"))
    async with JobQueue(resources.database.conninfo, register_tasks) as queue:
        await queue.run_worker({"resources": resources}, until_empty=True)


@pytest.mark.parametrize("killed_at", ["never", "before recording", "before deleting"])
async def test_a_look_keeps_the_heatmap_that_was_drawn_last(
    resources: Resources, monkeypatch: pytest.MonkeyPatch, killed_at: str
) -> None:
    judging = PhotoJudgingService(resources, make_classifier())
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
    source = PhotoSource(person_id=person.id, channel=Channel.WEB, message_id="1", language=Language.EN)
    judged = await judging.judge_photo(make_photo(), source)
    with monkeypatch.context() as patch:
        if killed_at == "before recording":
            patch.setattr(looks, "update_where", AsyncMock(side_effect=KilledError))
        elif killed_at == "before deleting":
            patch.setattr(resources.storage, "delete", AsyncMock(side_effect=KilledError))
        try:
            await judging.redraw_heatmap(judged.look)
        except KilledError:
            assert len(await resources.storage.list_sizes()) == 3, "both heatmaps are stored"
    await run_later_jobs(resources)
    async with resources.database.connection() as connection:
        look = await looks.get(connection, judged.look.id)
    assert look is not None
    assert (look.heatmap_key != judged.look.heatmap_key) == (killed_at != "before recording")
    assert set(await resources.storage.list_sizes()) == {look.photo_key, look.heatmap_key}


async def test_an_image_that_is_stored_and_not_recorded_yet_is_kept(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    judging = PhotoJudgingService(resources, make_classifier())
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
    source = PhotoSource(person_id=person.id, channel=Channel.WEB, message_id="1", language=Language.EN)
    judged = await judging.judge_photo(make_photo(), source)
    put, deletions = resources.storage.put, list[asyncio.Task[None]]()

    async def put_during_deletion(key: str, data: bytes) -> None:
        await put(key, data)
        deletions.append(asyncio.create_task(delete_unused_images(resources, judged.look.id, [key])))
        await wait_until_blocked(resources.database)

    with monkeypatch.context() as patch:
        patch.setattr(resources.storage, "put", put_during_deletion)
        look = await judging.redraw_heatmap(judged.look)
    await asyncio.gather(*deletions)
    assert look.heatmap_key != judged.look.heatmap_key
    assert set(await resources.storage.list_sizes()) == {look.photo_key, look.heatmap_key}


@pytest.mark.parametrize("deleted", ["look", "person", "images"])
async def test_nothing_remains_of_a_look_that_is_deleted_while_its_images_are_stored(
    resources: Resources, deleted: str
) -> None:
    async with resources.database.transaction() as connection:
        look = await create_look(connection, (await create_person(connection)).id, stored=False)
    match deleted:
        case "look":
            assert await delete_look(resources, look.id)
        case "person":
            assert await erase_person(resources, look.person_id)
        case _:
            await end_images(resources, look, timedelta(hours=1))
            assert await delete_overdue_data(resources) == 1
    # By a process that is killed before it can find out that the look was deleted.
    await store_images(resources, look)
    await run_later_jobs(resources)
    assert await resources.storage.list_sizes() == {}


async def test_a_look_whose_images_are_stored_needs_no_job(resources: Resources) -> None:
    async with resources.database.transaction() as connection:
        look = await create_look(connection, (await create_person(connection)).id)
    assert await delete_look(resources, look.id)
    async with resources.database.connection() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM procrastinate_jobs"))).scalar_one() == 0
