"""Indexes over large tables, which are built outside of the transaction of a migration.

`CREATE INDEX CONCURRENTLY` holds up neither readers nor writers, but no transaction can contain it. A migration names
the indexes in `index_builds` that it needs; they are built before it begins. The one of the vectors follows the last.

See ADR 0025.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
import structlog

from core.db.database import Database
from core.db.errors import is_outage
from core.errors import DatabaseUnavailableError

BUILD_LOCK_ID = 0x457662
"""Advisory lock: one process builds. Those that wait ask again, since a build waits for every statement that runs."""
POLL_SECONDS = 0.5

SELECT_STATE = """
SELECT to_regclass($1) IS NOT NULL AS has_table, pg_relation_size(to_regclass($1)) > 0 AS has_rows,
    (SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($2)) AS is_valid
"""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexBuild:
    """An index of a table that may be large."""

    name: str
    table: str
    definition: str
    """What follows the name of the table in `CREATE INDEX`."""


@asynccontextmanager
async def exclusive_session(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """A connection that holds the lock for builds; nothing limits how long its statements take.

    Raises:
        DatabaseUnavailableError: the server cannot serve now.
    """
    try:
        connection = await asyncpg.connect(**database.direct_url.asyncpg("eva migrate"))
    except (OSError, asyncpg.PostgresError) as error:
        if isinstance(error, OSError) or is_outage(error):
            raise DatabaseUnavailableError(type(error).__name__) from error
        raise
    try:
        await connection.execute("SET statement_timeout = 0; SET lock_timeout = 0")
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", BUILD_LOCK_ID):  # noqa: ASYNC110
            await asyncio.sleep(POLL_SECONDS)
        yield connection
    finally:
        await connection.close()


async def create_indexes(connection: asyncpg.Connection, indexes: Iterable[IndexBuild]) -> None:
    """Build the indexes whose table exists, unless they are complete.

    Args:
        connection: from `exclusive_session`.
        indexes: the indexes.
    """
    for index in indexes:
        state = await connection.fetchrow(SELECT_STATE, index.table, index.name)
        if not state["has_table"] or state["is_valid"]:
            continue
        if state["has_rows"]:
            log.info("index_build_started", index=index.name)
        # What an interrupted build has left is updated by every write, and used by no query.
        await connection.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}")
        await connection.execute(f"CREATE INDEX CONCURRENTLY {index.name} ON {index.table} {index.definition}")
