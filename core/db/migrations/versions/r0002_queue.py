"""The tables and functions of the job queue, as of procrastinate 3.4; later versions have not changed them."""

from pathlib import Path

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

UP_TO = "03.04.00_50"
"""The last of procrastinate's own migrations that this revision includes. A later one needs a revision of its own."""

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
    """Run procrastinate's own migrations from the first one on, so that every database has the same result."""
    folder = Path(SchemaManager.get_migrations_path())
    for script in sorted(folder.glob("*.sql")):
        if script.name[: len(UP_TO)] <= UP_TO:
            _run_script(script.read_text("utf-8"))


def downgrade() -> None:
    """Drop the queue with all its jobs."""
    op.execute(DROP_QUEUE)


def _run_script(script: str) -> None:
    """Run many statements at once, which only the driver can do; SQLAlchemy has begun the transaction."""
    driver = op.get_bind().connection.dbapi_connection
    driver.run_async(lambda connection: connection.execute(script))  # type: ignore[union-attr]
