"""A worker that is killed repeatedly, at any moment, loses no photo and judges none twice."""

import asyncio
import random
import sys
from pathlib import Path

from sqlalchemy import func, select

from core.db import inbox, looks, schema
from core.db.schema import Channel
from core.jobs.queue import conversation_lock_key, enqueue
from core.resources import Resources
from core.services.deletion import erase_person
from tests.conftest import ROOT
from tests.factories import create_person

PHOTOS, KILLS = 16, 4
WORKER_MODULE = "tests.integration.core.services.crash_worker"


async def test_killed_workers_store_every_photo_exactly_once(
    resources: Resources, url: str, storage_folder: Path
) -> None:
    async with resources.database.transaction() as connection:
        people = [(await create_person(connection)).id for _ in range(4)]
        for number in range(PHOTOS):
            person = people[number % 4]
            inbox_id = await inbox.insert(
                connection,
                Channel.WEB,
                str(number),
                external_sender_id=str(person),
                payload={"person": str(person)},
            )
            await enqueue(
                connection, "test.judge", lock=conversation_lock_key(Channel.WEB, str(person)), inbox_id=inbox_id
            )

    async def count_unfinished() -> int:
        async with resources.database.transaction() as connection:
            waiting = select(func.count()).select_from(schema.inbox).where(schema.inbox.c.processed_at.is_(None))
            number: int = (await connection.execute(waiting)).scalar_one()
            return number

    rng = random.Random(7)
    for kill in range(KILLS + 1):
        goal = 0 if kill == KILLS else max(0, await count_unfinished() - 2)
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", WORKER_MODULE, url, str(storage_folder), cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        assert worker.stdout is not None
        assert await worker.stdout.readline() == b"ready\n"
        async with asyncio.timeout(180):
            while await count_unfinished() > goal:  # noqa: ASYNC110
                await asyncio.sleep(rng.uniform(0.01, 0.1))
        worker.kill()
        await worker.wait()
    async with resources.database.transaction() as connection:
        for index, person in enumerate(people):
            stored = await looks.list_for_person(connection, person, limit=99)
            expected = [f"update {number}" for number in range(PHOTOS) if number % 4 == index]
            assert [look.source_message_id for look in reversed(stored)] == expected
            assert all(look.images_stored_at is not None for look in stored)
    files = [path for path in storage_folder.rglob("*.jpg") if path.is_file()]
    assert len(files) == 2 * PHOTOS
    for person in people:
        await erase_person(resources, person)
    assert not [path for path in storage_folder.rglob("*") if path.is_file()]
