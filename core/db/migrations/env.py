"""Alembic environment: runs migrations on the connection that `core.db.migrate` provides."""

from collections.abc import Mapping
from typing import Any

from alembic import context
from sqlalchemy import Connection, text

from core.db.schema import metadata
from core.db.similar_looks import TABLE

MIGRATION_LOCK_ID = 0x457661
"""Advisory lock: the web server and its workers may start, and migrate, at the same time."""


def is_own(name: str | None, kind: str, parents: Mapping[Any, str | None]) -> bool:
    """Whether Alembic reads an object; the tables of procrastinate and of `core.db.similar_looks` are left out.

    Args:
        name: its name, if it has one.
        kind: `table`, `column`, `index` or a constraint.
        parents: names of the schema and the table that it belongs to.
    """
    return not (kind == "table" and (name or "").startswith(("procrastinate_", TABLE)))


connection: Connection = context.config.attributes["connection"]
connection.execute(text("SELECT pg_advisory_xact_lock(:lock_id)"), {"lock_id": MIGRATION_LOCK_ID})
context.configure(connection=connection, target_metadata=metadata, include_name=is_own, compare_server_default=True)
context.run_migrations()
