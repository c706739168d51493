"""Removal of deleted rows from the files of the database.

A deleted row stays readable in the files until PostgreSQL's vacuum reuses its space, which may take months in a small
table. After an erasure, small tables are rewritten, which leaves nothing of deleted rows in their files or indexes;
large ones are vacuumed. The write-ahead log, which also contained the rows, is cut off where Eva has the right to do
so, which is in the embedded server; other servers end it with their own settings and backups.
"""

from datetime import timedelta

import asyncpg
import structlog

from core.db.database import Database
from core.db.errors import outage_as_error

log = structlog.get_logger()

MAX_REWRITTEN_BYTES = 16 * 2**20
"""Size of a table with its indexes up to which it is rewritten. That locks it, for less than half a second."""
LOCK_TIMEOUT_MS = 500
"""How long a rewrite waits for its lock; others wait behind it. Then the table is vacuumed without a lock."""

SELECT_TABLES = """
SELECT quote_ident(class.relname) AS name, pg_total_relation_size(class.oid) AS bytes,
    greatest(stats.last_vacuum, stats.last_autovacuum) > now() - CAST($1 AS interval) AS is_recent
FROM pg_class AS class LEFT JOIN pg_stat_user_tables AS stats ON stats.relid = class.oid
WHERE class.relkind = 'r' AND class.relnamespace = CAST(current_schema() AS regnamespace)
    AND pg_get_userbyid(class.relowner) = current_user
ORDER BY class.relname NOT IN ('people', 'reports', 'looks', 'inbox'), class.relname
"""
MAY_CUT_LOG = """
SELECT has_function_privilege('pg_switch_wal()', 'EXECUTE') AND EXISTS (
    SELECT FROM pg_roles WHERE rolname = 'pg_checkpoint' AND pg_has_role(oid, 'USAGE')
) AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
"""
"""A superuser may do it, too, but of a server with other databases."""


async def remove_deleted_rows(
    database: Database,
    *,
    interval: timedelta = timedelta(0),
    max_rewritten_bytes: int = MAX_REWRITTEN_BYTES,
) -> None:
    """Rewrite or vacuum all tables of Eva's role.

    Rows that a transaction may still see stay, for the next time.

    Args:
        database: the connection goes past PgBouncer, whose other clients would get settings of this session.
        interval: large tables that were vacuumed in this time are left out.
        max_rewritten_bytes: size of a table with its indexes up to which it is rewritten.

    Raises:
        DatabaseUnavailableError: the database does not answer.
    """
    with outage_as_error():
        connection = await asyncpg.connect(**database.direct_url.asyncpg("eva vacuum"))
        try:
            for table in await connection.fetch(SELECT_TABLES, interval):
                if table["bytes"] <= max_rewritten_bytes:
                    await _rewrite(connection, table["name"])
                elif not table["is_recent"]:
                    await _vacuum(connection, table["name"])
            if await connection.fetchval(MAY_CUT_LOG):
                # The old segments are deleted by the checkpoint, since `wal_recycle` is off.
                await connection.execute("SELECT pg_switch_wal()")
                await connection.execute("CHECKPOINT")
        finally:
            await connection.close()


async def _rewrite(connection: asyncpg.Connection, table: str) -> None:
    await connection.execute(f"SET lock_timeout = {LOCK_TIMEOUT_MS}")
    try:
        await connection.execute(f"VACUUM (FULL) {table}")
    except asyncpg.LockNotAvailableError:
        log.info("table_not_rewritten", table=table)
        await _vacuum(connection, table)


async def _vacuum(connection: asyncpg.Connection, table: str) -> None:
    """Vacuum a table without locking it; the index entries of the few deleted rows as well."""
    await connection.execute("SET lock_timeout = 0")
    await connection.execute(f"VACUUM (INDEX_CLEANUP ON) {table}")
