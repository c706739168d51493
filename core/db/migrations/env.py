"""What Alembic runs: the migrations, on the connection that `core.db.migrate` hands over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic import context
from sqlalchemy import text

from core.db.tables import metadata

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.sql.schema import SchemaItem

ONE_AT_A_TIME = 0x457661
"""Number of the advisory lock: the web and its workers may start, and migrate, at the same moment."""


def ours(item: SchemaItem, name: str | None, kind: str, reflected: bool, compared: SchemaItem | None) -> bool:
    """The queue's tables are the queue's to compare."""
    return not (kind == "table" and (name or "").startswith("procrastinate_"))


connection: Connection = context.config.attributes["connection"]
connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": ONE_AT_A_TIME})
context.configure(connection=connection, target_metadata=metadata, include_object=ours, compare_server_default=True)
context.run_migrations()
