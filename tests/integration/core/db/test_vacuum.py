"""Deleted rows do not stay in the files of the database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, text

from core.db import inbox, look_feedback, people, reactions, schema
from core.db.database import Database
from core.db.embedded_postgres import EmbeddedPostgres
from core.db.migrate import migrate_up
from core.db.moderation import create_report
from core.db.schema import Channel, IdentityProvider
from core.db.vacuum import remove_deleted_rows
from core.i18n.translations import Language
from core.jobs.queue import conversation_lock_key, enqueue
from core.jobs.worker import JobQueue
from core.object_storage import ObjectStorage
from core.resources import Resources
from core.services.deletion import VACUUM_TASK, erase_person, register_tasks
from core.signing import LimitKeySigner, UrlSigner
from core.styles import Style
from tests.factories import create_look, create_person

NAME, SUBJECT, WORDS = "Zebulonquux", "subject-4815162342", "report line about somebody"


@asynccontextmanager
async def own_server(public: Path) -> AsyncIterator[tuple[Resources, Path]]:
    """A server without other users; its resources and the folder of its files."""
    with EmbeddedPostgres(public / "postgres") as server:
        async with Database(server.url) as database:
            await migrate_up(database)
            yield (
                Resources(
                    database=database,
                    storage=ObjectStorage((public / "images").as_uri()),
                    url_signer=UrlSigner(b"secret"),
                    limit_signer=LimitKeySigner(b"secret"),
                    private_photo_ttl=timedelta(hours=24),
                ),
                server.folder,
            )


async def add_person_with_everything(resources: Resources) -> tuple[people.Person, tuple[str, ...]]:
    """A person next to others, and everything by which their rows can be found in files."""
    async with resources.database.transaction() as connection:
        others = [await create_person(connection) for _ in range(3)]
        person = await people.get_or_create_by_identity(
            connection, IdentityProvider.TELEGRAM, SUBJECT, language=Language.KO
        )
        others.append(await create_person(connection))
        assert await people.update_display_name(connection, person.id, NAME)
        look = await create_look(connection, person.id, source_message_id="message-of-zebulon")
        await connection.execute(schema.looks.update().values(shared_at=text("now()")))
        for other in others:
            await create_look(connection, other.id)
            await create_report(connection, look.id, other.id, WORDS)
            await reactions.create_heart(connection, look.id, other.id)
        await look_feedback.record_correction(connection, look.id, Style.MODE)
        inbox_id = await inbox.insert(
            connection, Channel.TELEGRAM, "update", external_sender_id=SUBJECT, payload={"text": f"I am {NAME}"}
        )
        assert inbox_id is not None
        await inbox.record_checkpoint(connection, inbox_id, "verdict", data=["message-4815"])
        await enqueue(connection, "bot.answer", lock=conversation_lock_key(Channel.TELEGRAM, SUBJECT))
    async with resources.database.connection() as connection:
        # Statistics are samples of the values.
        await connection.execute(text("ANALYZE"))
        await connection.execute(text("CHECKPOINT"))
    assert look.photo_key is not None
    return person, (NAME, NAME.lower(), SUBJECT, WORDS, "message-of-zebulon", "message-4815", look.photo_key)


def find_in_files(folder: Path, words: tuple[str, ...]) -> dict[str, list[str]]:
    """The files that contain each word, and the words in any file."""
    found: dict[str, list[str]] = {}
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            for word in words:
                if word.encode() in content:
                    found.setdefault(word, []).append(str(path.relative_to(folder)))
    return found


async def test_an_erased_person_is_in_no_file_of_the_database(public: Path) -> None:
    async with own_server(public) as (resources, folder):
        person, words = await add_person_with_everything(resources)
        assert {NAME, SUBJECT, WORDS, "message-of-zebulon"} <= set(find_in_files(folder, words))
        assert await erase_person(resources, person.id)
        async with JobQueue(resources.database.conninfo, register_tasks) as queue:
            async with asyncio.timeout(60):
                while VACUUM_TASK in await waiting_tasks(resources):
                    await queue.run_worker({"resources": resources}, until_empty=True)
                    await asyncio.sleep(0.2)
        assert find_in_files(folder, words) == {}


async def waiting_tasks(resources: Resources) -> list[str]:
    async with resources.database.connection() as connection:
        return list((await connection.execute(text("SELECT task_name FROM procrastinate_jobs"))).scalars())


async def test_erasures_in_quick_succession_share_a_vacuum(resources: Resources) -> None:
    async with resources.database.transaction() as connection:
        gone = [await create_person(connection) for _ in range(3)]
    for person in gone:
        assert await erase_person(resources, person.id)
    assert await waiting_tasks(resources) == [VACUUM_TASK]


async def test_a_table_in_use_is_vacuumed_and_not_waited_for(resources: Resources) -> None:
    async with resources.database.transaction() as reader:
        await reader.execute(select(schema.people))
        async with resources.database.transaction() as connection:
            await create_person(connection)
        async with asyncio.timeout(30):
            await remove_deleted_rows(resources.database)
        assert await count_vacuums(resources.database) == 1


async def test_vacuum_goes_past_pgbouncer(database: Database) -> None:
    """Whose other clients would get the lock timeout, while a rewrite of a table would wait without one."""
    pooled_url = "postgresql://127.0.0.1:1/nowhere?prepared_statement_cache_size=0"
    async with Database(pooled_url, queue_url=database.conninfo) as behind_pgbouncer:
        await remove_deleted_rows(behind_pgbouncer, max_rewritten_bytes=0)
    assert await count_vacuums(database) == 1


async def count_vacuums(database: Database) -> int:
    """How often the table of people was vacuumed without being rewritten."""
    query = "SELECT sum(vacuum_count) FROM pg_stat_user_tables WHERE relname = 'people'"
    async with database.connection() as connection:
        await connection.execute(text("SELECT pg_stat_force_next_flush()"))
        return int((await connection.execute(text(query))).scalar_one())


async def test_large_tables_are_vacuumed_once_in_an_interval(resources: Resources) -> None:
    async with resources.database.transaction() as connection:
        await create_person(connection)
    for interval, expected in ((timedelta(hours=1), 1), (timedelta(hours=1), 1), (timedelta(0), 2)):
        await remove_deleted_rows(resources.database, interval=interval, max_rewritten_bytes=0)
        assert await count_vacuums(resources.database) == expected


CHOICES = {
    *("people.language", "identities.provider", "inbox.channel", "job_checkpoints.name", "moderation_log.action"),
    *(
        "person_style_counts.style",
        "look_guesses.style",
        "looks.channel",
        "looks.style",
        "looks.band",
        "looks.region_height",
    ),
    *("looks.region_side", "looks.model", "looks.engine", "looks.language", "looks.guessed_style"),
    *("looks.corrected_style", "looks.pending_question", "looks.refusal", "installation.secret_fingerprint"),
}
"""Columns of text with values that Eva chose."""


async def test_statistics_hold_nothing_that_people_wrote(database: Database) -> None:
    """Planner statistics contain samples of the values, which would outlive the rows."""
    query = """
        SELECT attrelid::regclass || '.' || attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname = ANY (:tables)
            AND attnum > 0 AND NOT attisdropped AND coalesce(attstattarget, -1) <> 0
            AND atttypid IN ('text'::regtype, 'jsonb'::regtype)
    """
    async with database.connection() as connection:
        found = await connection.execute(text(query), {"tables": list(schema.metadata.tables)})
        assert set(found.scalars()) == CHOICES, "a new column belongs to CHOICES, or to TEXT_OF_PEOPLE of revision 0001"
