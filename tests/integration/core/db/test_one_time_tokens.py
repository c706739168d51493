import asyncio
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from core.db import one_time_tokens, schema
from core.db.database import Database
from core.db.one_time_tokens import TokenKind
from core.errors import PersonNotFoundError
from tests.factories import create_person


async def test_a_token_is_consumed_once(database: Database) -> None:
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        token = await one_time_tokens.create(connection, person)
        assert await one_time_tokens.get_person_id(connection, token) == person
        assert await one_time_tokens.get_person_id(connection, token) == person

    async def consume() -> object:
        async with database.transaction() as connection:
            return await one_time_tokens.consume(connection, token)

    assert sorted(await asyncio.gather(*(consume() for _ in range(6))), key=bool) == [*[None] * 5, person]
    async with database.transaction() as connection:
        assert await one_time_tokens.get_person_id(connection, token) is None


async def test_a_token_expires(database: Database) -> None:
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        expired = await one_time_tokens.create(connection, person, lifetime=-timedelta(seconds=1))
        valid = await one_time_tokens.create(connection, person)
        assert await one_time_tokens.get_person_id(connection, expired) is None
        assert await one_time_tokens.consume(connection, expired) is None
        assert await one_time_tokens.delete_expired(connection) == 1
        assert await one_time_tokens.get_person_id(connection, valid) == person


async def test_the_table_contains_no_valid_token(database: Database) -> None:
    async with database.transaction() as connection:
        token = await one_time_tokens.create(connection, (await create_person(connection)).id)
        assert len(token) * 6 >= 128
        token_hash = (await connection.execute(select(schema.one_time_tokens.c.token_hash))).scalar_one()
        for guess in (token_hash.hex(), token[:-1], "", "x" * 5000, "\x00"):
            assert await one_time_tokens.consume(connection, guess) is None
        assert token.encode() not in token_hash


async def test_a_proof_is_accepted_once_and_is_not_a_token(database: Database) -> None:
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        assert await one_time_tokens.record_used_proof(connection, "signature", person, lifetime=timedelta(minutes=1))
        assert not await one_time_tokens.record_used_proof(
            connection, "signature", person, lifetime=timedelta(minutes=1)
        )
        for guess in ("signature", "proof signature"):
            assert await one_time_tokens.consume(connection, guess) is None


async def test_a_deleted_person_gets_no_token(database: Database) -> None:
    with pytest.raises(PersonNotFoundError):
        async with database.transaction() as connection:
            await one_time_tokens.create(connection, uuid7())


async def test_login_links_of_a_person_end_together(database: Database) -> None:
    minute = timedelta(minutes=1)
    async with database.transaction() as connection:
        person, other = (await create_person(connection)).id, (await create_person(connection)).id
        links = [await one_time_tokens.create(connection, person) for _ in range(2)]
        of_other = await one_time_tokens.create(connection, other)
        look_id = uuid7()
        card = await one_time_tokens.create(
            connection, person, lifetime=minute, kind=TokenKind.CARD_LINK, look_id=look_id
        )
        await one_time_tokens.record_used_proof(connection, "signature", person, lifetime=minute)

        await one_time_tokens.delete_login_tokens(connection, person)

        assert [await one_time_tokens.consume(connection, link) for link in links] == [None, None]
        assert await one_time_tokens.consume(connection, of_other) == other
        assert await one_time_tokens.get_person_id(connection, card, TokenKind.CARD_LINK, look_id) == person
        assert not await one_time_tokens.record_used_proof(connection, "signature", person, lifetime=minute)


async def test_a_card_link_opens_one_look_until_it_ends(database: Database) -> None:
    minute, look_id, other_id = timedelta(minutes=1), uuid7(), uuid7()
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        expired, ended, link = [
            await one_time_tokens.create(
                connection, person, lifetime=lifetime, kind=TokenKind.CARD_LINK, look_id=look_id
            )
            for lifetime in (-minute, minute, minute)
        ]

        assert await one_time_tokens.consume(connection, link, TokenKind.CARD_LINK, other_id) is None
        assert await one_time_tokens.consume(connection, ended, TokenKind.CARD_LINK, look_id) == person

        owner_of = partial(one_time_tokens.get_person_id, connection, kind=TokenKind.CARD_LINK)
        assert [await owner_of(token, look_id=look_id) for token in (expired, ended)] == [None, None]
        assert await owner_of(link, look_id=look_id) == person
        assert await owner_of(link, look_id=other_id) is None
        assert await one_time_tokens.get_person_id(connection, link) is None, "it logs nobody in"
