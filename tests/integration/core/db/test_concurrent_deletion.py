"""What a look or a person gets while it is deleted: it is gone, which is no error of the database."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import looks, moderation, people, person_reports, reactions, relations, schema
from core.db.database import Database
from core.styles import Style
from tests.databases import wait_until_blocked
from tests.factories import create_look, create_person

Action = Callable[[AsyncConnection, UUID, UUID], Awaitable[Any]]
"""What a person (third argument) does to a look or a person."""

TO_LOOKS: dict[str, Action] = {
    "hearts": reactions.create_heart,
    "bookmarks": reactions.create_bookmark,
    "look_guesses": lambda connection, look_id, person_id: reactions.create_guess(
        connection, look_id, person_id, Style.MODE
    ),
    "reports": moderation.create_report,
}
TO_PEOPLE: dict[str, Action] = {
    "follows": lambda connection, person_id, visitor_id: relations.create_follow(connection, visitor_id, person_id),
    "person_reports": lambda connection, person_id, visitor_id: person_reports.create(
        connection, person_id, visitor_id, "name"
    ),
}


@pytest.mark.parametrize("table", [*TO_LOOKS, *TO_PEOPLE])
async def test_nothing_is_stored_for_what_is_deleted_at_the_same_time(database: Database, table: str) -> None:
    async with database.transaction() as connection:
        owner_id, visitor_id = [(await create_person(connection)).id for _ in range(2)]
        look = await create_look(connection, owner_id)
        assert await looks.share(connection, look.id)

    async def act() -> None:
        async with database.transaction() as connection:
            if table in TO_LOOKS:
                await TO_LOOKS[table](connection, look.id, visitor_id)
            else:
                await TO_PEOPLE[table](connection, owner_id, visitor_id)

    async with database.transaction() as deletion:
        await people.delete_person(deletion, owner_id)
        acting = asyncio.create_task(act())
        await wait_until_blocked(database)
    await acting
    async with database.connection() as connection:
        rows = select(func.count()).select_from(schema.metadata.tables[table])
        assert (await connection.execute(rows)).scalar_one() == 0
