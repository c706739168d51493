"""Indexes over large tables, which are built outside of the transaction of a migration.

`CREATE INDEX CONCURRENTLY` holds up neither readers nor writers, but no transaction can contain it. A migration names
the indexes in `index_builds` that it needs; they are built before it begins. The one of the vectors follows the last.

See ADR 0025.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db.database import Database

POLL_SECONDS = 0.5

TRY_LOCK = text("SELECT pg_try_advisory_lock(4552290)")
"""One process builds. Those that wait ask again, since a build waits for every statement that runs."""
REMOVE_LIMITS = text("SELECT set_config('statement_timeout', '0', false), set_config('lock_timeout', '0', false)")
SELECT_STATE = text("""
SELECT to_regclass(:table) IS NOT NULL AS has_table, pg_relation_size(to_regclass(:table)) > 0 AS has_rows,
    (SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)) AS is_valid
""")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexBuild:
    """An index of a table that may be large."""

    name: str
    table: str
    definition: str
    """What follows the name of the table in `CREATE INDEX`."""


@asynccontextmanager
async def connect_for_builds(database: Database) -> AsyncIterator[AsyncConnection]:
    """A connection that may build, for as long as that takes. Other processes wait meanwhile, except behind PgBouncer,
    where a connection can hold no lock from one statement to the next.

    Raises:
        DatabaseUnavailableError: the server cannot serve now.
    """
    async with database.connection() as connection:
        if database.url.is_for_pgbouncer:
            yield connection
            return
        try:
            await connection.execute(REMOVE_LIMITS)
            while not (await connection.execute(TRY_LOCK)).scalar_one():  # noqa: ASYNC110
                await asyncio.sleep(POLL_SECONDS)
            yield connection
        finally:
            # The server takes the lock back with the connection.
            await connection.invalidate()


async def create_indexes(connection: AsyncConnection, indexes: Iterable[IndexBuild]) -> None:
    """Build the indexes whose table exists, unless they are complete.

    Args:
        connection: of `connect_for_builds`.
        indexes: the indexes.
    """
    for index in indexes:
        state = (await connection.execute(SELECT_STATE, {"table": index.table, "name": index.name})).one()
        if not state.has_table or state.is_valid:
            continue
        if state.has_rows:
            log.info("index_build_started", index=index.name)
        # What an interrupted build has left is updated by every write, and used by no query.
        await connection.execute(text(f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}"))
        await connection.execute(text(f"CREATE INDEX CONCURRENTLY {index.name} ON {index.table} {index.definition}"))
