"""What an installation is: the secret key that its processes sign with, and its server as `eva doctor` finds it."""

import time
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db.migrate import check_revision
from core.errors import SchemaOutdatedError, SchemaTooNewError

SELECT_KEY = text("SELECT secret_fingerprint FROM installation")
RECORD_KEY = text("""
INSERT INTO installation (secret_fingerprint) VALUES (:fingerprint)
ON CONFLICT (id) DO UPDATE SET secret_fingerprint = excluded.secret_fingerprint
""")
MIN_VERSION = 14
"""The oldest major version of PostgreSQL that Eva supports; older ones get no fixes any more."""
SELECT_INFO = text("""
SELECT current_setting('server_version_num')::int AS number,
    split_part(current_setting('server_version'), ' ', 1) AS version,
    current_user AS role, current_schema() AS schema,
    coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS can_create,
    to_regclass('alembic_version') IS NOT NULL AS is_migrated
""")
SELECT_CLOCK = text("SELECT extract(epoch FROM clock_timestamp())::float8")
SELECT_FOREIGN_TABLES = text("""
SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = CAST(current_schema() AS regnamespace)
    AND relname = ANY (:names) AND NOT pg_has_role(relowner, 'USAGE') ORDER BY relname
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerInfo:
    """A server and its database as Eva finds them."""

    version: str
    """As the server states it, e.g. `18.4`."""
    is_supported: bool
    role: str
    is_current: bool
    """Whether this version of Eva runs on the schema."""
    may_migrate: bool
    """Whether the role may create tables, and owns those that exist."""
    clock_difference: timedelta
    """By how much the server's clock and that of this machine differ, less what the way there may take."""


async def get_secret_fingerprint(connection: AsyncConnection) -> str | None:
    """The fingerprint of the key with which the last process was started; None before the first start."""
    return (await connection.execute(SELECT_KEY)).scalar_one_or_none()


async def record_secret_fingerprint(connection: AsyncConnection, fingerprint: str) -> str | None:
    """Store the fingerprint of the key of a process that starts; the one stored before, if it is another."""
    former = await get_secret_fingerprint(connection)
    if former == fingerprint:
        return None
    await connection.execute(RECORD_KEY, {"fingerprint": fingerprint})
    return former


async def get_server_info(connection: AsyncConnection) -> ServerInfo:
    """Describe the server that a connection leads to; reads only what every role may read."""
    row = (await connection.execute(SELECT_INFO)).one()
    is_current, may_migrate = False, bool(row.can_create)
    if row.is_migrated:
        names = {"names": ["alembic_version", "people", "looks", "inbox", "procrastinate_jobs"]}
        may_migrate = may_migrate and (await connection.execute(SELECT_FOREIGN_TABLES, names)).first() is None
        is_current = may_migrate and await _is_current(connection)
    before = time.time()
    server_time = float((await connection.execute(SELECT_CLOCK)).scalar_one())
    difference = max(0.0, before - server_time, server_time - time.time())
    return ServerInfo(
        version=row.version,
        is_supported=row.number >= MIN_VERSION * 10_000,
        role=row.role,
        is_current=is_current,
        may_migrate=may_migrate,
        clock_difference=timedelta(seconds=difference),
    )


async def _is_current(connection: AsyncConnection) -> bool:
    try:
        await check_revision(connection)
    except (SchemaOutdatedError, SchemaTooNewError):
        return False
    return True
