"""Alembic environment: runs migrations on the connection that `core.db.migrate` provides."""

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.sql.schema import SchemaItem

from core.db.schema import metadata

MIGRATION_LOCK_ID = 0x457661
"""Advisory lock: the web server and its workers may start, and migrate, at the same time."""


def is_own_table(item: SchemaItem, name: str | None, kind: str, reflected: bool, compared: SchemaItem | None) -> bool:
    """Whether Alembic compares an object; the tables of procrastinate are left out.

    Args:
        item: the object.
        name: its name, if it has one.
        kind: `table`, `column`, `index` or a constraint.
        reflected: whether it was read from the database.
        compared: its counterpart on the other side, if there is one.
    """
    return not (kind == "table" and (name or "").startswith("procrastinate_"))


connection: Connection = context.config.attributes["connection"]
connection.execute(text("SELECT pg_advisory_xact_lock(:lock_id)"), {"lock_id": MIGRATION_LOCK_ID})
context.configure(
    connection=connection, target_metadata=metadata, include_object=is_own_table, compare_server_default=True
)
context.run_migrations()
