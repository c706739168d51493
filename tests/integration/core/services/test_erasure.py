"""Erasure of looks and people: every table and every file."""

import asyncio
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, insert, text

from core.db import inbox, look_feedback, looks, people, relations, schema
from core.db.identities import create_identity
from core.db.schema import Channel, IdentityProvider, ModerationAction
from core.errors import PersonNotFoundError, StorageUnavailableError
from core.i18n.translations import Language
from core.jobs.queue import conversation_lock_key, enqueue
from core.resources import Resources
from core.services.deletion import VACUUM_TASK, delete_look, erase_person
from core.styles import Style
from tests.databases import wait_until_blocked
from tests.factories import count_stored_files, create_look, create_person, remove_look, store_images

EVERY_TABLE = """
SELECT table_name FROM information_schema.tables
WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name <> 'alembic_version'
"""


async def rows(resources: Resources) -> dict[str, list[str]]:
    """Every row of every table, as text; empty tables and the job that vacuums are left out."""
    async with resources.database.transaction() as connection:
        await connection.execute(text("DELETE FROM procrastinate_jobs WHERE task_name = :task"), {"task": VACUUM_TASK})
        tables = {}
        for table in (await connection.execute(text(EVERY_TABLE))).scalars():
            result = await connection.execute(text(f'SELECT CAST(t.* AS text) FROM "{table}" AS t'))
            tables[table] = sorted(result.scalars())
        return {table: lines for table, lines in tables.items() if lines}


ANONYMOUS_TABLES = {"daily_counts", "installation", "moderation_log", "rate_limits"}
"""Tables whose rows remain after an erasure, without a reference to the person."""


def rows_with_personal_data(tables: dict[str, list[str]]) -> dict[str, list[str]]:
    return {table: lines for table, lines in tables.items() if table not in ANONYMOUS_TABLES}


async def create_person_with_everything(resources: Resources, subject: str, friend: UUID | None = None) -> UUID:
    """Create a person with rows in every table, and with reactions between them and a friend."""
    async with resources.database.transaction() as connection:
        person = await people.get_or_create_by_identity(
            connection, IdentityProvider.TELEGRAM, subject, language=Language.KO
        )
        await people.update_display_name(connection, person.id, f"name of {subject}")
        await create_identity(connection, person.id, IdentityProvider.KAKAO, f"kakao {subject}")
        private, shared = [await store_images(resources, await create_look(connection, person.id)) for _ in range(2)]
        await looks.share(connection, shared.id)
        await look_feedback.record_correction(connection, private.id, Style.MODE)
        token = {"token_hash": sha256(subject.encode()).digest(), "person_id": person.id, "expires_at": func.now()}
        await connection.execute(insert(schema.one_time_tokens).values(**token))
        action = {
            "action": ModerationAction.RESTORE,
            "moderator_id": person.id,
            "look_id": shared.id,
            "person_id": person.id,
        }
        await connection.execute(insert(schema.moderation_log).values(**action))
        for channel, sender in ((Channel.TELEGRAM, subject), (Channel.KAKAO, f"kakao {subject}")):
            inbox_id = await inbox.insert(
                connection, channel, f"update {sender}", external_sender_id=sender, payload={"is": sender}
            )
            assert inbox_id is not None
            await inbox.record_checkpoint(connection, inbox_id, "verdict", data=f"message {sender}")
            await enqueue(connection, "bot.answer", lock=conversation_lock_key(channel, sender), inbox_id=inbox_id)
        if friend is not None:
            friends_look = (await looks.list_for_person(connection, friend, limit=1))[0]
            for reactor, look in ((friend, shared), (person.id, friends_look)):
                for table in (schema.hearts, schema.bookmarks):
                    await connection.execute(insert(table).values(look_id=look.id, person_id=reactor))
                guess = {"look_id": look.id, "person_id": reactor, "style": Style.MODE}
                await connection.execute(insert(schema.look_guesses).values(guess))
                reason = f"by {reactor}"
                await connection.execute(
                    insert(schema.reports).values(look_id=look.id, person_id=reactor, reason=reason)
                )
            for follower, followed in ((friend, person.id), (person.id, friend)):
                await connection.execute(insert(schema.follows).values(follower_id=follower, followed_id=followed))
                report = {"reported_id": followed, "person_id": follower, "reason": f"by {follower}"}
                await connection.execute(insert(schema.person_reports).values(report))
                await connection.execute(insert(schema.blocks).values(person_id=follower, blocked_id=followed))
    return person.id


async def test_erasure_leaves_nothing_of_a_person(resources: Resources, storage_folder: Path) -> None:
    friend = await create_person_with_everything(resources, "friend")
    before, files_before = await rows(resources), count_stored_files(storage_folder)
    person = await create_person_with_everything(resources, "mina", friend)
    full = await rows(resources)
    own_tables = {table for table in full if not table.startswith("procrastinate_")}
    anonymous = {"installation", "rate_limits"}
    assert own_tables == set(schema.metadata.tables) - anonymous, "create_person_with_everything must fill every table"
    assert "procrastinate_jobs" in full
    assert count_stored_files(storage_folder) == files_before + 4

    assert await erase_person(resources, person)

    after = await rows(resources)
    assert rows_with_personal_data(after) == rows_with_personal_data(before)
    assert not [row for lines in after.values() for row in lines if "mina" in row or str(person) in row]
    assert count_stored_files(storage_folder) == files_before
    assert not await erase_person(resources, person)
    async with resources.database.transaction() as connection:
        again = await people.get_or_create_by_identity(
            connection, IdentityProvider.TELEGRAM, "mina", language=Language.KO
        )
    assert again.id != person


async def test_failed_erasure_changes_nothing(resources: Resources, storage_folder: Path) -> None:
    person = await create_person_with_everything(resources, "mina")
    before = await rows(resources)
    storage_folder.rename(storage_folder.with_name("away"))
    storage_folder.write_bytes(b"a file instead of the directory")
    with pytest.raises(StorageUnavailableError):
        await erase_person(resources, person)
    assert await rows(resources) == before
    storage_folder.unlink()
    storage_folder.with_name("away").rename(storage_folder)
    assert await erase_person(resources, person)
    assert (rows_with_personal_data(await rows(resources)), count_stored_files(storage_folder)) == ({}, 0)


async def test_erasures_at_once_of_people_who_follow_each_other(resources: Resources) -> None:
    async with resources.database.transaction() as connection:
        pair = [(await create_person(connection)).id for _ in range(2)]
        for follower, followed in (pair, pair[::-1]):
            await relations.create_follow(connection, follower, followed)
    assert await asyncio.gather(*(erase_person(resources, person_id) for person_id in pair)) == [True, True]


async def test_erasure_excludes_concurrent_looks(
    resources: Resources, storage_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await create_person_with_everything(resources, "mina")
    delete, adding = resources.storage.delete, []

    async def add() -> None:
        async with resources.database.transaction() as connection:
            await create_look(connection, person)

    async def delete_while_another_photo_comes(keys: list[str]) -> None:
        await delete(keys)
        adding.append(asyncio.create_task(add()))
        await wait_until_blocked(resources.database)

    monkeypatch.setattr(resources.storage, "delete", delete_while_another_photo_comes)
    assert await erase_person(resources, person)
    with pytest.raises(PersonNotFoundError):
        await adding[0]
    assert (rows_with_personal_data(await rows(resources)), count_stored_files(storage_folder)) == ({}, 0)


async def test_removed_looks_lose_their_images_and_deleted_ones_everything(
    resources: Resources, storage_folder: Path
) -> None:
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
        hidden, deleted = [await store_images(resources, await create_look(connection, person.id)) for _ in range(2)]
        await looks.share(connection, hidden.id)
    assert await remove_look(resources, hidden.id)
    assert count_stored_files(storage_folder) == 2
    assert await delete_look(resources, deleted.id)
    assert count_stored_files(storage_folder) == 0
    assert not await delete_look(resources, deleted.id)
    assert not await remove_look(resources, deleted.id)
    async with resources.database.transaction() as connection:
        (left,) = await looks.list_for_person(connection, person.id, limit=9)
    assert left.id == hidden.id
    assert (left.shared_at, left.photo_key) == (None, None)
    assert left.removed_at is not None
