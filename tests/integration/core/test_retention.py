"""What has to go goes, from every table and every folder."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, insert, text, update

from core.db import deliveries, inbox, looks, opinions, people, tables
from core.db.tables import Act, Channel, Provider
from core.errors import PersonGone, StorageUnavailable
from core.memory import Memory
from core.queue import Queue, chat_lock, enqueue
from core.retention import delete_look, forget, sweep, tasks
from core.styles import Style
from tests.integration.records import a_look, a_person, hide_look, with_pictures

EVERY_TABLE = """
SELECT table_name FROM information_schema.tables
WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name <> 'alembic_version'
"""


async def rows(memory: Memory) -> dict[str, list[str]]:
    """Every row of every table, as text; empty tables are left out."""
    async with memory.database.begin() as connection:
        found = {}
        for table in (await connection.execute(text(EVERY_TABLE))).scalars():
            kept = await connection.execute(text(f'SELECT CAST(each.* AS text) FROM "{table}" AS each'))
            found[table] = sorted(kept.scalars())
        return {table: kept for table, kept in found.items() if kept}


OF_NOBODY = {"days", "moderation"}
"""Tables that count, or say what was done, and after a person has gone name nobody."""


def of_people(kept: dict[str, list[str]]) -> dict[str, list[str]]:
    return {table: lines for table, lines in kept.items() if table not in OF_NOBODY}


def files(pictures: Path) -> int:
    return len([path for path in pictures.rglob("*") if path.is_file()])


async def aged(memory: Memory, look_id: UUID, age: timedelta) -> None:
    async with memory.database.begin() as connection:
        table = tables.looks
        await connection.execute(update(table).where(table.c.id == look_id).values(created_at=func.now() - age))


async def full_life(memory: Memory, subject: str, friend: UUID | None = None) -> UUID:
    """A person with something in every table, and with two looks that a friend has to do with."""
    async with memory.database.begin() as connection:
        person = await people.meet(connection, Provider.TELEGRAM, subject, language="ko")
        await people.set_name(connection, person.id, f"name of {subject}")
        await people.link(connection, person.id, Provider.KAKAO, f"kakao {subject}")
        private, shared = [await with_pictures(memory, await a_look(connection, person.id)) for _ in range(2)]
        await looks.share(connection, shared.id)
        await opinions.correct(connection, private.id, Style.MODE)
        ticket = {"digest": sha256(subject.encode()).digest(), "person_id": person.id, "expires_at": func.now()}
        await connection.execute(insert(tables.tickets).values(**ticket))
        act = {"act": Act.RESTORE, "moderator_id": person.id, "look_id": shared.id, "person_id": person.id}
        await connection.execute(insert(tables.moderation).values(**act))
        for platform, sender in ((Channel.TELEGRAM, subject), (Channel.KAKAO, f"kakao {subject}")):
            number = await inbox.receive(
                connection, platform, f"update {sender}", sender=sender, payload={"is": sender}
            )
            assert number is not None
            await deliveries.mark(connection, number, "verdict", message=f"message {sender}")
            await enqueue(connection, "bot.answer", lock=chat_lock(platform, sender), inbox_id=number)
        if friend is not None:
            theirs = (await looks.of_person(connection, friend, limit=1))[0]
            for giver, look in ((friend, shared), (person.id, theirs)):
                for table in (tables.hearts, tables.scraps):
                    await connection.execute(insert(table).values(look_id=look.id, person_id=giver))
                reason = f"by {giver}"
                await connection.execute(insert(tables.reports).values(look_id=look.id, person_id=giver, reason=reason))
            for one, other in ((friend, person.id), (person.id, friend)):
                await connection.execute(insert(tables.follows).values(person_id=one, followed_id=other))
    return person.id


async def test_nothing_is_left_of_a_person_who_is_forgotten(memory: Memory, pictures: Path) -> None:
    friend = await full_life(memory, "friend")
    before, pictures_before = await rows(memory), files(pictures)
    person = await full_life(memory, "mina", friend)
    full = await rows(memory)
    ours = {table for table in full if not table.startswith("procrastinate_")}
    assert ours == set(tables.metadata.tables), "a table without a row proves nothing: fill it in full_life"
    assert "procrastinate_jobs" in full
    assert files(pictures) == pictures_before + 4

    assert await forget(memory, person)

    after = await rows(memory)
    assert of_people(after) == of_people(before)
    assert not [row for kept in after.values() for row in kept if "mina" in row or str(person) in row]
    assert files(pictures) == pictures_before
    assert not await forget(memory, person)
    async with memory.database.begin() as connection:
        again = await people.meet(connection, Provider.TELEGRAM, "mina", language="ko")
    assert again.id != person


async def test_nobody_is_half_forgotten(memory: Memory, pictures: Path) -> None:
    person = await full_life(memory, "mina")
    before = await rows(memory)
    pictures.rename(pictures.with_name("away"))
    pictures.write_bytes(b"a file where the folder was")
    with pytest.raises(StorageUnavailable):
        await forget(memory, person)
    assert await rows(memory) == before
    pictures.unlink()
    pictures.with_name("away").rename(pictures)
    assert await forget(memory, person)
    assert (of_people(await rows(memory)), files(pictures)) == ({}, 0)


async def test_who_is_being_forgotten_gets_no_new_looks(
    memory: Memory, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await full_life(memory, "mina")
    delete, adding = memory.storage.delete, []

    async def add() -> None:
        async with memory.database.begin() as connection:
            await a_look(connection, person)

    async def delete_while_another_photo_comes(keys: list[str]) -> None:
        await delete(keys)
        adding.append(asyncio.create_task(add()))
        await asyncio.sleep(0.2)

    monkeypatch.setattr(memory.storage, "delete", delete_while_another_photo_comes)
    assert await forget(memory, person)
    with pytest.raises(PersonGone):
        await adding[0]
    assert (of_people(await rows(memory)), files(pictures)) == ({}, 0)


async def test_only_old_private_looks_lose_their_pictures(memory: Memory, pictures: Path) -> None:
    async with memory.database.begin() as connection:
        person = await a_person(connection)
        old, young, shared, unshared = [
            await with_pictures(memory, await a_look(connection, person.id)) for _ in range(4)
        ]
        await looks.share(connection, shared.id)
        await looks.share(connection, unshared.id)
        await looks.unshare(connection, unshared.id)
        half = await a_look(connection, person.id, stored=False)
    for look in (old, shared, unshared, half):
        await aged(memory, look.id, timedelta(hours=25))
    await aged(memory, young.id, timedelta(hours=23))
    assert await sweep(memory) == 3
    assert await sweep(memory) == 0
    assert files(pictures) == 4
    async with memory.database.begin() as connection:
        kept = {look.id: look for look in await looks.of_person(connection, person.id, limit=9)}
        assert not await looks.share(connection, old.id)
    assert len(kept) == 5
    assert {each for each, look in kept.items() if look.photo_key is not None} == {young.id, shared.id}
    assert kept[old.id].verdict.style == old.verdict.style


async def test_a_sweep_takes_more_than_one_batch(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.retention.BATCH", 2)
    async with memory.database.begin() as connection:
        person = await a_person(connection)
        many = [await a_look(connection, person.id) for _ in range(5)]
    for look in many:
        await aged(memory, look.id, timedelta(hours=25))
    assert await sweep(memory) == 5


async def test_the_worker_sweeps_by_itself(memory: Memory, pictures: Path) -> None:
    async with memory.database.begin() as connection:
        person = await a_person(connection)
        look = await with_pictures(memory, await a_look(connection, person.id))
        await enqueue(connection, "retention.sweep", lock=None, timestamp=0)
    await aged(memory, look.id, timedelta(hours=25))
    async with Queue(memory.database.conninfo, tasks) as worker:
        await worker.work({"memory": memory}, until_empty=True)
    assert files(pictures) == 0


async def test_hidden_looks_lose_their_pictures_at_once_and_deleted_ones_everything(
    memory: Memory, pictures: Path
) -> None:
    async with memory.database.begin() as connection:
        person = await a_person(connection)
        hidden, deleted = [await with_pictures(memory, await a_look(connection, person.id)) for _ in range(2)]
        await looks.share(connection, hidden.id)
    assert await hide_look(memory, hidden.id)
    assert files(pictures) == 2
    assert await delete_look(memory, deleted.id)
    assert files(pictures) == 0
    assert not await delete_look(memory, deleted.id)
    assert not await hide_look(memory, deleted.id)
    async with memory.database.begin() as connection:
        (left,) = await looks.of_person(connection, person.id, limit=9)
    assert left.id == hidden.id
    assert (left.shared_at, left.photo_key) == (None, None)
    assert left.hidden_at is not None
