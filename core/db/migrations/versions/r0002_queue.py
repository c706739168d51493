"""The tables and functions of the job queue, as of procrastinate 3.4; later versions have not changed them.

procrastinate's own migrations lead to the same result, but not in one transaction: before version 17, PostgreSQL does
not let a transaction use a value that it has added to an enumeration.
"""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

UP_TO = "03.04.00_50"
"""The last of procrastinate's own migrations that the schema includes. A later one needs a revision of its own."""

DROP_QUEUE = """
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN SELECT tablename AS name FROM pg_tables
        WHERE schemaname = current_schema() AND tablename LIKE 'procrastinate\\_%'
    LOOP
        EXECUTE format('DROP TABLE %I CASCADE', found.name);
    END LOOP;
    FOR found IN SELECT oid::regprocedure AS name FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace AND proname LIKE 'procrastinate\\_%'
    LOOP
        EXECUTE format('DROP FUNCTION %s CASCADE', found.name);
    END LOOP;
    FOR found IN SELECT typname AS name FROM pg_type
        WHERE typnamespace = current_schema()::regnamespace AND typname LIKE 'procrastinate\\_%'
    LOOP
        EXECUTE format('DROP TYPE %I CASCADE', found.name);
    END LOOP;
END $$
"""


def upgrade() -> None:
    """Create the tables, types and functions."""
    script = Path(__file__).with_suffix(".sql").read_text("utf-8")
    # Many statements at once, which only the driver can do; SQLAlchemy has begun the transaction.
    driver = op.get_bind().connection.dbapi_connection
    driver.run_async(lambda connection: connection.execute(script))  # type: ignore[union-attr]


def downgrade() -> None:
    """Drop the queue with all its jobs."""
    op.execute(DROP_QUEUE)
