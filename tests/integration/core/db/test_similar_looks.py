"""Similar looks: the vectors, who is left out, and databases without pgvector."""

from dataclasses import replace
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from structlog.testing import capture_logs

from core.db import looks, people, relations, similar_looks
from core.db.account_merge import merge_people
from core.db.database import Database
from core.db.index_builds import connect_for_builds
from core.db.migrate import find_schema_difference, migrate_up
from core.db.similar_looks import find_similar
from tests.factories import classify_scripted, create_look, create_person

VECTORS = text("SELECT look_id, person_id FROM look_vectors ORDER BY look_id")


def embedding(angle: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """A vector of length 1 at this angle, in degrees, to that of 0."""
    vector = np.zeros(128, np.float32)
    vector[[3, 90]] = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    return vector


async def create_like(
    connection: AsyncConnection, person_id: UUID, angle: float, *, shared: bool = True, model: str | None = None
) -> UUID:
    """A look of a person with the embedding of this angle, from the scripted model or another one."""
    verdict = replace(classify_scripted(), embedding=embedding(angle))
    if model is not None:
        verdict = replace(verdict, model=model)
    look = await create_look(connection, person_id, verdict=verdict)
    assert not shared or await looks.share(connection, look.id)
    return look.id


async def found(connection: AsyncConnection, look_id: UUID, limit: int = 10, viewer: UUID | None = None) -> list[UUID]:
    return [each.look.id for each in await find_similar(connection, look_id, limit=limit, viewer_id=viewer)]


async def vectors(connection: AsyncConnection) -> dict[UUID, UUID]:
    return {row.look_id: row.person_id for row in await connection.execute(VECTORS)}


async def test_similar_looks_are_public_near_and_of_others(database: Database) -> None:
    async with database.transaction() as connection:
        owner, viewer, other, third = [(await create_person(connection)).id for _ in range(4)]
        look = await create_like(connection, owner, 0, shared=False)
        await create_like(connection, owner, 1)
        await create_like(connection, viewer, 2)
        await create_like(connection, other, 3, shared=False)
        far, near, nearest = [await create_like(connection, other, angle) for angle in (50, -20, 5)]
        of_third = await create_like(connection, third, 10)
        await create_like(connection, other, 80)

        assert await found(connection, look, viewer=viewer) == [nearest, of_third, near, far]
        assert await found(connection, look, 2, viewer) == [nearest, of_third]
        assert len(await found(connection, look)) == 5, "the viewer's look, too, for others"
        await looks.unshare(connection, nearest)
        assert await found(connection, look, viewer=viewer) == [of_third, near, far]
        await relations.create_block(connection, third, viewer)
        assert await found(connection, look, viewer=viewer) == [near, far]
        assert await found(connection, look, 1, viewer) == [near], "looks that the viewer does not see take no places"


async def test_looks_are_compared_within_one_model(database: Database) -> None:
    async with database.transaction() as connection:
        owner, other = [(await create_person(connection)).id for _ in range(2)]
        look, newer = await create_like(connection, owner, 0), await create_like(connection, owner, 0, model="next")
        of_newer = [await create_like(connection, other, angle, model="next") for angle in (1, 2)]
        same = await create_like(connection, other, 30)
        assert await found(connection, look, 1) == [same], "nearer looks of another model take no places"
        assert await found(connection, newer) == of_newer


async def test_vectors_follow_their_looks(database: Database) -> None:
    async with database.transaction() as connection:
        one, two = [(await create_person(connection)).id for _ in range(2)]
        kept, suspended, deleted = [await create_like(connection, one, angle) for angle in (0, 10, 20)]
        without = await create_look(connection, one)
        assert await looks.share(connection, without.id)
        assert await vectors(connection) == dict.fromkeys((kept, suspended, deleted), one)
        assert await found(connection, without.id) == []
        await connection.execute(text("UPDATE looks SET suspended_at = now() WHERE id = :id"), {"id": suspended})
        await looks.delete(connection, deleted)
        assert await vectors(connection) == {kept: one}
        await connection.execute(text("UPDATE looks SET suspended_at = NULL WHERE id = :id"), {"id": suspended})
        assert await merge_people(connection, source=one, target=two)
        assert await vectors(connection) == dict.fromkeys((kept, suspended), two)
        await people.delete_person(connection, two)
        assert await vectors(connection) == {}


async def test_a_stored_embedding_keeps_its_direction(database: Database) -> None:
    vector = np.random.default_rng(7).normal(size=128).astype(np.float32)
    vector /= np.linalg.norm(vector)
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        look = await create_look(connection, person, verdict=replace(classify_scripted(), embedding=vector))
        query = text("SELECT to_vector_values(embedding) FROM looks WHERE id = :id")
        values = np.array((await connection.execute(query, {"id": look.id})).scalar_one(), np.float32)
    assert vector @ values / np.linalg.norm(values) > 0.9999
    assert np.abs(values).max() == 127


async def test_many_looks_of_hidden_people_do_not_crowd_out_the_others(database: Database) -> None:
    """The index returns its nearest first; the search goes on until it has enough that may be shown."""
    async with database.transaction() as connection:
        owner, other = [(await create_person(connection)).id for _ in range(2)]
        look = await create_like(connection, owner, 0)
        expected = await create_like(connection, other, 40)
        await connection.execute(text("SET LOCAL enable_seqscan = off"))
        await connection.execute(text("SET LOCAL enable_bitmapscan = off"))
        await connection.execute(text("ALTER TABLE look_vectors DROP CONSTRAINT look_vectors_look_id_fkey"))
        insert = text(
            "INSERT INTO look_vectors (look_id, person_id, model, embedding) "
            "SELECT gen_random_uuid(), :owner, model, CAST(:vector AS halfvec(128)) FROM looks WHERE id = :look"
        )
        noise = np.random.default_rng(3).normal(scale=0.02, size=(600, 128))
        near = [{"owner": owner, "look": look, "vector": str((embedding(0) + each).tolist())} for each in noise]
        await connection.execute(insert, near)
        assert await found(connection, look) == [expected]


async def test_a_database_without_pgvector_works_and_finds_nothing(empty_url: str) -> None:
    """Eva's role may not create the extension here, as on most servers."""
    async with Database(empty_url) as database:
        await migrate_up(database)
        assert await find_schema_difference(database) is None
        async with database.transaction() as connection:
            state = await similar_looks.get_state(connection)
            assert (state.is_set_up, state.installed, state.is_new_enough) == (False, None, True)
            one, two = [(await create_person(connection)).id for _ in range(2)]
            look, similar = await create_like(connection, one, 0), await create_like(connection, two, 1)
            assert await found(connection, look) == []
        async with Database(empty_url.replace("//eva@", "//postgres@")) as admin, admin.connection() as connection:
            await connection.execute(text("CREATE EXTENSION vector"))
        await migrate_up(database)
        assert await find_schema_difference(database) is None
        async with database.connection() as connection:
            assert (await similar_looks.get_state(connection)).is_set_up
            assert await found(connection, look) == [similar], "looks from before are found, too"


async def test_vectors_whose_filling_was_interrupted_are_completed(url: str) -> None:
    async with Database(url) as database:
        async with database.transaction() as connection:
            person = (await create_person(connection)).id
            shared = [await create_like(connection, person, angle) for angle in range(4)]
            await create_like(connection, person, 9, shared=False)
            await connection.execute(text(f"DROP INDEX {similar_looks.INDEX.name}"))
            await connection.execute(text("DELETE FROM look_vectors WHERE look_id <> :first"), {"first": shared[0]})
        async with connect_for_builds(database) as connection:
            await similar_looks.complete(connection, batch_size=2)
        async with database.connection() as connection:
            assert await vectors(connection) == dict.fromkeys(shared, person)
            assert await similar_looks.has_index(connection)


FAIL = """
CREATE FUNCTION fail() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE SQLSTATE '{sqlstate}'; END $$;
CREATE EVENT TRIGGER fail ON ddl_command_start WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION fail()
"""


@pytest.mark.parametrize("sqlstate", ["53100", "57014"])
async def test_a_migration_succeeds_although_the_vectors_get_no_index(url: str, sqlstate: str) -> None:
    """For lack of disk, or by a limit of time that PgBouncer's connections have."""
    async with Database(url) as database, Database(url.replace("//eva@", "//postgres@")) as admin:
        async with database.connection() as connection, admin.connection() as other:
            await connection.execute(text(f"DROP INDEX {similar_looks.INDEX.name}"))
            for statement in FAIL.format(sqlstate=sqlstate).split("$$;"):
                await other.execute(text(statement if "EVENT TRIGGER" in statement else f"{statement}$$"))
        with capture_logs() as logs:
            await migrate_up(database)
        assert {"event": "vector_index_not_built", "sqlstate": sqlstate, "log_level": "warning"} in logs
        async with database.connection() as connection, admin.connection() as other:
            assert not (await similar_looks.get_state(connection)).is_complete
            await other.execute(text("DROP EVENT TRIGGER fail"))
        await migrate_up(database)
        async with database.connection() as connection:
            assert (await similar_looks.get_state(connection)).is_complete


@pytest.mark.parametrize(
    ("installed", "offered", "expected"),
    [("0.8.5", "0.8.5", True), ("0.7.4", "0.8.5", False), (None, "0.10.0", True), (None, "0.4.4", False)],
)
def test_old_versions_of_pgvector_are_not_used(installed: str | None, offered: str, *, expected: bool) -> None:
    state = similar_looks.VectorSearchState(
        is_set_up=False, installed=installed, is_created=installed is not None, offered=offered, is_complete=False
    )
    assert state.is_new_enough is expected
