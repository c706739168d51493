"""A worker that is killed again and again, at any moment, loses no photo and judges none twice."""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

from sqlalchemy import func, select

from core.db import inbox, looks, schema
from core.db.schema import Channel
from core.jobs.queue import conversation_lock_key, enqueue
from core.resources import Resources
from core.services.retention import erase_person
from tests.conftest import ROOT
from tests.factories import create_person

PHOTOS, KILLS = 24, 6

WORKER = """
import asyncio, sys
from datetime import timedelta
from pathlib import Path
from uuid import UUID
from core import queue
from core.db import inbox
from core.db.engine import Database
from core.db.tables import Channel
from core.judging import Judging
from core.links import Links
from core.memory import Memory
from core.queue import Backoff, Queue
from core.storage import Storage
from core.vision.classifier import StyleClassifier
from core.vision.scripted import SCRIPTED_CARD, ScriptedEngine, scripted_by_hash
from tests.integration.records import a_photo

queue.SILENCE = 1.0

async def judge(context, inbox_id):
    resources, judging = context.additional_context["memory"], context.additional_context["judging"]
    async with resources.database.begin() as connection:
        update = await inbox.get(connection, inbox_id)
    if update.done_at is not None:
        return
    person, source = UUID(update.payload["person"]), f"update {update.update_id}"
    await judging.judge(
        a_photo(seed=int(update.update_id)), person_id=person, channel=Channel.WEB, source=source, language="ko"
    )
    async with resources.database.begin() as connection:
        await inbox.finish(connection, inbox_id)

def tasks(app):
    app.task(name="test.judge", pass_context=True, retry=Backoff())(judge)

async def main(url, folder):
    async with Database(url) as database:
        storage = Storage(Path(folder).as_uri())
        memory = Memory(database=database, storage=storage, links=Links(b""), keep_private=timedelta(days=1))
        judging = Judging(resources, StyleClassifier(ScriptedEngine(scripted_by_hash), SCRIPTED_CARD))
        async with Queue(database.conninfo, tasks) as worker:
            print("ready", flush=True)
            await worker.work({"memory": resources, "judging": judging}, concurrency=3)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_every_photo_becomes_one_look_whatever_is_killed(
    resources: Resources, url: str, storage_folder: Path
) -> None:
    async with resources.database.transaction() as connection:
        people = [(await create_person(connection)).id for _ in range(4)]
        for number in range(PHOTOS):
            person = people[number % 4]
            said = {"person": str(person)}
            taken = await inbox.insert(
                connection, Channel.WEB, str(number), external_sender_id=str(person), payload=said
            )
            await enqueue(
                connection, "test.judge", lock=conversation_lock_key(Channel.WEB, str(person)), inbox_id=taken
            )

    async def undone() -> int:
        async with resources.database.transaction() as connection:
            waiting = select(func.count()).select_from(schema.inbox).where(schema.inbox.c.done_at.is_(None))
            number: int = (await connection.execute(waiting)).scalar_one()
            return number

    dice = random.Random(7)
    for kill in range(KILLS + 1):
        goal = 0 if kill == KILLS else max(0, await undone() - 2)
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WORKER, url, str(storage_folder), cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        assert worker.stdout is not None
        assert await worker.stdout.readline() == b"ready\n"
        async with asyncio.timeout(180):
            while await undone() > goal:  # noqa: ASYNC110
                await asyncio.sleep(dice.uniform(0.01, 0.1))
        worker.kill()
        await worker.wait()
    async with resources.database.transaction() as connection:
        for at, person in enumerate(people):
            mine = await looks.list_for_person(connection, person, limit=99)
            expected = [f"update {number}" for number in range(PHOTOS) if number % 4 == at]
            assert [look.source_message_id for look in reversed(mine)] == expected
            assert all(look.images_stored_at is not None for look in mine)
    files = [path for path in storage_folder.rglob("*.jpg") if path.is_file()]
    assert len(files) == 2 * PHOTOS
    for person in people:
        await erase_person(resources, person)
    assert not [path for path in storage_folder.rglob("*") if path.is_file()]
