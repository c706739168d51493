import asyncio
import secrets
import traceback
from functools import partial

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from uuid_utils.compat import uuid7

from core.db import looks, people, schema
from core.db.database import Database
from core.db.identities import (
    create_identity,
    delete_identities,
    delete_identity,
    get_identity,
    list_identities,
    mark_blocked,
    mark_unblocked,
)
from core.db.schema import IdentityProvider, PendingQuestion
from core.i18n.translations import Language
from tests.factories import create_look, create_person


async def test_one_identity_has_one_person(database: Database) -> None:
    async with database.transaction() as connection:
        first = await people.get_or_create_by_identity(connection, IdentityProvider.TELEGRAM, "7", language=Language.KO)
        again = await people.get_or_create_by_identity(connection, IdentityProvider.TELEGRAM, "7", language=Language.EN)
        other = await people.get_or_create_by_identity(connection, IdentityProvider.KAKAO, "7", language=Language.KO)
    assert again == first
    assert (first.language, first.name, first.consented_at) == ("ko", None, None)
    assert other.id != first.id


async def test_concurrent_creation_results_in_one_person(database: Database) -> None:
    async def get_or_create() -> people.Person:
        async with database.transaction() as connection:
            return await people.get_or_create_by_identity(
                connection, IdentityProvider.TELEGRAM, "7", language=Language.KO
            )

    created = await asyncio.gather(*(get_or_create() for _ in range(8)))
    assert len({person.id for person in created}) == 1
    async with database.transaction() as connection:
        assert (await connection.execute(select(func.count()).select_from(schema.people))).scalar_one() == 1


async def test_an_identity_is_added_to_one_person(database: Database) -> None:
    async with database.transaction() as connection:
        mina = await people.get_or_create_by_identity(connection, IdentityProvider.TELEGRAM, "7", language=Language.KO)
        jun = await people.get_or_create_by_identity(connection, IdentityProvider.TELEGRAM, "8", language=Language.KO)
        assert await create_identity(connection, mina.id, IdentityProvider.FACEBOOK, "m")
        assert await create_identity(connection, mina.id, IdentityProvider.FACEBOOK, "m")
        assert not await create_identity(connection, jun.id, IdentityProvider.FACEBOOK, "m")
        assert {identity.subject for identity in await list_identities(connection, mina.id)} == {"7", "m"}
        assert (
            await people.get_or_create_by_identity(connection, IdentityProvider.FACEBOOK, "m", language=Language.EN)
        ).id == mina.id


async def test_name_language_and_consent_are_stored(database: Database) -> None:
    async with database.transaction() as connection:
        person = await people.get_or_create_by_identity(connection, IdentityProvider.KAKAO, "7", language=Language.KO)
        await people.update_display_name(connection, person.id, "구름")
        await people.update_language(connection, person.id, Language.EN)
        await people.record_consent(connection, person.id, is_given=True)
        stored = await people.get(connection, person.id)
        assert stored is not None
        assert (stored.name, stored.language) == ("구름", "en")
        assert stored.consented_at is not None
        await people.record_consent(connection, person.id, is_given=False)
        stored = await people.get(connection, person.id)
        assert stored is not None
        assert stored.consented_at is None
        assert await people.get(connection, uuid7()) is None


async def test_a_display_name_is_unique_among_confusable_names(database: Database) -> None:
    async with database.transaction() as connection:
        mina, jun = [
            await people.get_or_create_by_identity(connection, IdentityProvider.KAKAO, subject, language=Language.KO)
            for subject in "78"
        ]
        assert await people.update_display_name(connection, mina.id, "Mina K")
        assert not await people.update_display_name(connection, jun.id, "m1nаk")
        assert await people.update_display_name(connection, mina.id, "MINA K"), "it is her own name"
        for name in ("MINA K", "minak", "М1na k"):
            owner = await people.get_by_display_name(connection, name)
            assert owner is not None
            assert (owner.id, owner.name) == (mina.id, "MINA K")
        assert await people.get_by_display_name(connection, "Jun") is None
        assert await people.update_display_name(connection, mina.id, "Kim")
        assert await people.update_display_name(connection, jun.id, "Mina K")


@pytest.mark.parametrize("name", ["", "x" * 41])
async def test_display_names_have_a_length_limit(database: Database, name: str) -> None:
    with pytest.raises(IntegrityError):
        async with database.transaction() as connection:
            person = await people.get_or_create_by_identity(
                connection, IdentityProvider.KAKAO, "7", language=Language.KO
            )
            await people.update_display_name(connection, person.id, name)


async def test_database_errors_contain_no_personal_data(database: Database) -> None:
    word = secrets.token_hex(8)
    for statement in (
        "INSERT INTO people (id, name, language) VALUES (gen_random_uuid(), :word, 'Korean')",
        "INSERT INTO identities (provider, subject, person_id) VALUES ('web', :word, gen_random_uuid())",
        "INSERT INTO inbox (channel, external_id) VALUES ('web', :word), ('web', :word)",
    ):
        with pytest.raises(IntegrityError) as caught:
            async with database.transaction() as connection:
                await connection.execute(text(statement), {"word": word})
        assert word not in "".join(traceback.format_exception(caught.value))


async def test_a_blocked_identity_is_marked_until_it_is_unblocked(database: Database) -> None:
    async def is_reachable() -> bool:
        identity = await get_identity(connection, IdentityProvider.TELEGRAM, "7")
        assert identity is not None
        reachable = await people.get_if_reachable(connection, IdentityProvider.TELEGRAM, "7")
        assert (reachable is None) is (identity.blocked_at is not None)
        return identity.blocked_at is None

    async with database.transaction() as connection:
        await people.get_or_create_by_identity(connection, IdentityProvider.TELEGRAM, "7", language=Language.KO)
        assert await is_reachable()
        await mark_blocked(connection, IdentityProvider.TELEGRAM, "7")
        assert not await is_reachable()
        await mark_unblocked(connection, IdentityProvider.TELEGRAM, "7")
        assert await is_reachable()


async def test_what_is_written_for_one_person_changes_no_other(database: Database) -> None:
    telegram, kakao = IdentityProvider.TELEGRAM, IdentityProvider.KAKAO
    async with database.transaction() as connection:
        mina, jun = [await create_person(connection, telegram) for _ in range(2)]
        for person in (mina, jun):
            await people.update_guesses_first(connection, person.id, is_enabled=True)
            look = await create_look(connection, person.id)
            assert look.pending_question is PendingQuestion.GUESS
            assert await create_identity(connection, person.id, kakao, f"kakao {person.id}")
            await people.record_name_question(connection, person.id, look.id, chat="web", proposed_name="Mina")
        await people.record_consent(connection, jun.id, is_given=True)
        await mark_blocked(connection, kakao, f"kakao {jun.id}")
        identities = await list_identities(connection, jun.id)
        assert {identity.provider for identity in identities if identity.blocked_at is not None} == {kakao}

        async def read_jun() -> object:
            return (
                await people.get(connection, jun.id),
                await list_identities(connection, jun.id),
                [look.pending_question for look in await looks.list_for_person(connection, jun.id, limit=9)],
            )

        own_look = (await looks.list_for_person(connection, mina.id, limit=1))[0]
        (subject,) = [
            found.subject for found in await list_identities(connection, mina.id) if found.provider is telegram
        ]
        before = await read_jun()
        for write in (
            partial(people.update_display_name, connection, mina.id, "Mina"),
            partial(people.update_language, connection, mina.id, Language.EN),
            partial(people.record_consent, connection, mina.id, is_given=True),
            partial(people.record_consent, connection, mina.id, is_given=False),
            partial(people.mark_learning_asked, connection, mina.id),
            partial(people.record_learning_consent, connection, mina.id, is_given=True),
            partial(people.update_guesses_first, connection, mina.id, is_enabled=False),
            partial(people.record_name_question, connection, mina.id, own_look.id, chat="telegram"),
            partial(people.delete_name_question, connection, mina.id),
            partial(people.delete_expired_name_questions, connection),
            partial(mark_blocked, connection, telegram, subject),
            partial(mark_unblocked, connection, telegram, subject),
            partial(delete_identities, connection, mina.id, [kakao]),
            partial(delete_identity, connection, telegram, subject),
            partial(people.delete_person, connection, mina.id),
        ):
            assert await write() is not False
            assert await read_jun() == before, write
        assert await people.get(connection, mina.id) is None
